"""How often an identity jumps within one camera, in results of `reid video`.

    python -m tests.benchmarks.impossible_links RESULTS [--truth FOLDER] [--output FILE.json]

A jump: two detected boxes of one person and camera, one after the other, whose centres lie more than one body height
apart, at more than two body heights a second. A change of size: their heights differ more than 1.6 times within a
second. Filled boxes are left out: they spread a jump over many frames. What happens inside one tracklet is the
tracker's, what happens between two of them is linking's.

With truth (as `reid evaluate` reads it) pairs of tracklets of one camera are counted too: joined though they are two
people, and of one person but kept apart.
"""

import argparse
import csv
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid.evaluation.ceiling import majority_people
from reid.evaluation.mot import TrackTable, read_mot, table
from reid.linking.constraints import apart
from reid.linking.motion import impossible, learned
from reid.outputs.artefact import load_tracklets
from reid.types import Tracklet
from tests.benchmarks.jobs import Report
from tests.benchmarks.jobs import table as text_table

FAR, FAST = 1.0, 2.0  # body heights; body heights a second
RATIO, SOON_S = 1.6, 1.0
COUNTS = ("jumps", "jumps_in_tracklets", "size_changes", "size_changes_in_tracklets")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Path2D:
    """Boxes of one person in one camera, by time; of boxes at one time the surest."""

    times_s: NDArray[np.float64]  # (N,)
    boxes: NDArray[np.float32]  # (N, 4)
    tracks: NDArray[np.int64]  # (N,) the tracklet of each


def path_of(tracklets: Sequence[Tracklet]) -> Path2D:
    times_s = np.concatenate([one.times_s for one in tracklets])
    scores = np.concatenate([one.scores for one in tracklets])
    order = np.lexsort((-scores, times_s))
    order = order[np.concatenate([[True], np.diff(times_s[order]) > 0])]
    return Path2D(
        times_s=times_s[order],
        boxes=np.concatenate([one.boxes for one in tracklets])[order],
        tracks=np.concatenate([np.full(len(one.frames), one.track_id) for one in tracklets])[order],
    )


def counts(path: Path2D) -> Report:
    """How often the person of a path jumps and changes size."""
    boxes = path.boxes.astype(np.float64)
    heights = boxes[:, 3] - boxes[:, 1]
    step_s, height = np.diff(path.times_s), np.maximum(heights[1:], heights[:-1])
    far = np.hypot(*np.diff((boxes[:, :2] + boxes[:, 2:]) / 2, axis=0).T) / np.maximum(height, 1)
    jump = (far > FAR) & (far > FAST * step_s)
    change = np.abs(np.diff(np.log(np.maximum(heights, 1)))) > np.log(RATIO)
    change &= step_s <= SOON_S
    within = np.diff(path.tracks) == 0
    return dict(
        zip(
            COUNTS,
            (int(found.sum()) for found in (jump, jump & within, change, change & within)),
            strict=True,
        )
    )


def persons(results: Path) -> dict[tuple[str, int], int]:
    """Person of each tracklet, by camera and track id."""
    with (results / "tracklets.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["person_id"]]
    return {(row["camera"], int(row["track_id"])): int(row["person_id"]) for row in rows}


def pairs(tracklets: Sequence[Tracklet], person: Mapping[int, int], true: TrackTable) -> Report:
    """Pairs of tracklets of one camera against the truth; those that cover no person of it are left out."""
    boxes = table(
        np.concatenate([one.frames + 1 for one in tracklets]),
        np.concatenate([np.full(len(one.frames), one.track_id) for one in tracklets]),
        np.concatenate([one.boxes for one in tracklets]),
    )
    people = majority_people({"": true}, {"": boxes}, iou=0.5, visibility=0.0)[""]
    told = [one for one in tracklets if people.get(one.track_id) is not None and one.track_id in person]
    met, refused = apart(told, {}), impossible(told, learned(told))
    found = dict.fromkeys(("one_person", "two_people", "joined_wrongly", "missed", "refused", "wrongly"), 0)
    for a, b in combinations(range(len(told)), 2):
        first, second = told[a].track_id, told[b].track_id
        same, joined = people[first] == people[second], person[first] == person[second]
        found["one_person" if same else "two_people"] += 1
        found["joined_wrongly"] += joined and not same
        found["missed"] += same and not joined
        by_motion = bool(refused[a, b] and not met[a, b])
        found["refused"] += by_motion
        found["wrongly"] += by_motion and same
    return found


def measure(results: Path, truth: Path | None) -> Report:
    person, report = persons(results), Report()
    for artefact in sorted((results / "cameras").glob("*.npz")):
        tracklets, _ = load_tracklets(artefact)
        if not tracklets:
            continue
        name = tracklets[0].camera_id
        by_person: dict[int, list[Tracklet]] = {}
        own = {track: who for (camera, track), who in person.items() if camera == name}
        for one in tracklets:
            if one.track_id in own:
                by_person.setdefault(own[one.track_id], []).append(one)
        found = [counts(path_of(group)) for group in by_person.values()]
        report[name] = {key: sum(one[key] for one in found) for key in COUNTS}
        report[name] |= {"tracklets": len(tracklets), "people": len(by_person)}
        if truth is not None:
            file = next(
                truth / f"{name}{end}" for end in ("_gt.txt", ".txt") if (truth / f"{name}{end}").exists()
            )
            report[name]["pairs"] = pairs(tracklets, own, read_mot(file))
    total = {key: sum(one[key] for one in report.values()) for key in COUNTS}
    return {"cameras": report, "all": total | {"people": len(set(person.values()))}}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("results", type=Path, help="folder that `reid video` has written")
    parser.add_argument("--truth", type=Path, metavar="FOLDER")
    parser.add_argument("--output", type=Path, metavar="FILE.json")
    told = parser.parse_args(argv)
    report = measure(told.results, told.truth)
    if told.output:
        told.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    rows = [[name, *(found[key] for key in COUNTS)] for name, found in report["cameras"].items()]
    print(text_table(("camera", *COUNTS), [*rows, ["all", *(report["all"][key] for key in COUNTS)]]))
    for name, found in report["cameras"].items():
        if "pairs" in found:
            print(name, "pairs of tracklets:", ", ".join(f"{key} {n}" for key, n in found["pairs"].items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
