import multiprocessing
from pathlib import Path

import pytest

from reid.cache import cache_folder, filling, write_text


def _fill(job: tuple[Path, str]) -> None:
    folder, content = job
    with filling(folder) as partial:
        for name in "abc":
            (partial / name).write_text(content)


def test_processes_fill_the_same_folder(tmp_path: Path) -> None:
    folders = [tmp_path / str(index) for index in range(20)]
    jobs = [(folder, content * 10_000) for folder in folders for content in "xy"]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(_fill, jobs, chunksize=1)
    assert sorted(tmp_path.iterdir()) == sorted(folders)
    for folder in folders:
        assert len({(folder / name).read_text() for name in "abc"}) == 1  # all of one process


def test_failure_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), filling(tmp_path / "target") as partial:
        (partial / "no such folder" / "a").write_text("fails")
    assert list(tmp_path.iterdir()) == []


def test_the_first_to_finish_wins(tmp_path: Path) -> None:
    with filling(tmp_path / "target") as outer:
        (outer / "a").write_text("outer")
        with filling(tmp_path / "target") as inner:
            (inner / "a").write_text("inner")
    assert (tmp_path / "target" / "a").read_text() == "inner"
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_a_target_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("in the way")
    with pytest.raises(OSError), filling(tmp_path / "target"):  # noqa: PT011
        pass


def test_write_text_replaces(tmp_path: Path) -> None:
    write_text(tmp_path / "deep" / "file", "a")
    write_text(tmp_path / "deep" / "file", "b")
    assert [path.read_text() for path in (tmp_path / "deep").iterdir()] == ["b"]


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REID_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("REID_CACHE")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "reid"
