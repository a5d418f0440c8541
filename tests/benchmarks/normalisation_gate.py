"""What camera normalisation costs where a camera sees few people, or people who look alike, with and without gate.

`python -m tests.benchmarks.normalisation_gate --set market1501=FOLDER --output gate.json`. Of a data set in
Market-1501's layout one camera after the other sees only some of its people: drawn at random, or those who look most
like one of them (staff in uniform are an extreme of that). The other cameras see everybody. Average precision is that
of the camera's tracklets in the gallery of all tracklets of the other cameras, compared as linking does.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reid.camera_config import EncoderConfig
from reid.camera_normalisation import CameraNormalisation
from reid.distance import pairwise, unit
from reid.embedding.build import build_encoder
from reid.embedding.encoder import Encoder
from reid.embedding.features import extract
from reid.embedding.normalisation import of_camera
from reid.linking.means import means
from reid.linking.normalisation_gate import judge
from reid.linking.policy_choice import choose_policy
from reid.shipped_weights import located
from reid.types import Array, Embeddings
from tests.benchmarks.crops_of_sites import of_set
from tests.benchmarks.jobs import Report, machine, table, versions

COUNTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 48)
DRAWS = 12
Kind = Literal["any", "alike"]
KINDS: tuple[Kind, ...] = ("any", "alike")


class Passages:
    """Tracklets of a data set, with person and camera of each."""

    def __init__(self, root: Path, encoder: Encoder, weights: Path) -> None:
        crops, policy = of_set("", root, None), choose_policy(weights, encoder.encoder_id)
        if policy.centre is None:
            raise SystemExit(f"{weights}: has no calibration")
        vectors = extract(crops.paths, encoder)
        shown = [rows for rows in _groups(crops.tracklets) if crops.persons[rows[0]] >= 0]
        self.given = [Embeddings(vectors=vectors[rows], encoder_id=encoder.encoder_id) for rows in shown]
        self.persons = np.array([crops.persons[rows[0]] for rows in shown])
        self.cameras = np.array([str(crops.cameras[rows[0]]) for rows in shown])
        self.centre, self._max_distance = policy.centre, policy.max_distance

    def gathered(self, camera: str, rows: Sequence[int]) -> CameraNormalisation:
        """The normalisation of a camera by some of its tracklets."""
        return of_camera(camera, [self.given[row] for row in rows], self.centre, self._max_distance)

    def compared(self, rows: Sequence[int], by: CameraNormalisation | None) -> Array:
        """(N, D) tracklets as linking compares them."""
        own = [self.given[row] for row in rows]
        return means(own if by is None else [by.apply(one) for one in own], self.centre)


def _groups(numbers: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    order = np.argsort(numbers, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1)


def precision(distances: Array, right: NDArray[np.bool_]) -> float:
    """Mean average precision of rows (N, M) that have a right answer."""
    found = []
    for row, good in zip(distances, right, strict=True):
        ranks = np.flatnonzero(good[np.argsort(row, kind="stable")]) + 1
        if len(ranks):
            found.append(float(np.mean(np.arange(1, len(ranks) + 1) / ranks)))
    return float(np.mean(found))


def trials(seen: Passages, seed: int, draws: int) -> Iterator[Report]:
    """Every camera, kind and number of people, `draws` times."""
    rng = np.random.default_rng(seed)
    for camera in np.unique(seen.cameras).tolist():
        rest = np.flatnonzero(seen.cameras != camera)
        others = {
            name: seen.gathered(name, np.flatnonzero(seen.cameras == name).tolist())
            for name in np.unique(seen.cameras[rest]).tolist()
        }
        gallery = np.concatenate([seen.compared([row], others[seen.cameras[row]]) for row in rest.tolist()])
        people = np.intersect1d(seen.persons[seen.cameras == camera], seen.persons[rest])
        looks = unit(np.stack([gallery[seen.persons[rest] == one].mean(axis=0) for one in people]))
        near = np.argsort(pairwise(looks, looks), axis=1)
        for kind in KINDS:
            for count in (count for count in COUNTS if count <= len(people)):
                for _ in range(draws):
                    who = rng.permutation(len(people))[:count]
                    chosen = people[who if kind == "any" else near[who[0], :count]]
                    own = np.flatnonzero((seen.cameras == camera) & np.isin(seen.persons, chosen))
                    found = _trial(
                        seen, own, rest, others | {camera: seen.gathered(camera, own.tolist())}, gallery
                    )
                    yield {"kind": kind, "people": count, **found}


def _trial(
    seen: Passages,
    own: NDArray[np.int64],
    rest: NDArray[np.int64],
    gathered: dict[str, CameraNormalisation],
    gallery: Array,
) -> Report:
    camera = seen.cameras[own[0]]
    rows = [*own.tolist(), *rest.tolist()]
    decided = judge([seen.given[row] for row in rows], seen.cameras[rows].tolist(), gathered, seen.centre)
    right = seen.persons[own, None] == seen.persons[rest]
    plain, moved = (
        100 * precision(pairwise(seen.compared(own.tolist(), by), gallery), right)
        for by in (None, gathered[camera])
    )
    accepted = decided[camera].accepted
    return {
        "accepted": accepted,
        "mAP": plain,
        "without_gate": moved - plain,
        "with_gate": (moved - plain) * accepted,
        "others_refused": sum(not one.accepted for one in decided.values()) - (not accepted),
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--encoder", type=Path, default=Path("shipped:reid-lite1"))
    parser.add_argument("--set", action="append", required=True, metavar="NAME=FOLDER")
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args(argv)
    weights = located(told.encoder, "encoder")
    encoder = build_encoder(EncoderConfig(weights=weights))
    rows: list[Report] = []
    for text in told.set:
        name, _, root = text.partition("=")
        found = list(trials(Passages(Path(root), encoder, weights), told.seed, told.draws))
        for kind, count in sorted({(one["kind"], one["people"]) for one in found}, key=str):
            own = [one for one in found if (one["kind"], one["people"]) == (kind, count)]
            figures = {
                key: round(float(np.mean([one[key] for one in own])), 2)
                for key in ("accepted", "mAP", "without_gate", "with_gate", "others_refused")
            }
            rows.append({"set": name, "kind": kind, "people": count, "trials": len(own), **figures})
    content = {
        "machine": machine(None),
        "versions": versions("reidentify", "numpy"),
        "encoder": str(told.encoder),
        "seed": told.seed,
        "rows": rows,
    }
    told.output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(table(tuple(rows[0]), [tuple(row.values()) for row in rows]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
