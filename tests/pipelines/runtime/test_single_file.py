"""A command that writes one file replaces its own, and nothing else."""

import json
from pathlib import Path

import pytest

from pipelines.runtime.calibration_file import calibration_file
from pipelines.runtime.ownership import OwnedFolder
from reid.errors import Busy, InputError
from reid.owned_files import OwnedFiles

OURS = json.dumps({"encoder_id": "e", "max_distance": 0.3})


def write(path: Path) -> None:
    with calibration_file(path, chart=True):
        path.write_text(OURS)
        path.with_suffix(".png").write_text("drawn")


def test_its_own_file_is_replaced_with_its_chart(tmp_path: Path) -> None:
    for _ in range(2):
        write(tmp_path / "new" / "site.json")
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"site.json", "site.png"}


@pytest.mark.parametrize(
    ("name", "content"), [("site.json", '{"mine": 1}'), ("site.json", "{"), ("site.png", "x")]
)
def test_anything_else_is_refused_and_not_touched(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(
        InputError, match=rf"{name}: is there already and is not a calibration that reid wrote; move"
    ):
        write(tmp_path / "site.json")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, content)]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "far.json").write_text(OURS)
    (tmp_path / "site.json").symlink_to(tmp_path / "far.json")
    with pytest.raises(InputError, match="is there already"):
        write(tmp_path / "site.json")


@pytest.mark.parametrize("name", ["folder", "a.png", "file/b.json"])
def test_what_cannot_be_written(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="--output "):
        write(tmp_path / name)


def test_two_may_not_write_it(tmp_path: Path) -> None:
    with calibration_file(tmp_path / "site.json", chart=False):
        with pytest.raises(Busy, match=r"is in use by process \d+ \(reid calibrate since"):
            write(tmp_path / "site.json")
        assert not (tmp_path / "site.png").exists()


def test_in_results_it_is_listed_and_waits_for_who_writes_them(tmp_path: Path) -> None:
    with OwnedFolder.open(tmp_path, job="video") as folder:
        folder.files.claim(tmp_path / "run.json")
        (tmp_path / "run.json").write_text("{}")
        with pytest.raises(Busy, match=r"is in use by process \d+ \(reid video since"):
            write(tmp_path / "site.json")
    for _ in range(2):
        write(tmp_path / "site.json")
    assert {path.name for path in OwnedFiles(tmp_path).files()} == {"run.json", "site.json", "site.png"}
