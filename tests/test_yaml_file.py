"""Aliases, depth, size and characters in YAML: every file that reid reads ends at once, in one sentence."""

from pathlib import Path

import pytest

from pipelines.cli.main import main
from reid.detection.first_look import check_detector
from reid.detection.training_data import read_people
from reid.errors import InputError
from reid.live.capture.address import read_secrets
from reid.yaml_file import parse_yaml

BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30))
MERGED = "a0: &a0 {k: 1}\n" + "".join(
    f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 30)
)
TOO_MUCH = [
    (BOMB, "its aliases stand for more than 20,000 values; write them out"),
    (MERGED, "its aliases stand for more than 20,000 values; write them out"),
    ("a: " + "[" * 10_000, "is nested too deeply"),
    ("a: " + "{b: " * 10_000, "is nested too deeply"),
    ("- " * 10_000 + "x", "is nested too deeply"),
    ("- x\n" * 20_001, "holds more than 20,000 values"),
    (r'a: "\0"', "line 1: a holds a control character, or half a character"),
    (r'a: "\uD800"', "line 1: a holds a control character, or half a character"),
    (r'a: "\UFFFFFFFF"', "is not valid YAML: it holds a character or a version that cannot be"),
]


@pytest.mark.parametrize(("text", "why"), TOO_MUCH, ids=range(len(TOO_MUCH)))
def test_what_stands_for_too_much_is_refused(text: str, why: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_yaml(text, "f.yaml")
    assert str(caught.value) == f"f.yaml: {why}"


def test_values_are_the_text_that_is_written() -> None:
    text = "a: 010\nb: no\nc: 2024-13-45\nd: ~\ne: &x [1, off]\nf: *x\ng: !!python/name:os.system z\nh: ''"
    assert parse_yaml(text, "f.yaml") == {
        "a": "010",
        "b": "no",
        "c": "2024-13-45",
        "d": None,
        "e": ["1", "off"],
        "f": ["1", "off"],
        "g": "z",
        "h": "",
    }


@pytest.mark.parametrize("command", ["video", "live", "train", "tune", "benchmark", "train-detector"])
@pytest.mark.parametrize("text", [BOMB, "a: " + "[" * 10_000], ids=["aliases", "depth"])
def test_no_command_takes_a_bomb_for_its_settings(
    command: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(text, encoding="utf-8")
    assert main([command, "--config", str(file)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"reid: {file}: ")
    assert said.count("\n") == 1


def test_a_data_set_and_secrets_that_are_bombs(tmp_path: Path) -> None:
    file = tmp_path / "people.yaml"
    file.write_text(BOMB, encoding="utf-8")
    with pytest.raises(InputError, match=r"people\.yaml: its aliases stand for more than 20,000 values"):
        read_people(file)
    with pytest.raises(InputError, match=r"people\.yaml: not YAML"):
        read_secrets(file, [], {})


def test_a_detectors_metadata_that_is_a_bomb(tmp_path: Path) -> None:
    folder = tmp_path / "net_openvino_model"
    folder.mkdir()
    (folder / "net.xml").touch()
    (folder / "metadata.yaml").write_text(BOMB, encoding="utf-8")
    with pytest.raises(InputError, match=r"metadata\.yaml: its aliases stand for more than 20,000 values"):
        check_detector(folder)


def test_a_file_of_many_megabytes_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text("#" * 2**20, encoding="utf-8")
    with pytest.raises(
        InputError, match=r"site\.yaml: is larger than 0\.5 MiB; expected a YAML file of name"
    ):
        read_secrets(file, [], {})
