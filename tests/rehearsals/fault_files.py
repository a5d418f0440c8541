"""Files of the user, and two programs at one folder."""

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from tests.rehearsals.command_run import SHORT, Ended, recordings, run, start, tree
from tests.rehearsals.live_run import LiveRun, films
from tests.training.tiny import crops

FOREIGN = {
    "train": ("model.pth", "tensorboard/events.out.tfevents.1", "state.pt"),
    "train-detector": ("weights/best.pt", "results.csv", "args.yaml"),
    "tune": ("study.log", "best.yaml"),
    "benchmark": ("benchmark.json", "benchmark.html"),
    "video": ("video/lobby.mp4", "identities.json", "crops/P0001/a_1_1.jpg"),
    "live": ("clips/20261125T101010-front.mp4", "events.7.jsonl", "events.jsonl"),
}

WITHOUT_OVERWRITE = ("live", "benchmark")


def _users_files(folder: Path, names: tuple[str, ...]) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"the user's own")


def _words(command: str, folder: Path) -> list[str | Path]:
    """The command, short, on input of its kind."""
    if command in ("train", "tune"):
        return [command, crops(folder / "crops"), "--epochs", "1"]
    if command == "benchmark":
        return [command, "folder", "--root", crops(folder / "crops")]
    if command == "train-detector":
        (folder / "data.yaml").write_text("path: .\ntrain: images\nval: images\nnames: {0: person}\n")
        return [command, folder / "data.yaml"]
    return [command, *recordings(folder / "in"), *(SHORT if command == "video" else ["--duration", "2"])]


def foreign_folders(folder: Path) -> str:
    """Every command that writes a folder refuses one with a user's files of its own names, also with --overwrite."""
    refused = []
    for name, files in FOREIGN.items():
        place = folder / name / "out"
        _users_files(place, files)
        before = tree(place)
        words = _words(name, folder / name)
        for more in ([],) if name in WITHOUT_OVERWRITE else ([], ["--overwrite"]):
            run(*words, "--output", place, *more).refused(str(place))
            assert tree(place) == before, f"{name} {more} changed {place}"
        refused.append(name)
    return f"refused, all files as they were: {', '.join(refused)}"


def unlisted_files_stay(folder: Path) -> str:
    """A user's files inside a folder of ours survive --overwrite with other settings."""
    out, (film,) = folder / "out", recordings(folder / "in")
    run("video", film, *SHORT, "--output", out).done()
    _users_files(out, ("notes.txt", "tracks/mine.txt", "crops/P0001/holiday.jpg", "video/cam9.mp4"))
    mine = {name: data for name, data in tree(out).items() if data == b"the user's own"}
    run("video", film, *SHORT, "--fps", "3", "--output", out, "--overwrite").done()
    after = tree(out)
    assert all(after.get(name) == data for name, data in mine.items()), set(mine) - set(after)
    return f"{len(mine)} files of a user in a results folder are there after --overwrite"


def input_in_the_output(folder: Path) -> str:
    out, (film,) = folder / "out", recordings(folder / "in")
    run("video", film, *SHORT, "--output", out).done()
    own = shutil.copy(film, out / "lobby.mp4")
    said = run("video", own, *SHORT, "--output", out, "--overwrite").refused("lobby.mp4", str(out))
    assert Path(own).read_bytes() == film.read_bytes()
    return said


def links_are_not_followed(folder: Path) -> str:
    """A results folder whose crops folder was replaced by a link to a user's folder."""
    out, (film,) = folder / "out", recordings(folder / "in")
    run("video", film, *SHORT, "--output", out).done()
    mine = folder / "mine"
    shutil.move(out / "crops", mine)
    (out / "crops").symlink_to(mine, target_is_directory=True)
    before = tree(mine)
    assert before
    ended = run("video", film, *SHORT, "--fps", "3", "--output", out, "--overwrite")
    assert tree(mine) == before, "files behind a link are gone or changed"
    assert ended.code in (0, 2), ended.said
    return f"{len(before)} files behind a link stay; exit code {ended.code}"


def a_failed_run_blocks_nothing(folder: Path) -> str:
    out = folder / "out"
    broken, (film,) = folder / "broken.mp4", recordings(folder / "in")
    broken.write_bytes(film.read_bytes()[:3000])
    run("video", broken, *SHORT, "--output", out).refused("broken.mp4")
    run("video", film, "--detector", folder / "none.pt", *SHORT, "--output", out).refused("none.pt")
    run("video", film, *SHORT, "--output", out).done()
    return "after two runs that failed the same folder takes a third"


def two_at_one_results_folder(folder: Path) -> str:
    out, (film,) = folder / "out", recordings(folder / "in")
    words = ("video", film, *SHORT, "--output", out, "--overwrite")
    logs = [folder / "a.log", folder / "b.log"]
    both = [start(*words, log=log) for log in logs]
    ended = [
        Ended(process.wait(300), log.read_text(errors="replace"))
        for process, log in zip(both, logs, strict=True)
    ]
    codes = sorted(one.code for one in ended)
    assert codes == [0, 2], codes
    said = next(one for one in ended if one.code == 2).refused(str(out))
    assert json.loads((out / "run.json").read_text())
    return said


