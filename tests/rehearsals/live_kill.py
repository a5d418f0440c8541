"""Kills `reid live` at random moments: what it told must be true, and people must keep their ids.

    python -m tests.rehearsals.live_kill --output kill.json --kills 10 --seed 0

The three rendered films are played as live cameras, all over one gallery and into one folder: once undisturbed,
then once for each kill (SIGKILL to the whole process group, at a moment drawn from all of the program's life,
loading included), then undisturbed again. After each kill: SQLite finds the gallery sound; journal, sightings and
people agree (see `live_gallery`); events.jsonl has whole lines only, no event twice, and names nobody whom the
gallery never had. At the end: how much of the last run is of people known before it, and how often a passage that
the first run had too shows the same person.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.jobs import Report, table
from tests.rehearsals.live_gallery import check, kept_ids
from tests.rehearsals.live_run import FILM_S, LiveRun, about, conclude, films

KNOWN, SAME = 0.9, 0.8  # shares at least


def start(folder: Path) -> LiveRun:
    return LiveRun(films(), folder / "live", [f"--gallery={folder / 'site.db'}"])


def undisturbed(folder: Path) -> Report:
    """To the films' end; how long it took until frames came."""
    run = start(folder)
    try:
        run.wait_for_frames()
        loading_s = time.monotonic() - run.started
        run.wait(4 * FILM_S)
    finally:
        run.kill()
    return {"loading_s": round(loading_s, 2)} | check(folder / "site.db", folder / "live")


def kill_one(folder: Path, second: float) -> Report:
    """Killed so many seconds after its start; what was wrong then, if anything."""
    run = start(folder)
    time.sleep(max(0.0, run.started + second - time.monotonic()))
    over = run.process.poll() is not None
    run.kill()
    report: Report = {"second": round(second, 2), "over_before": over, "wrong": ""}
    try:
        report |= check(folder / "site.db", folder / "live")
    except Exception as error:
        report["wrong"] = f"{type(error).__name__}: {error}"
    return report


def rehearse(folder: Path, kills: int, seed: int) -> Report:
    rng, first = random.Random(seed), undisturbed(folder)
    print(first, file=sys.stderr, flush=True)
    report: Report = {"seed": seed, "first": first, "kills": []}
    for _ in range(kills):
        second = rng.uniform(0.2 * first["loading_s"], first["loading_s"] + FILM_S - 1)
        report["kills"].append(kill_one(folder, second))
        print(report["kills"][-1], file=sys.stderr, flush=True)
    report["last"] = undisturbed(folder)
    return report | {"ids": kept_ids(folder / "site.db")}


def missed(report: Report) -> Iterator[str]:
    for number, one in enumerate(report["kills"], 1):
        if one["wrong"]:
            yield f"kill {number}: {one['wrong']}"
    ids = report["ids"]
    if ids["share_of_seconds_of_known_people"] < KNOWN:
        yield f"{ids['share_of_seconds_of_known_people']:.0%} of the last run is of known people, not {KNOWN:.0%}"
    if (ids["share_with_the_same_id"] or 0.0) < SAME:
        yield f"{ids['share_with_the_same_id']} of the passages show the same person, not {SAME:.0%}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    report = about()
    with tempfile.TemporaryDirectory() as folder:
        report |= rehearse(Path(folder), told.kills, told.seed)
    head = ("second", "over_before", "people", "sightings", "journal", "events", "wrong")
    print(table(head, [[one.get(name) for name in head] for one in report["kills"]]))
    print(f"ids: {report['ids']}")
    return conclude(told.output, report, missed(report))


if __name__ == "__main__":
    sys.exit(main())
