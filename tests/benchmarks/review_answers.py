"""What the answers of a reviewer are worth: an oracle answers the queue of review from the truth.

    python -m tests.benchmarks.review_answers RESULTS... --truth FOLDER... [--random SEEDS] [--output FILE.json]

The results of `reid video` are linked again into a gallery of their own, with their own settings, and reviewed there.
The oracle says yes where both sides of a question cover mostly one true person. After every answer the boxes of all
cameras are scored as `reid evaluate` scores them. The ceiling is what the same tracklets would reach if each were
given the true person that it covers most. Beside it two random orders, in which any open question is as likely as any
other: of the questions that the queue would ask, and of all that could be asked.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from pipelines.recordings.results import FILL_GAP_S
from reid.config import LinkingConfig
from reid.evaluation.ceiling import majority_people
from reid.evaluation.counting import counting
from reid.evaluation.idf1 import identities
from reid.evaluation.mot import TrackTable, read_mot, table
from reid.evaluation.overlap import join, overlaps
from reid.linking import calibration as calibrations
from reid.linking.policy_choice import choose_policy
from reid.outputs.artefact import load_tracklets
from reid.outputs.folder import ResultsFolder
from reid.outputs.mot import camera_tracks
from reid.review.answers import Review
from reid.review.questions import questions
from reid.review.records import Question, ResultsAtHand
from reid.review.site import ReviewSite
from reid.site import link_site
from reid.store.base import Store
from reid.store.opening import open_store
from reid.text_file import read_json
from reid.types import Match, Tracklet, TrackletKey
from tests.benchmarks.jobs import Report
from tests.benchmarks.jobs import table as text_table

SHOWN = (0, 10, 30, 100)
MOST = 300  # answers
ENOUGH = 0.99  # of the ceiling
IOU = 0.5
Choice = Callable[[Sequence[Question]], Question]
Ask = Callable[[ReviewSite], list[Question]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """Results with their truth."""

    root: Path
    tracklets: list[Tracklet]
    frames: Mapping[str, tuple[np.ndarray, np.ndarray]]
    truth: Mapping[str, TrackTable]
    people: Mapping[TrackletKey, int]  # the true person of each tracklet that covers one
    encoder_id: str
    linking: LinkingConfig
    ceiling: float = 0.0

    @property
    def count(self) -> int:
        """True people."""
        return len(np.unique(np.concatenate([one.ids for one in self.truth.values()])))

    def idf1(self, person_of: Mapping[TrackletKey, int]) -> float:
        """Global IDF1 of these people."""
        matches = [_match_of(one, person_of.get(one.key)) for one in self.tracklets]
        linked = {}
        for name, (frames, times_s) in self.frames.items():
            boxes = camera_tracks(
                name, self.tracklets, matches, fill_gap_s=FILL_GAP_S, frames=frames, times_s=times_s
            )
            linked[name] = table(boxes.frames + 1, boxes.person_ids, boxes.boxes, confidences=boxes.scores)
        parts = [
            overlaps(*counting(self.truth[name], linked[name], visibility=0.0)[:2]) for name in sorted(linked)
        ]
        return identities(join(parts, local_ids=False), iou=IOU).idf1


def load(root: Path, truth: Path) -> Recording:
    """The results of a folder, their truth and the ceiling of both."""
    run = read_json(root / "run.json", "what `reid video` writes")
    tracklets: list[Tracklet] = []
    frames, true = {}, {}
    for name in run["cameras"]:
        own, meta = load_tracklets(ResultsFolder(root).camera(name))
        tracklets += own
        frames[name] = np.array(meta["frames"], dtype=np.int64), np.array(meta["times_s"])
        file = next(
            truth / f"{name}{end}" for end in ("_gt.txt", ".txt") if (truth / f"{name}{end}").exists()
        )
        boxes = read_mot(file)
        true[name] = boxes.select(np.isin(boxes.frames, frames[name][0] + 1))
    recording = Recording(
        root=root,
        tracklets=tracklets,
        frames=frames,
        truth=true,
        people=_people_of(true, tracklets),
        encoder_id=run["encoder_id"],
        linking=LinkingConfig.model_validate(run["config"]["linking"]),
    )
    return replace(recording, ceiling=recording.idf1(_perfect(recording)))


def _people_of(truth: Mapping[str, TrackTable], tracklets: Sequence[Tracklet]) -> dict[TrackletKey, int]:
    found = {}
    for name in truth:
        own = [one for one in tracklets if one.camera_id == name]
        boxes = table(
            np.concatenate([one.frames + 1 for one in own]),
            np.concatenate([np.full(len(one.frames), one.track_id) for one in own]),
            np.concatenate([one.boxes for one in own]),
        )
        people = majority_people({name: truth[name]}, {name: boxes})[name]
        found |= {one.key: people[one.track_id] for one in own if one.track_id in people}
    return found


def _perfect(recording: Recording) -> dict[TrackletKey, int]:
    """The true person of each tracklet; those that cover none are people of their own."""
    alone = 1 + max(recording.people.values(), default=0)
    return {
        one.key: recording.people.get(one.key, alone + row) for row, one in enumerate(recording.tracklets)
    }


def _match_of(one: Tracklet, person_id: int | None) -> Match:
    return Match(
        tracklet=one.key, person_id=person_id, distance=None, runner_up_id=None, runner_up_distance=None
    )


def reviewed(
    recording: Recording, choose: Choice, *, ask: Ask = questions, most: int = MOST
) -> tuple[list[float], list[Question]]:
    """Global IDF1 after 0, 1, 2 ... answers of the oracle to the questions that `choose` takes, to the end."""
    with tempfile.TemporaryDirectory() as folder:
        gallery = Path(folder) / "site.db"
        with open_store(gallery, encoder_id=recording.encoder_id) as store:
            review = Review(opened(recording, store), ask=ask)
            known = _people(review.site)
            scores, asked = [recording.idf1(known)], []
            while (left := review.questions()) and len(asked) < most:
                question = choose(left)
                review.answer(question.id, "yes" if truly(recording, review.site, question) else "no")
                asked.append(question)
                known, former = _people(review.site), known
                scores.append(scores[-1] if known == former else recording.idf1(known))
            return scores, asked


def opened(recording: Recording, store: Store) -> ReviewSite:
    """The recording linked into an empty gallery, under review."""
    policy = choose_policy(None, recording.encoder_id, recording.linking)
    names = list(recording.frames)
    started = datetime(2026, 1, 1, tzinfo=UTC)
    link_site(recording.tracklets, policy, store, run_id="run", started=started, cameras=names)
    path = calibrations.find(None, recording.encoder_id)
    return ReviewSite.open(
        store,
        [ResultsAtHand(root=recording.root, run_id="run", cameras=tuple(names))],
        calibration=None if path is None else calibrations.load(path, recording.encoder_id),
        max_distance=policy.max_distance,
    )


def _people(site: ReviewSite) -> dict[TrackletKey, int]:
    return {one.key: one.person_id for one in site.tracklets()}


def truly(recording: Recording, site: ReviewSite, question: Question) -> bool:
    """Whether both sides cover mostly one true person."""
    one, other = (_most(recording, site, side) for side in (question.one, question.other))
    return one is not None and one == other


def _most(recording: Recording, site: ReviewSite, side: Sequence[str]) -> object:
    """The true person whom the tracklets of a side cover longest; None: no one."""
    seconds: dict[object, float] = {}
    for name in side:
        tracklet = site.tracklet(name)
        who = recording.people.get(tracklet.key)
        seconds[who] = seconds.get(who, 0.0) + tracklet.end_s - tracklet.start_s
    return max(seconds, key=lambda who: seconds[who])


def at(scores: Sequence[float], answers: int) -> float:
    """The score after so many answers; of a queue that was empty before, its last."""
    return scores[min(answers, len(scores) - 1)]


def needed(scores: Sequence[float], wanted: float) -> int | None:
    """Answers until a score is reached; None: never."""
    return next((number for number, one in enumerate(scores) if one >= wanted), None)


def measure(recording: Recording, seeds: int) -> Report:
    """The queue beside random orders, whose figures are means over seeds."""
    scores, asked = reviewed(recording, lambda left: left[0])
    wanted = ENOUGH * recording.ceiling
    report = {
        "results": str(recording.root),
        "people": recording.count,
        "tracklets": len(recording.tracklets),
        "ceiling_idf1": recording.ceiling,
        "wanted_idf1": wanted,
        "queue": of_runs([scores], wanted),
        "asked": [{"kind": one.kind, "worth": one.worth, "belief": one.belief} for one in asked],
    }
    for name, ask in (("random", questions), ("random, all", everything)):
        runs = [reviewed(recording, at_random(seed), ask=ask)[0] for seed in range(seeds)]
        report[name] = of_runs(runs, wanted)
    return report


def everything(site: ReviewSite) -> list[Question]:
    """All that could be asked: every pair of people, every part of a person."""
    return questions(site, least_doubt=0.0, nearest=None)


def at_random(seed: int) -> Choice:
    """Any open question, as likely as any other."""
    rng = np.random.default_rng(seed)
    return lambda left: left[rng.integers(len(left))]


def of_runs(runs: Sequence[Sequence[float]], wanted: float) -> Report:
    """Mean scores after some numbers of answers; the median of the answers until enough, of runs that get there."""
    each = [needed(one, wanted) for one in runs]
    reached = [one for one in each if one is not None]
    return {
        "idf1": {str(n): float(np.mean([at(one, n) for one in runs])) if runs else None for n in SHOWN},
        "answers": [len(one) - 1 for one in runs],
        "needed": float(np.median(reached)) if reached else None,
        "needed_each": each,
        "curves": [list(one) for one in runs],
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("results", type=Path, nargs="+", help="folders that `reid video` has written")
    parser.add_argument("--truth", type=Path, nargs="+", required=True, metavar="FOLDER", help="one for each")
    parser.add_argument("--random", type=int, default=10, metavar="SEEDS")
    parser.add_argument("--output", type=Path, metavar="FILE.json")
    told = parser.parse_args(argv)
    reports = [
        measure(load(root, truth), told.random) for root, truth in zip(told.results, told.truth, strict=True)
    ]
    if told.output:
        told.output.write_text(json.dumps(reports, indent=1) + "\n", encoding="utf-8")
    rows = []
    for one in reports:
        for order in ("queue", "random", "random, all"):
            own = one[order]
            shown = [None if value is None else f"{100 * value:.1f}" for value in own["idf1"].values()]
            got = f"{sum(n is not None for n in own['needed_each'])} of {len(own['needed_each'])}"
            name = Path(one["results"]).name
            rows.append(
                [name, one["people"], order, *shown, f"{100 * one['ceiling_idf1']:.1f}", own["needed"], got]
            )
    head = (
        "results",
        "people",
        "order",
        *(f"IDF1 after {n}" for n in SHOWN),
        "ceiling",
        f"answers to {ENOUGH}",
        "runs that got there",
    )
    print(text_table(head, rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
