"""What `reid train-detector` says of input that it cannot use: one sentence, before anything runs."""

import shutil
import sys
from pathlib import Path

import pytest
import torch
import yaml

from pipelines.cli.main import main
from reid.detection.state import save_state
from reid.detection.training import PersonModel
from tests.detection.rendered import people

SMALL = (
    *("--image-size", "160", "--window", "128", "--batch", "4", "--no-freeze"),
    *("--device", "cpu", "--threads", "1"),
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return people(tmp_path_factory.mktemp("people"))


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["train-detector", *words]) == 2
    return capsys.readouterr().err.strip().splitlines()[-1]


def test_bad_settings_are_one_sentence(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(dataset), "--output", str(tmp_path / "out")]
    assert refused([], capsys) == (
        "reid: no data set given: name its YAML file, as in reid train-detector people/dataset.yaml"
    )
    assert refused(given, capsys) == (
        "reid: freeze keeps the early layers as --start-from has them, and nothing is given to start from; name "
        "weights, or train all layers with --no-freeze"
    )
    said = refused([*given, "--start-from", "none.pth"], capsys)
    assert said.startswith("reid: none.pth: no such file; weights to start from are EfficientNet-Lite0's")
    assert refused([*given, "--device", "gpu", *SMALL[:-4]], capsys) == (
        "reid: device is 'gpu'; choose auto, cpu or cuda:0"
    )
    said = refused([*given, *SMALL, "--window", "352"], capsys)
    assert said.endswith("window (352) must be at most twice image_size (160), the side of a mosaic")
    assert "a multiple of 32" in refused([*given, "--window", "100"], capsys)


def test_weights_of_another_network_are_refused(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.pth"
    given = [str(dataset), "--output", str(tmp_path / "out"), "--start-from", str(wrong), *SMALL]
    wrong.write_bytes(b"nonsense")
    assert "damaged, or could run code when loaded" in refused(given, capsys)
    torch.save({"fc.weight": torch.zeros(2)}, wrong)
    assert f"{wrong}: is not a detector of reid train-detector: it lacks model.0." in refused(given, capsys)
    torch.save({"_conv_stem.weight": torch.zeros(2)}, wrong)
    assert refused(given, capsys).endswith(
        "is not EfficientNet-Lite0: _conv_stem.weight is of shape [2], must be [32, 3, 3, 3]"
    )


def test_output_folders_of_others_are_refused(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    output.mkdir()
    (output / "thesis.txt").touch()
    said = refused([str(dataset), "--output", str(output), *SMALL, "--overwrite"], capsys)
    assert (
        "holds files that reid train-detector did not write ('thesis.txt'); name a new or empty folder"
        in said
    )
    start = tmp_path / "start" / "detector.pth"
    save_state(start, PersonModel().state_dict(), image_size=96, epochs=1)
    said = refused([str(dataset), "--output", str(start.parent), *SMALL, "--start-from", str(start)], capsys)
    assert "which is written to; name another --output" in said


def test_nncf_is_asked_for_before_hours_are_spent(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nncf", None)
    said = refused([str(dataset), "--output", str(tmp_path / "out"), *SMALL, "--quantise"], capsys)
    assert "python -m pip install 'reidentify[quantise]'" in said


def copied(dataset: Path, folder: Path) -> Path:
    shutil.copytree(dataset.parent, folder)
    return folder / "dataset.yaml"


def changed(file: Path, **keys: object) -> None:
    content = yaml.safe_load(file.read_text(encoding="utf-8")) | keys
    file.write_text(yaml.safe_dump({key: value for key, value in content.items() if value is not None}))


BAD_DATA = [
    (
        {"names": {0: "person", 1: "dog"}},
        "names is {'0': 'person', '1': 'dog'}; must be one class, such as {0: person}",
    ),
    ({"names": None}, "names is missing; must be one class, such as {0: person}"),
    ({"val": None}, "val is missing; must be a folder of images, or a text file that lists them"),
    (
        {"train": {"a": 3}},
        "train is {'a': '3'}; must be a folder of images, or a text file that lists them",
    ),
    ({"train": "none.txt"}, "none.txt is neither a folder nor a file"),
    ({"path": "none"}, "path is 'none'; "),
    ({"train": "labels"}, "train is 'labels'; none of its 0 images is there"),
]


@pytest.mark.parametrize(("keys", "why"), BAD_DATA, ids=lambda value: str(value)[:20])
def test_a_bad_data_set_is_one_sentence(
    keys: dict[str, object], why: str, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = copied(dataset, tmp_path / "people")
    changed(file, **keys)
    said = refused([str(file), "--output", str(tmp_path / "out"), *SMALL], capsys)
    assert said.startswith(f"reid: {file}: ")
    assert why in said


def test_bad_labels_are_named_with_their_line(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = copied(dataset, tmp_path / "people")
    given = [str(file), "--output", str(tmp_path / "out"), *SMALL]
    label = file.parent / "labels" / "cam1_030.txt"
    label.write_text("0 0.5 0.5 0.1 0.1\n1 0.5 0.5 0.1 0.1\n")
    assert refused(given, capsys) == f"reid: {label}: line 2 is of class 1; the only class, person, is 0"
    label.write_text("0 320 180 20 60\n")
    assert refused(given, capsys).startswith(
        f"reid: {label}: line 1 is '0 320 180 20 60'; must be 0, then x, y, width and height of a box as shares"
    )
    for one in label.parent.iterdir():
        one.write_text("")
    said = refused(given, capsys)
    assert "train is 'train.txt'; none of its 9 images has a box of a person, which would stand in" in said
    assert refused([str(file.parent), *given[1:]], capsys).endswith(
        "is a folder; expected the YAML file of a data set"
    )
    file.write_text("names: [")
    assert f"{file}: line 1, column 9: is not valid YAML" in refused(given, capsys)
