"""Overlapping cameras and travel times: links across cameras with and without them, on a finished run with truth.

    python -m tests.benchmarks.between_cameras RESULTS --truth FOLDER
    python -m tests.benchmarks.between_cameras RESULTS --truth FOLDER --uniforms 1 --seeds 10

RESULTS is what `reid video` or `reid demo` wrote; FOLDER holds CAMERA_gt.txt. With --uniforms, so many pairs of
people are dressed alike: every tracklet of the second gets the vectors of one of the first's, of the same camera
where there is one. Prints JSON: pairs of tracklets linked rightly and wrongly, at once in two cameras among them,
pairs refused, and those of one person among these.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from reid.comparable import comparable
from reid.evaluation.ceiling import majority_people
from reid.evaluation.mot import TrackTable, read_mot
from reid.linking import offline, overlap
from reid.linking.between import between_cameras
from reid.linking.offline import link
from reid.linking.policy import LinkingPolicy
from reid.linking.policy_choice import choose_policy
from reid.outputs.artefact import load_tracklets
from reid.shipped_weights import default_encoder
from reid.types import Tracklet

WAYS: Mapping[str, tuple[bool, float]] = {
    "before": (False, 0.0),
    "refusals only": (True, 0.0),
    "refusals and nearness": (True, overlap.GREATEST_CHANGE),
}


def tracklets_of(results: Path, truth: Path) -> tuple[list[Tracklet], NDArray[np.int64], str]:
    """A run's tracklets, the true person that each covers most (0: none), and the encoder's id."""
    run = json.loads((results / "run.json").read_text(encoding="utf-8"))
    found = {name: load_tracklets(results / "cameras" / f"{name}.npz")[0] for name in run["cameras"]}
    true = {name: read_mot(truth / f"{name}_gt.txt") for name in found}
    boxes = {name: _boxes(own) for name, own in found.items()}
    people = majority_people(true, boxes, iou=0.5, visibility=0.0)
    every = [t for own in found.values() for t in own]
    known = [people[t.camera_id].get(t.track_id) or 0 for t in every]
    return every, np.array(known, dtype=np.int64), str(run["encoder_id"])


def _boxes(tracklets: Sequence[Tracklet]) -> TrackTable:
    from pipelines.recordings.score_ceiling import _table

    return _table(list(tracklets))


def dressed_alike(
    tracklets: Sequence[Tracklet], people: NDArray[np.int64], pairs: int, seed: int
) -> list[Tracklet]:
    """The same tracklets, `pairs` pairs of people wearing the same."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(sorted(set(people[people > 0].tolist())))[: 2 * pairs].reshape(-1, 2)
    dressed = list(tracklets)
    for model, copy in chosen.tolist():
        of_model = [t for t, who in zip(tracklets, people, strict=True) if who == model]
        for place in np.flatnonzero(people == copy).tolist():
            one = dressed[place]
            like = [t for t in of_model if t.camera_id == one.camera_id] or of_model
            worn = like[int(rng.integers(len(like)))]
            dressed[place] = replace(
                one,
                embeddings=worn.embeddings,
                moments_s=np.resize(one.moments_s, len(worn.embeddings)),
                qualities=worn.qualities,
                crops=worn.crops,
            )
    return dressed


def count(
    tracklets: Sequence[Tracklet],
    people: NDArray[np.int64],
    policy: LinkingPolicy,
    learn: bool,
    change: float,
) -> dict[str, Any]:
    """Links of one way of linking against the truth."""
    overlap.GREATEST_CHANGE = change
    policy = replace(policy, learn_between=learn)
    compared = comparable(tracklets, policy.centre, policy.max_distance).tracklets
    linking = link(compared, policy)
    ids = np.array([match.person_id for match in linking.matches])
    known = people > 0
    both = np.triu(known[:, None] & known[None, :], 1)
    one, linked = people[:, None] == people[None, :], ids[:, None] == ids[None, :]
    sizes = np.array([len(t.frames) for t in tracklets])
    covered = np.zeros((ids.max() + 1, people.max() + 1))
    np.add.at(covered, (ids[known], people[known]), sizes[known])
    best = linear_sum_assignment(-covered)
    found: dict[str, Any] = {
        "people": len(set(ids.tolist())),
        "wrong_links": int((both & linked & ~one).sum()),
        "right_links": int((both & linked & one).sum()),
        "missed_links": int((both & ~linked & one).sum()),
        "wrong_at_once": int((both & linked & ~one & _at_once(tracklets)).sum()),
        "missed_at_once": int((both & ~linked & one & _at_once(tracklets)).sum()),
        "boxes_right": round(100 * float(covered[best].sum() / sizes[known].sum()), 2),
    }
    if learn:
        order = sorted(range(len(compared)), key=lambda i: (compared[i].start_s, compared[i].key))
        refused = _refused([compared[i] for i in order], policy)
        same = one[np.ix_(order, order)] & both[np.ix_(order, order)]
        found["pairs_refused"], found["pairs_refused_wrongly"] = (
            int(refused.sum()),
            int((refused & same).sum()),
        )
        found["cameras"] = {"-".join(p.cameras): [p.answer, *p.why] for p in linking.between}
    return found


def _at_once(tracklets: Sequence[Tracklet]) -> NDArray[np.bool_]:
    """(N, N) pairs that two cameras see at the same time."""
    starts, ends = np.array([t.start_s for t in tracklets]), np.array([t.end_s for t in tracklets])
    cameras = np.array([t.camera_id for t in tracklets])
    shared = np.minimum(ends[:, None], ends) > np.maximum(starts[:, None], starts)
    return np.asarray(shared & (cameras[:, None] != cameras))


def _refused(ordered: Sequence[Tracklet], policy: LinkingPolicy) -> NDArray[np.bool_]:
    means = offline.means([t.embeddings for t in ordered], policy.centre)
    distances = offline.pairwise(means, means).astype(np.float64)
    distances *= offline._scales(ordered, 0, policy.camera_scales)
    found = between_cameras(
        ordered, distances, policy.max_distance, min_travel_s={}, same_ground={}, learn=True
    )
    return np.asarray(np.triu(found.apart, 1))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--uniforms", type=int, default=0, metavar="PAIRS")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--max-distance", type=float)
    told = parser.parse_args(argv)
    tracklets, people, encoder_id = tracklets_of(told.results, told.truth)
    policy = choose_policy(default_encoder(), encoder_id)
    if told.max_distance is not None:
        policy = replace(policy, max_distance=told.max_distance)
    report: dict[str, Any] = {
        "max_distance": policy.max_distance,
        "uniforms": told.uniforms,
        "seeds": told.seeds,
    }
    for name, (learn, change) in WAYS.items():
        rows = [
            count(dressed_alike(tracklets, people, told.uniforms, seed), people, policy, learn, change)
            for seed in range(told.seeds)
        ]
        mean = {
            k: round(float(np.mean([row[k] for row in rows])), 2)
            for k, v in rows[0].items()
            if k != "cameras"
        }
        known = sum("overlapping" in [a for a, *_ in row.get("cameras", {}).values()] for row in rows)
        report[name] = mean | (
            {"runs_with_common_ground": known, "cameras": rows[0]["cameras"]} if learn else {}
        )
    print(json.dumps(report, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
