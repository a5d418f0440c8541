"""Kills `reid video` at random moments: nothing committed may be lost, and the same command must finish.

    python -m tests.rehearsals.kill --detector DIR --encoder FILE --output kill.json --kills 10 --seed 0

First one whole run of other seconds of the demo recordings is committed to a gallery, then the run to be
killed goes through once undisturbed. Every kill has its own results folder and copy of that gallery. The
moment is drawn within a stage of the run (see STAGES), so that short stages are hit too; every other kill
takes the parent alone, to see whether its workers end by themselves.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.runtime.ownership import LOCK, MARK
from reid.shipped import demo_recording
from reid.store.opening import open_store
from reid.store.records import SeenAt

ROOT = Path(__file__).parents[2]
KILLED = ("--end", "12", "--fps", "6")
EARLIER = ("--start", "20", "--end", "30", "--fps", "6")
STAGES = ("starting", "following", "following the rest", "linking", "writing", "rendering")
PLAN = (
    *("following the rest", "linking", "following", "writing", "rendering"),
    *("following the rest", "starting", "linking", "following", "rendering"),
)
CAMERAS = ("cam1", "cam2", "cam3")
ORPHAN_S = 15.0  # workers that outlive their parent for longer than this hold cores
POLL_S = 0.005


@dataclass(frozen=True, slots=True)
class Scene:
    """One command: the same words every time."""

    words: tuple[str, ...]
    results: Path
    gallery: Path
    cut: tuple[str, ...] = KILLED

    def start(self, log: Path) -> subprocess.Popen[bytes]:
        recordings = [str(demo_recording() / f"{camera}.mp4") for camera in CAMERAS]
        where = ("--output", str(self.results), "--gallery", str(self.gallery), "--log-format", "json")
        command = [
            sys.executable,
            "-m",
            "pipelines.cli",
            "video",
            *recordings,
            *self.words,
            *self.cut,
            *where,
        ]
        with log.open("wb") as file:
            return subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file, start_new_session=True)

    def stage(self) -> str:
        """How far the run has come, by the files that are there."""
        if (self.results / "identities.json").exists():
            return "rendering"
        if (self.results / "tracks").exists():
            return "writing"
        if finished := finished_cameras(self.results):
            return "linking" if len(finished) == len(CAMERAS) else "following the rest"
        return "following" if (self.results / MARK).exists() else "starting"

    def outcome(self) -> dict[str, str]:
        """What the run says about people, by file."""
        files = [self.results / "identities.json", *sorted((self.results / "tracks").glob("*.txt"))]
        return {str(file.relative_to(self.results)): file.read_text() for file in files}

    def files(self) -> set[str]:
        """But for the lock, which a killed run leaves behind, and which counts for nothing then."""
        found = {str(file.relative_to(self.results)) for file in self.results.rglob("*") if file.is_file()}
        return {name for name in found if not name.startswith(LOCK)}


def finished_cameras(results: Path) -> list[str]:
    return sorted(file.stem for file in (results / "cameras").glob("*.npz") if file.name[0] != ".")


def sightings(gallery: Path) -> dict[str, list[SeenAt]]:
    """All sightings by run; fails if the gallery cannot be opened or is damaged."""
    with closing(sqlite3.connect(gallery)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    with open_store(gallery, encoder_id=None, read_only=True) as store:
        seen = [one for person in store.people() for one in store.sightings(person.person_id)]
        return {run: [one for one in seen if one.run_id == run] for run in store.runs()}


def in_group(group: int) -> list[int]:
    """Living processes of a process group; zombies hold nothing."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == group and fields[0] != "Z":
                found.append(int(folder.name))
    return found


def undisturbed(scene: Scene, log: Path) -> dict[str, float]:
    """Runs to the end; returns when each stage began, and the end."""
    began: dict[str, float] = {}
    started = time.monotonic()
    process = scene.start(log)
    while process.poll() is None:
        began.setdefault(scene.stage(), time.monotonic() - started)
        time.sleep(POLL_S)
    assert process.returncode == 0, log.read_text()
    return began | {"end": time.monotonic() - started}


def run_and_kill(scene: Scene, log: Path, stage: str, after_s: float, *, parent_only: bool) -> dict[str, Any]:
    """Kills the run `after_s` into a stage; says where that was and how long its processes lived on."""
    started = time.monotonic()
    process = scene.start(log)
    while STAGES.index(scene.stage()) < STAGES.index(stage) and process.poll() is None:
        time.sleep(POLL_S)
    time.sleep(after_s)
    second, over = time.monotonic() - started, process.poll() is not None
    if parent_only:
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    killed = time.monotonic()
    while (left := in_group(process.pid)) and time.monotonic() < killed + ORPHAN_S:
        time.sleep(POLL_S)
    for orphan in left:
        os.kill(orphan, signal.SIGKILL)
    return {
        "aimed_at": stage,
        "second": round(second, 2),
        "killed": "parent only" if parent_only else "process group",
        "over_before": over,
        "orphans": len(left),
        "orphans_gone_after_s": round(time.monotonic() - killed, 2),
    }


