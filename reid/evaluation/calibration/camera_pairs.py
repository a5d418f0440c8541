"""A threshold of its own for every pair of cameras that was seen often enough."""

from dataclasses import dataclass

import numpy as np

from reid.evaluation.calibration.counts import EDGES
from reid.evaluation.calibration.labelled import DISTRACTOR, Items
from reid.evaluation.calibration.points import EVENTS
from reid.evaluation.retrieval.distances import CosineRows
from reid.evaluation.retrieval.labels import Labelled
from reid.evaluation.retrieval.pairs import pair_counts

GENUINE_PAIRS = 100
PEOPLE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraPair:
    """Tracklets of one camera against those of another."""

    cameras: tuple[str, str]  # sorted names
    people: int  # who were seen by both
    genuine_pairs: int
    impostor_pairs: int
    distance: float | None  # the largest with at most the asked impostor rate; None: not enough data to say
    genuine_rate: float | None  # share of genuine pairs within it
    global_genuine_rate: float  # shares within the distance that holds for all cameras
    global_impostor_rate: float


def camera_pairs(
    items: Items, names: tuple[str, ...], *, impostor_rate: float, max_distance: float
) -> list[CameraPair]:
    """Every pair of different cameras of one data set that shares people, with a distance where data suffice.

    The distance keeps the impostor rate of the global threshold: two dark cameras, where all people look alike,
    get a smaller one. Needed are GENUINE_PAIRS genuine pairs of PEOPLE people, and impostor pairs enough that
    EVENTS of them can be expected within the distance.
    """
    found = []
    for a in range(len(names)):
        for b in range(a + 1, len(names)):
            pair = _pair(items, (a, b), (names[a], names[b]), impostor_rate, max_distance)
            if pair is not None:
                found.append(pair)
    return sorted(found, key=lambda pair: pair.cameras)


def _pair(
    items: Items, cameras: tuple[int, int], names: tuple[str, str], rate: float, max_distance: float
) -> CameraPair | None:
    query = np.flatnonzero((items.cameras == cameras[0]) & (items.persons != DISTRACTOR))
    gallery = np.flatnonzero((items.cameras == cameras[1]) & (items.persons != DISTRACTOR))
    shared = np.intersect1d(items.persons[query], items.persons[gallery])
    if not len(shared):
        return None
    counts = pair_counts(
        CosineRows(items.vectors[query], items.vectors[gallery]),
        Labelled(persons=items.persons[query], cameras=items.cameras[query]),
        Labelled(persons=items.persons[gallery], cameras=items.cameras[gallery]),
        edges=EDGES,
    )
    genuine, impostor = int(counts.genuine_total.sum()), int(counts.impostor_total.sum())
    within = counts.genuine.sum(axis=0) / max(genuine, 1)
    wrong = counts.impostor.sum(axis=0) / max(impostor, 1)
    here = int(np.argmin(np.abs(EDGES - max_distance)))
    enough = genuine >= GENUINE_PAIRS and len(shared) >= PEOPLE and rate * impostor >= EVENTS
    edge = int(np.searchsorted(wrong, rate, side="right")) - 1
    enough = enough and edge >= 0
    return CameraPair(
        cameras=(min(names), max(names)),
        people=len(shared),
        genuine_pairs=genuine,
        impostor_pairs=impostor,
        distance=round(float(EDGES[edge]), 4) if enough else None,
        genuine_rate=float(within[edge]) if enough else None,
        global_genuine_rate=float(within[here]),
        global_impostor_rate=float(wrong[here]),
    )