def two_at_one_live_folder(folder: Path) -> str:
    first = LiveRun({"cam1": films()["cam1"]}, folder / "live")
    try:
        first.wait_for_frames()
        film = films()["cam2"]
        said = run("live", f"b={film}", "--output", folder / "live", "--listen", "null").refused("live")
        code, _ = first.stop()
        assert code == 0
        assert first.events(), "the first one told nothing"
    finally:
        first.kill()
    return said


def events_are_rotated_away(folder: Path) -> str:
    """An outside log rotation moves events.jsonl and live.log of a running site."""
    site = LiveRun(films(), folder / "live")
    try:
        site.wait_for_frames()
        _wait(lambda: len(site.events()) >= 3)
        os.rename(folder / "live" / "events.jsonl", folder / "live" / "events.jsonl.old")
        os.rename(folder / "live" / "live.log", folder / "live" / "live.log.old")
        _wait(lambda: (folder / "live" / "events.jsonl").exists() and len(site.events()) >= 2)
        code, _ = site.stop()
        assert code == 0
        old = [json.loads(line) for line in (folder / "live" / "events.jsonl.old").read_text().splitlines()]
        new = site.events()
        ids = [one["id"] for one in [*old, *new]]
        assert len(ids) == len(set(ids))
        numbers = sorted(int(one.rpartition("-")[2]) for one in ids)
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "an event is missing"
        assert (folder / "live" / "live.log").exists()
    finally:
        site.kill()
    return f"{len(old)} events in the file that was moved, {len(new)} in the new one, none lost"


def the_gallery_is_taken_away(folder: Path) -> str:
    site = LiveRun(films(), folder / "live")
    try:
        site.wait_for_frames()
        _wait(lambda: bool(site.events()))
        gallery = folder / "live" / "gallery.db"
        os.rename(gallery, folder / "moved.db")
        until = time.monotonic() + 60
        said = ""
        while not said and time.monotonic() < until:
            told = [
                one.get("message", "") for one in site.said if one["event"] in ("error", "warning", "message")
            ]
            said = next((one for one in told if "gallery.db" in one), "")
            time.sleep(0.5)
        assert said, "nothing is told of a gallery that was moved"
    finally:
        site.kill()
    return said


def a_clock_that_is_wrong(folder: Path) -> str:
    """The newest sighting of earlier starts is old beyond half of retention.days: nothing is erased by itself."""
    out, films_of = folder / "live", {"cam1": films()["cam1"]}
    first = LiveRun(films_of, out)
    try:
        first.wait_for_frames()
        _wait(lambda: any(one["event"] == "seen" for one in first.events()))
        first.stop()
    finally:
        first.kill()
    people = _set_back(out / "gallery.db", days=400)
    second = LiveRun(films_of, out, ["--retention.days", "30", "--duration", "25"])
    try:
        second.process.wait(180)
    finally:
        second.kill()
    kept = _people(out / "gallery.db")
    assert people <= kept, f"erased by itself: {sorted(people - kept)}"
    return f"all {len(people)} people of before are in the gallery 25 s after a start 400 days later"


def _set_back(gallery: Path, *, days: float) -> set[int]:
    """Make everything in the gallery older, as a clock that is too far ahead would see it."""
    with sqlite3.connect(gallery) as db:
        for run_id, started in db.execute("SELECT run_id, started FROM runs").fetchall():
            older = datetime.fromisoformat(started) - timedelta(days=days)
            db.execute("UPDATE runs SET started = ? WHERE run_id = ?", (older.isoformat(), run_id))
        for column in ("start_s", "end_s"):
            db.execute(f"UPDATE sightings SET {column} = {column} - ? WHERE {column} > 1e9", (days * 86400,))
    return _people(gallery)


def _people(gallery: Path) -> set[int]:
    with sqlite3.connect(gallery) as db:
        return {one for (one,) in db.execute("SELECT person_id FROM people")}


def _wait(condition: Callable[[], bool], most_s: float = 90.0) -> None:
    until = time.monotonic() + most_s
    while not condition():
        if time.monotonic() > until:
            raise AssertionError("what was waited for did not come")
        time.sleep(0.3)


FAULTS: dict[str, Callable[[Path], str]] = {
    "folders with a user's files": foreign_folders,
    "a user's files in a folder of ours": unlisted_files_stay,
    "an input inside the output": input_in_the_output,
    "links in a results folder": links_are_not_followed,
    "a run that failed": a_failed_run_blocks_nothing,
    "two runs, one results folder": two_at_one_results_folder,
    "two sites, one folder": two_at_one_live_folder,
    "logs rotated away": events_are_rotated_away,
    "the gallery moved away": the_gallery_is_taken_away,
    "a start with a wrong clock": a_clock_that_is_wrong,
}
