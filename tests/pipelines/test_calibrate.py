"""`reid calibrate CROPS`: what it writes, says and refuses. In all tests but the last the network is made up."""

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from pipelines import calibrate
from pipelines.cli.main import main
from pipelines.runtime.displays import Lines
from pipelines.runtime.progress import Progress
from pipelines.settings.loading import load as load_settings
from reid.camera_config import EncoderConfig
from reid.config import CalibrateConfig
from reid.distance import unit
from reid.errors import InputError
from reid.linking.calibration import load
from reid.types import Array
from tests.pipelines.test_bad_input import tiny_encoder
from tests.pipelines.test_benchmark import write_image

ENCODER = "made-up"


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    folder = tmp_path / "crops"
    folder.mkdir()
    for person in range(1, 49):
        for camera in range(1, 4):
            for number in range(3):
                (folder / f"{person:04d}_c{camera}s1_{number:06d}_00.jpg").touch()
    return folder


def vectors(paths: Sequence[Path], encoder: object, *, advance: Callable[[int], None]) -> Array:
    """Of the people in the files' names."""
    rng = np.random.default_rng(0)
    who = rng.normal(size=(100, 16))
    advance(len(paths))
    shown = who[[int(path.name[:4]) for path in paths]] + 0.6 * rng.normal(size=(len(paths), 16)) + 1
    return unit(shown.astype(np.float32))