def check(scene: Scene, before: dict[str, list[SeenAt]], whole: dict[str, list[SeenAt]]) -> dict[str, Any]:
    """What the kill left behind; fails where something committed is gone or something is there in part."""
    after = sightings(scene.gallery)
    for run, seen in before.items():
        assert after.get(run) == seen, f"sightings of the earlier run {run} have changed"
    for run in set(after) - set(before):
        assert len(after[run]) == len(whole[run]), "the killed run is in the gallery in part"
    marker = (scene.results / MARK).exists()
    assert marker or not scene.files(), f"results without a marker: {scene.files()}"
    return {
        "stage": scene.stage(),
        "results_folder": "recognised" if marker else "empty",
        "cameras_finished": finished_cameras(scene.results),
        "run_in_gallery": len(after) > len(before),
        "files": len(scene.files()),
        "partial_files": sorted(name for name in scene.files() if ".partial" in name),
    }


def repeat(scene: Scene, log: Path, finished: list[str], reference: Scene) -> dict[str, Any]:
    """The same command again; fails unless it ends as if nothing had happened."""
    started = time.monotonic()
    process = scene.start(log)
    code = process.wait()
    assert code == 0, log.read_text()
    lines = [line for line in log.read_text().splitlines() if line.startswith("{")]
    events = [json.loads(line) for line in lines]
    skipped = sorted(event["camera"] for event in events if event.get("note") == "done before")
    assert skipped == finished, f"finished before: {finished}, not processed again: {skipped}"
    assert scene.outcome() == reference.outcome(), "results differ from those of an undisturbed run"
    assert scene.files() == reference.files(), scene.files() ^ reference.files()
    assert sightings(scene.gallery) == sightings(reference.gallery)
    return {"exit_code": code, "seconds": round(time.monotonic() - started, 2), "done_before": skipped}


def rehearse(folder: Path, words: tuple[str, ...], kills: int, seed: int) -> dict[str, Any]:
    rng, log = random.Random(seed), folder / "log.txt"
    earlier = Scene((*words, "--no-video"), folder / "earlier", folder / "earlier.db", EARLIER)
    undisturbed(earlier, log)
    before = sightings(earlier.gallery)

    def scene(name: str) -> Scene:
        place = folder / name
        place.mkdir()
        for file in folder.glob("earlier.db*"):
            shutil.copy(file, place / file.name.replace("earlier", "site"))
        return Scene(words, place / "results", place / "site.db")

    reference = scene("reference")
    began = undisturbed(reference, log)
    whole = sightings(reference.gallery)
    print(f"undisturbed: {began}", file=sys.stderr, flush=True)
    report: dict[str, Any] = {
        "seed": seed,
        "earlier_runs": {run: len(seen) for run, seen in before.items()},
        "stage_begins_s": {stage: round(second, 2) for stage, second in began.items()},
        "kills": [],
    }
    for number in range(kills):
        stage = PLAN[number % len(PLAN)]
        later = [began[name] for name in (*STAGES[STAGES.index(stage) + 1 :], "end") if name in began]
        after_s = rng.uniform(0.0, 0.9) * (later[0] - began.get(stage, later[0]))
        own = scene(f"kill{number}")
        one = run_and_kill(own, log, stage, after_s, parent_only=number % 2 == 1)
        try:
            one |= check(own, before, whole)
            one["repeat"] = repeat(own, log, one["cameras_finished"], reference)
            one["ok"] = one["orphans"] == 0
        except Exception as error:
            one |= {"ok": False, "error": f"{type(error).__name__}: {error}"}
        report["kills"].append(one)
        print(json.dumps(one), file=sys.stderr, flush=True)
        if one["ok"]:
            shutil.rmtree(folder / f"kill{number}")
    report["ok"] = sum(one["ok"] for one in report["kills"])
    return report


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--detector", required=True)
    parser.add_argument("--encoder", required=True)
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    words = tuple(f"--{name}={Path(getattr(told, name)).resolve()}" for name in ("detector", "encoder"))
    with tempfile.TemporaryDirectory() as folder:
        report = rehearse(Path(folder), words, told.kills, told.seed)
    told.output.write_text(json.dumps(report, indent=1) + "\n")
    print(f"{report['ok']} of {told.kills} kills survived; see {told.output}")
    return 0 if report["ok"] == told.kills else 1


if __name__ == "__main__":
    sys.exit(main())
