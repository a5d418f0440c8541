"""The folder of films survives kills, full disks and torn files, stays within its limit, and lets the program end."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reid.errors import InputError
from reid.live.views import clip_folder as films
from reid.owned_files import OwnedFiles
from reid.video.writer import VideoWriter
from tests.live.views.filmed import Camera


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "clips"


def test_films_that_do_not_say_whom_they_show_are_put_aside_and_told_of(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    camera = Camera(folder)
    for person in range(1, 5):
        camera.film(person)
    torn, empty, gone, whole = sorted(folder.glob("*.json"))
    torn.write_bytes(torn.read_bytes()[:100])
    empty.write_text("{}")
    gone.unlink()
    (folder / "mine.json").write_text("no film")
    (folder / "mine.mp4").write_bytes(b"")
    for person in (9, 9):
        with pytest.raises(
            InputError, match=rf"unreadable: 3 clips .* may show P0009, such as {torn.stem}.mp4"
        ):
            camera.clips.forget(person)
    left = {path.name for path in folder.iterdir()}
    assert left == {whole.name, whole.with_suffix(".mp4").name, "mine.json", "mine.mp4", "unreadable"}
    aside = folder / "unreadable"
    assert {path.stem for path in aside.glob("*.mp4")} == {torn.stem, empty.stem, gone.stem}
    assert (aside / torn.name).stat().st_size == 100
    assert all(path.stat().st_size > 1000 for path in aside.glob("*.mp4"))
    assert camera.clips.prune(1e12) == 1
    assert "3 clips are not erased by age" in caplog.text
    for path in aside.iterdir():
        path.unlink()
    assert camera.clips.forget(9) == 0


def test_films_of_others_are_never_touched(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever they are called; also where their names are those of the next films."""
    folder.mkdir()
    theirs = {
        "20261125T101010-front.mp4": b"a film",
        "20231114T221320-a.mp4": b"another",
        "20231114T221320-a.json": b"{}",
        "20200101T000000-gate.json": b"no film beside it",
        ".20261125T101010-front.12-0.partial.mp4": b"half",
    }
    for name, content in theirs.items():
        (folder / name).write_bytes(content)
    camera = Camera(folder, most_mib=1)
    camera.film(1)
    assert "left alone, as reid did not write it, and never erased" in caplog.text
    assert "20261125T101010-front.mp4" in caplog.text
    assert camera.clips.forget(1) == 1
    assert camera.clips.prune(1e12) == 0
    camera.clips.close(20)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == theirs


def test_a_json_file_is_the_old_one_or_the_new_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    camera = Camera(folder)
    camera.film(1, tracks=[7])
    seen = list[Any]()

    def replace(self: Path, target: Path) -> None:
        seen.append(json.loads(target.read_text())["people"])
        os.replace(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    camera.event(5, kind="identity_changed", track="a/7")
    camera.clips.close(20)
    assert seen == [["P0001"]], "it was whole until the new one was"
    assert [film["people"] for film in camera.films()] == [["P0001", "P0005"]]


def test_a_film_that_cannot_be_brought_up_to_date_is_deleted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = Camera(folder)
    camera.film(1, tracks=[7])
    monkeypatch.setattr(films, "write_text", full)
    camera.event(5, kind="identity_changed", track="a/7")
    camera.clips.close(20)
    assert camera.films() == []


def full(path: Path, text: str) -> None:
    raise OSError(28, "No space left on device", str(path))


def test_a_film_that_cannot_be_written_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VideoWriter, "write", lambda *_: full(folder, ""))
    camera = Camera(folder)
    camera.film(1)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("delete", [lambda clips: clips.forget(1), lambda clips: clips.prune(1e12)])
def test_who_has_films_deleted_is_told_where_that_fails(
    folder: Path, monkeypatch: pytest.MonkeyPatch, delete: Callable[[Any], int]
) -> None:
    camera = Camera(folder)
    for _ in range(3):
        camera.film(1)
    stuck, unlink = min(folder.glob("*.mp4")), Path.unlink

    def fail(self: Path, missing_ok: bool = False) -> None:
        if self == stuck:
            raise PermissionError(13, "Permission denied", str(self))
        unlink(self, missing_ok=missing_ok)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", fail)
        with pytest.raises(InputError, match=rf"1 of the clips.*{stuck.name}: Permission denied"):
            delete(camera.clips)
    assert len(camera.films()) == 1, "the others are deleted"
    assert delete(camera.clips) == 1
    assert camera.films() == []


def test_what_a_killed_program_left_is_swept(folder: Path) -> None:
    Camera(folder).film(1)
    (film,) = folder.glob("*.mp4")
    name = film.stem
    OwnedFiles(folder.parent).claim(folder / f"{name}-9.json", folder / f"{name}-9.mp4")
    for left in (f".{name}.4711-0.partial.mp4", f".{name}.json.{'0123456789abcdef' * 2}", f"{name}-9.json"):
        (folder / left).write_bytes(b"half")
    (folder / ".notes").write_text("mine")
    Camera(folder)
    assert {path.name for path in folder.iterdir()} == {film.name, film.with_suffix(".json").name, ".notes"}


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="clips cannot be kept there"):
        Camera(tmp_path / "file")


def test_closing_ends_a_film_between_two_frames(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write = VideoWriter.write

    def slowly(*given: Any) -> None:
        time.sleep(0.05)
        write(*given)

    camera = Camera(folder)
    camera.film(3, tracks=[7])
    monkeypatch.setattr(VideoWriter, "write", slowly)
    for _ in range(2):  # each takes 1.5 s to write
        camera.run(2, 1)
        camera.event(1)
        camera.run(3, 1)
    camera.event(5, kind="identity_changed", track="a/7")
    begun = time.monotonic()
    with caplog.at_level(logging.WARNING):
        camera.clips.close(0.5)
    assert time.monotonic() - begun < 1
    assert "2 clips" in caplog.text
    camera.clips.close(
        5
    )  # on a busy machine, deleting what there is of a film may take longer than the first
    assert [film["people"] for film in camera.films()] == [["P0003", "P0005"]], "what is quick is done"


def test_nothing_waits_for_a_film_that_hangs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = threading.Event()
    monkeypatch.setattr(VideoWriter, "write", lambda *_: hanging.wait(20))
    camera = Camera(folder)
    camera.run(1, 1)
    camera.event(1)
    begun = time.monotonic()
    camera.clips.close(0.3)
    assert time.monotonic() - begun < 1
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("clips")]
    hanging.set()
    assert threads
    assert all(thread.daemon for thread in threads), "the interpreter joins all others at its end"


def test_two_films_that_begin_in_one_second_are_two(tmp_path: Path) -> None:
    camera = Camera(tmp_path / "clips")
    for _ in range(3):
        camera.run(0.2, 1)
        camera.event(1)
        camera.clips.close(20)
        camera = Camera(camera.folder)
    assert len(camera.films()) == 3


def test_the_oldest_films_make_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    camera = Camera(folder, most_mib=1)
    for person in (1, 2, 3):
        camera.film(person)
    first, second, _ = sorted(folder.glob("*.mp4"))
    with first.open("ab") as file:
        file.write(bytes(600_000))
    with second.open("ab") as file:
        file.write(bytes(600_000))
    camera.film(4)
    assert [film["people"] for film in camera.films()] == [["P0002"], ["P0003"], ["P0004"]]
    monkeypatch.setattr(films, "MIB", 1)
    camera = Camera(folder, most_mib=1)
    camera.film(5)
    assert [film["people"] for film in camera.films()] == [["P0005"]], "the latest is kept"