@pytest.fixture
def run(tmp_path: Path, said: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    monkeypatch.setattr(calibrate, "build_encoder", lambda config: SimpleNamespace(encoder_id=ENCODER))
    monkeypatch.setattr(calibrate, "extract", vectors)
    torch.save({}, tmp_path / "net.pth")

    def go(*folders: Path, **settings: Any) -> Path:
        config = CalibrateConfig(encoder=EncoderConfig(weights=tmp_path / "net.pth"), **settings)
        assert calibrate.run(folders, config, Progress(Lines(said, said))) == 0
        return settings.get("output") or tmp_path / "net.pth.calibration.json"

    return go


@pytest.mark.slow
def test_file_and_chart_lie_beside_the_weights(
    run: Callable[..., Path], crops: Path, said: io.StringIO
) -> None:
    path = run(crops)
    found = load(path, ENCODER)
    assert found.data_set == "crops"
    assert found.operating_point.startswith("max-f1 (F1 of pairs ")
    evidence = json.loads(path.read_text(encoding="utf-8"))["evidence"]
    assert evidence["people"] == 48
    assert evidence["tracklets"]["items"] == 48 * 3
    chart = cv2.imread(str(path.with_suffix(".png")))
    assert chart is not None
    text = said.getvalue()
    for words in (
        "tracklets: 144 of 48 people, 144 genuine",
        "images: 432 of 48 people",
        "not there, but found",
        "expected calibration error",
        f"{found.max_distance:.3f}",
        "fmr=1e-4: needs about 100,000 pairs of two people",
        str(path),
    ):
        assert words in text, words


def test_switches(run: Callable[..., Path], crops: Path, tmp_path: Path) -> None:
    path = run(
        crops, output=tmp_path / "own.json", chart=False, operating_point="keep-map=0.9", people_per_site=12
    )
    assert not path.with_suffix(".png").exists()
    found = load(path, ENCODER)
    assert found.operating_point.startswith("keep-map=0.9 (mAP ")
    assert found.probability is None or found.probability.people == 12


@pytest.mark.slow
def test_the_better_point_for_linking_is_named(
    run: Callable[..., Path], crops: Path, said: io.StringIO
) -> None:
    run(crops, operating_point="max-b3", chart=False)
    assert "higher with --operating-point max-b3" not in said.getvalue()
    run(crops, operating_point="keep-map=0.2", chart=False)
    assert "higher with --operating-point max-b3" in said.getvalue()


def test_too_little_data_writes_nothing(run: Callable[..., Path], crops: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--operating-point fmr=1e-4: needs about 100,000 pairs"):
        run(crops, operating_point="fmr=1e-4")
    assert not list(tmp_path.glob("*.json"))


def test_folders_named_alike_and_the_same_twice(
    run: Callable[..., Path], crops: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other" / "crops"
    other.mkdir(parents=True)
    for path in crops.glob("000*.jpg"):
        (other / path.name).touch()
    assert load(run(crops, other, chart=False), ENCODER).data_set == f"{crops}, {other}"
    with pytest.raises(InputError, match="crops: given twice"):
        run(crops, crops)


def test_no_crops(run: Callable[..., Path]) -> None:
    with pytest.raises(InputError, match="no crops given; name folders"):
        run()


@pytest.mark.parametrize("text", ["f1", "fmr", "fmr=2", "fmr=x", "max-f1=1"])
def test_other_points_are_refused(text: str) -> None:
    from pipelines.settings.loading import Override

    override = Override(path=("operating_point",), value=text, origin="--operating-point")
    with pytest.raises(
        InputError, match=r"--operating-point is '.*'; must be max-f1, max-b3, fmr=X or keep-map=X"
    ):
        load_settings(CalibrateConfig, None, [override], [])


def test_crops_and_results_are_not_mixed(said: io.StringIO) -> None:
    config = CalibrateConfig(results=Path("results"))
    with pytest.raises(InputError, match="--from results needs no labels; leave crops out"):
        calibrate.run([Path("crops")], config, Progress(Lines(said, said)))


@pytest.mark.slow
def test_few_people_are_warned_of(run: Callable[..., Path], tmp_path: Path, said: io.StringIO) -> None:
    """Two people, one of them in one camera only: written, with a warning; how cameras relate is left open."""
    folder = tmp_path / "two"
    folder.mkdir()
    for name in ("0001_c1s1_000001", "0001_c1s1_000002", "0001_c2s1_000003", "0001_c2s1_000004"):
        (folder / f"{name}_00.jpg").touch()
        (folder / f"{name.replace('0001_c2', '0002_c1').replace('0001_c1', '0002_c1')}_01.jpg").touch()
    made = load(run(folder), ENCODER)
    assert "people seen by two cameras: 1." in said.getvalue()
    assert made.same_camera is None


def test_an_image_is_no_place_for_the_file(run: Callable[..., Path], crops: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.png: must be a file whose name ends with \.json"):
        run(crops, output=tmp_path / "a.png")
    with pytest.raises(InputError, match="must be a file"):
        run(crops, output=tmp_path)


@pytest.mark.slow
def test_from_images_to_file_with_a_real_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing made up but the images: people in plain colours, and a network that knows only these."""
    monkeypatch.setenv("REID_CACHE", str(tmp_path / "cache"))
    encoder_id = tiny_encoder(tmp_path / "tiny.onnx")
    rng = np.random.default_rng(0)
    for person in range(1, 31):
        colour = rng.uniform(30, 225, 3)
        for camera in (1, 2, 3):
            for shot in range(2):
                name = f"{person:04d}_c{camera}s1_00000{shot}_00.jpg"
                write_image(tmp_path / "people" / name, colour, rng)
    words = ["calibrate", str(tmp_path / "people"), "--encoder", str(tmp_path / "tiny.onnx")]
    assert main([*words, "--backend", "onnxruntime", "--people-per-site", "10"]) == 0
    made = load(tmp_path / "tiny.onnx.calibration.json", encoder_id)
    assert 0 < made.impostor_rate < made.genuine_rate <= 1
    assert made.centre.shape == (3,)
    assert made.probability is not None
    assert made.probability(0.0) > made.probability(made.max_distance) > made.probability(2.0)
    drawn = cv2.imread(str(tmp_path / "tiny.onnx.calibration.png"))
    assert drawn is not None
    assert drawn.std() > 10
