"""`reid live` as a process, while its disk is full, its files are moved, and its folder holds files of others."""

import json
import signal
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.cli.main import main
from reid.live.admin import retention
from reid.live.capture import system_clock
from reid.store.opening import open_store
from tests.pipelines.test_live import CAM, Program, live
from tests.small_disk import small_disk

QUIET = ("--quiet", "--listen", "127.0.0.1:0")
pytestmark = pytest.mark.slow


def why(program: Program) -> str:
    return str(program.page.get("/health").json()["why"])


def seen(program: Program) -> None:
    program.until(lambda: len(program.people()) >= 1)


def whole_events(path: Path) -> list[str]:
    data = path.read_bytes()
    assert data.endswith(b"\n")
    return [json.loads(line)["id"] for line in data.splitlines()]


def test_a_full_disk_is_told_of_and_events_wait_for_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 40_000) as place:
        output = place.folder / "out"
        with live(
            tmp_path, f"lobby={CAM}", "--output", str(output), "--events.file.most_mib", "0.01"
        ) as program:
            seen(program)
            filler = place.fill()
            program.until(lambda: "disk is full" in why(program) or "No space left" in why(program))
            assert program.page.get("/health").status_code == 503
            assert "reid_trouble{" in program.page.get("/metrics").text
            filler.unlink()
            program.until(lambda: not program.page.get("/api/state").json()["troubles"])
            program.stop(signal.SIGTERM)
            assert "Traceback" not in program.said
        numbers = [
            int(name.rpartition("-")[2])
            for path in (*sorted(output.glob("events.*.jsonl"), reverse=True), output / "events.jsonl")
            for name in whole_events(path)
        ]
        assert numbers == list(range(1, len(numbers) + 1)), "no event is lost, none comes twice"


def test_a_gallery_that_is_moved_is_told_of_and_waited_for(tmp_path: Path) -> None:
    gallery, moved = tmp_path / "live" / "gallery.db", tmp_path / "moved.db"
    with live(tmp_path, f"lobby={CAM}") as program:
        seen(program)
        gallery.rename(moved)
        program.until(lambda: "gallery.db: the gallery is gone" in why(program))
        moved.rename(gallery)
        program.until(lambda: "gallery" not in why(program))
        gallery.rename(moved)
        program.until(lambda: "gallery.db: the gallery is gone" in why(program))
        program.process.send_signal(signal.SIGTERM)
        assert program.process.wait(30) == 2
        assert "are lost, as the program ends" in program.said.splitlines()[-1]
    assert not gallery.exists()


def test_logs_and_events_that_others_rotate_are_begun_anew(tmp_path: Path) -> None:
    folder = tmp_path / "live"
    with live(tmp_path, f"lobby={CAM}") as program:
        seen(program)
        for name in ("live.log", "events.jsonl"):
            (folder / name).rename(folder / f"{name}-20261126")
        number = program.people()[0]["id"]
        program.page.post(f"/api/people/{number}/rename", json={"label": "Ada"})
        program.until(lambda: (folder / "events.jsonl").exists())
        program.stop(signal.SIGTERM)
    before = whole_events(folder / "events.jsonl-20261126")
    after = whole_events(folder / "events.jsonl")
    assert [int(one.rpartition("-")[2]) for one in before + after] == list(range(1, len(before + after) + 1))


def test_files_of_others_in_the_folder_stay(tmp_path: Path) -> None:
    assert main(["live", f"lobby={CAM}", "--output", str(tmp_path / "live"), "--duration", "4", *QUIET]) == 0
    theirs = {
        "clips/20261125T101010-front.mp4": b"a film of mine",
        "events.7.jsonl": b'{"mine": 1}\nand no end',
        "live.log.3": b"my notes",
        "notes.txt": b"mine",
    }
    for name, content in theirs.items():
        (tmp_path / "live" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "live" / name).write_bytes(content)
    words = ("--clips.events", "seen", "--clips.most-mib", "1", "--events.file.keep", "1")
    with live(tmp_path, f"lobby={CAM}", *words) as program:
        seen(program)
        program.page.post(f"/api/people/{program.people()[0]['id']}/forget")
        program.stop(signal.SIGTERM)
        assert "20261125T101010-front.mp4" in program.said
        assert "events.7.jsonl" in program.said
    assert {name: (tmp_path / "live" / name).read_bytes() for name in theirs} == theirs


def test_a_start_with_a_wrong_clock_erases_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A whole gallery was gone after 8 s. Here it is the sightings that are 400 days older, which is the same."""
    monkeypatch.setattr(retention, "START_S", 1.0)
    monkeypatch.setattr(
        system_clock, "UNKNOWN_US", 0
    )  # so that no clock is called right, whatever this machine's is
    output = tmp_path / "live"
    words = ["live", f"lobby={CAM}", "--output", str(output), "--duration", "10", "--listen", "127.0.0.1:0"]
    assert main(words) == 0
    with sqlite3.connect(output / "gallery.db") as db:
        for run_id, started in db.execute("SELECT run_id, started FROM runs").fetchall():
            old = datetime.fromisoformat(started) - timedelta(days=400)
            db.execute(
                "UPDATE runs SET started = ? WHERE run_id = ?",
                (old.isoformat(timespec="milliseconds"), run_id),
            )
    db.close()
    before = people(output)
    assert before
    told = len((output / "events.jsonl").read_bytes())
    for _ in range(2):
        assert main(words) == 0
        said = capsys.readouterr().err
        assert "nothing is erased by age: the clock (" in said
        assert "is 400 days ahead of the last sighting" in said
        assert before <= people(output)
        assert (output / "events.jsonl").stat().st_size > told
    assert main(["gallery", "prune", str(output / "gallery.db"), "30"]) == 0
    with open_store(output / "gallery.db", encoder_id=None, read_only=True) as store:
        oldest = min(datetime.fromisoformat(person.last_run) for person in store.people())
        assert len(store.runs()) < 4
    assert datetime.now(UTC) - oldest < timedelta(days=1)


def people(output: Path) -> set[int]:
    with open_store(output / "gallery.db", encoder_id=None, read_only=True) as store:
        return {person.person_id for person in store.people()}
