"""Disks that are full: real file systems of a few megabytes (tmpfs, which needs root)."""

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from tests.rehearsals.command_run import SHORT, recordings, run
from tests.rehearsals.live_run import LiveRun, films
from tests.training.tiny import crops

Found = TypeVar("Found")
TINY_TRAINING = (
    *("--epochs", "1", "--schedule.warmup_epochs", "0", "--start.freeze_epochs", "0", "--data.height", "32"),
    *("--data.width", "16", "--data.held_out", "3", "--data.workers", "0", "--batch.people", "3"),
    *("--batch.frames", "2", "--threads", "1", "--device", "cpu"),
)


@contextmanager
def small_disk(folder: Path, mib: float) -> Iterator[Path]:
    """A file system of so many MiB."""
    folder.mkdir()
    size = f"size={int(mib * 1024)}k"
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], check=True, capture_output=True
    )
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)


def _fill(disk: Path, keep_kib: int = 0) -> Path:
    """A file that takes what is left but so much."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass
        file.truncate(max(0, file.tell() - keep_kib * 1024))
    return filler


def video(folder: Path) -> str:
    """Cameras that were finished stay, and the command finishes once there is room."""
    (film,) = recordings(folder / "in")
    with small_disk(folder / "disk", 1.0) as disk:
        filler = disk / "filler"
        filler.write_bytes(b"\0" * 700_000)
        said = run("video", film, "--end", "6", "--output", disk / "out").refused(str(disk), "full")
        filler.unlink()
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        run("video", film, "--end", "6", "--output", disk / "out").done()
    return said


def training(folder: Path) -> str:
    with small_disk(folder / "disk", 0.3) as disk:
        words = ("train", crops(folder / "crops"), *TINY_TRAINING, "--output", disk / "out")
        return run(*words).refused(str(disk), "full")


def gallery(folder: Path) -> str:
    """A gallery on a full disk stays whole, and says so."""
    (film,) = recordings(folder / "in")
    with small_disk(folder / "disk", 8) as disk:
        site = disk / "site.db"
        run("video", film, *SHORT, "--gallery", site, "--output", folder / "out").done()
        before = run("gallery", "list", site).done().said
        filler = _fill(disk)
        said = run("gallery", "rename", site, "P0001", "Ada" * 2000).refused("site.db", "No space left")
        filler.unlink()
        assert run("gallery", "list", site).done().said == before
        run("gallery", "rename", site, "P0001", "Ada").done()
    return said


def live(folder: Path) -> str:
    """/health says that the disk is full, the site goes on, and events come once there is room."""
    with small_disk(folder / "disk", 24) as disk:
        site = LiveRun(films(), disk / "live", [])
        try:
            site.wait_for_frames()
            filler = _fill(disk)
            health = _until(lambda: (found := _health(site))[0] == 503 and "full" in found[1] and found[1])
            told = len(site.metrics())
            assert told, "the page does not answer on a full disk"
            before = len(_whole_lines(disk / "live" / "events.jsonl"))
            filler.unlink()
            _until(lambda: _health(site)[0] == 200)
            _until(lambda: len(_whole_lines(disk / "live" / "events.jsonl")) > before)
            code, _ = site.stop()
            assert code == 0, code
            numbers = sorted(int(one["id"].rpartition("-")[2]) for one in site.events())
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "an event is missing"
        finally:
            site.kill()
    return f"/health: {health}; after it {len(numbers)} events, none missing"


def _health(site: LiveRun) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(site.page() + "/health", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def _whole_lines(path: Path) -> list[object]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


def _until(condition: Callable[[], Found], most_s: float = 60.0) -> Found:
    until = time.monotonic() + most_s
    while not (found := condition()):
        if time.monotonic() > until:
            raise AssertionError("what was waited for did not come")
        time.sleep(0.3)
    return found


FAULTS: dict[str, Callable[[Path], str]] = {
    "a full disk: video": video,
    "a full disk: train": training,
    "a full disk: gallery": gallery,
    "a full disk: live": live,
}
