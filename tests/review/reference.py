"""What the queue of review computes at once for many sides, slowly and one by one."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from reid.review.belief import RIVAL, Beliefs, at_once_factor
from reid.review.distances import Distances
from reid.review.parts import Parts
from reid.review.site import ReviewSite

Rows = NDArray[np.int64]


def mean(distances: Distances, one: Rows, other: Rows) -> float:
    """Mean distance of two sides, a pair counting as the product of its weights."""
    left, right = distances.weights[one], distances.weights[other]
    return float(left @ distances.between(one, other) @ right / (left.sum() * right.sum()))


def belongs(beliefs: Beliefs, own: float, rivals: Sequence[tuple[float, float]]) -> float:
    """That a side is of its person; `rivals` are its distance to each and the belief that they are two people."""
    near = float(beliefs.same(np.array([own]))[0])
    found = near
    for distance, two in rivals:
        likely = float(beliefs.same(np.array([distance]))[0])
        nearer = 1 / (1 + np.exp((own - distance) / RIVAL))
        mine, theirs, new = near * nearer, likely * (1 - nearer) * two, (1 - near) * (1 - likely)
        found = min(found, mine / (mine + theirs + new))
    return found


def doubts(site: ReviewSite) -> Iterator[tuple[Rows, Rows, float, float]]:
    """Every part of a person and every tracklet that no decision tells, the rest, their distance and the belief."""
    parts = Parts(site)
    for person, rows in enumerate(parts.rows):
        sides = [parts.parts[part] for part in np.unique(parts.part_of[rows])]
        sides += [np.array([row]) for row in rows.tolist() if row not in site.decided.told]
        for side in sides:
            rest = np.array([row for row in rows.tolist() if row not in side], dtype=np.int64)
            if len(rest):
                yield side, rest, mean(site.distances, side, rest), _belief(site, parts, person, side, rest)


def _belief(site: ReviewSite, parts: Parts, person: int, side: Rows, rest: Rows) -> float:
    met = site.meetings.of(side.tolist())
    rivals = []
    for part, other in enumerate(parts.person_of_part.tolist()):
        beside = any(row in met for row in parts.parts[part].tolist())
        if other == person or (person, other) in parts.apart or beside:
            continue
        distance = mean(site.distances, rest, parts.parts[part])
        one = float(parts.beliefs.same(np.array([distance]))[0])
        shared = site.meetings.of(rest.tolist())
        seconds = [shared[row] for row in parts.parts[part].tolist() if row in shared]
        one *= at_once_factor(max(seconds)) if seconds else 1.0
        rivals.append((mean(site.distances, side, parts.parts[part]), 1 - one))
    seconds = [met[row] for row in rest.tolist() if row in met]
    own = belongs(parts.beliefs, mean(site.distances, side, rest), rivals)
    return own * (at_once_factor(max(seconds)) if seconds else 1.0)
