"""live.log is the program's own file: rotated by us or by others, on a full disk, beside files of other people."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.runtime.logs import rotating
from reid.errors import InputError
from reid.owned_files import OwnedFiles
from tests.small_disk import small_disk

log = logging.getLogger("reid.test_logs")


@contextmanager
def logged(folder: Path, most_bytes: int = 10**6) -> Iterator[Path]:
    path = folder / "live.log"
    with rotating(path, OwnedFiles(folder), most_bytes, keep=2):
        yield path


def test_full_logs_are_kept_in_order(tmp_path: Path) -> None:
    with logged(tmp_path, 300) as path:
        for number in range(12):
            log.warning("line %d %s", number, "x" * 50)
    names = [path, *(path.with_name(f"live.log.{number}") for number in (1, 2))]
    assert [name.exists() for name in names] == [True] * 3
    assert all(name.stat().st_size <= 300 for name in names)
    assert "line 11 " in path.read_text()


def test_a_log_of_another_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "live.log").write_text("mine")
    said = r"live\.log: is there already, and reid did not write it"
    with pytest.raises(InputError, match=said), logged(tmp_path):
        pass
    assert (tmp_path / "live.log").read_text() == "mine"


def test_no_file_of_another_is_rotated_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "live.log.2").write_text("mine")
    with logged(tmp_path, 300) as path:
        for number in range(12):
            log.warning("line %d %s", number, "x" * 50)
    assert "live.log is not rotated" in caplog.text
    assert (tmp_path / "live.log.2").read_text() == "mine"
    assert [f"line {number} " in path.read_text() for number in range(12)] == [True] * 12


def test_a_log_that_another_program_rotated_goes_on_under_its_name(tmp_path: Path) -> None:
    with logged(tmp_path) as path:
        log.warning("one")
        path.rename(tmp_path / "aside")
        log.warning("two")
        path.unlink()
        log.warning("three")
    assert "one" in (tmp_path / "aside").read_text()
    assert "three" in path.read_text()
    assert "two" not in path.read_text()


def test_a_full_disk_costs_one_line_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(tmp_path / "disk", 64) as place, logged(place.folder) as path:
        log.warning("before")
        filler = place.fill()
        for number in range(200):
            log.warning("line %d %s", number, "x" * 100)
        filler.unlink()
        log.warning("after")
        assert "before" in path.read_text()
        assert path.read_text().endswith("after\n")
    assert capsys.readouterr().err == f"{path}: the log cannot be written (No space left on device)\n"
