"""The queue of review: what to ask a person next, in the order of what an answer is worth.

An answer is worth its uncertainty times the number of tracklets that it decides. See docs/review.md.
"""

from collections.abc import Sequence
from hashlib import sha256
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from reid.review.belief import Beliefs
from reid.review.records import Question, QuestionKind, ReviewTracklet
from reid.review.site import ReviewSite
from reid.store.records import Bound

NEAREST = 5  # people that each person is compared with in questions
LEAST_WORTH = 0.02  # what is asked: about a chance of 1 in 200 for one tracklet
Rows = NDArray[np.int64]


def questions(site: ReviewSite) -> list[Question]:
    """Open questions, most worth first; those that decisions have answered are not in it."""
    groups = Groups(site)
    found = [*_same_person(site, groups), *_belongs(site, groups)]
    return sorted(found, key=lambda one: (-one.worth, one.id))


class Groups:
    """The people of a site as rows of its tracklets, with their mean distances."""

    def __init__(self, site: ReviewSite) -> None:
        tracklets = site.tracklets()
        self.ids = sorted({one.person_id for one in tracklets if one.person_id is not None})
        place = {person_id: at for at, person_id in enumerate(self.ids)}
        self.of = np.array(
            [place[one.person_id] for one in tracklets if one.person_id is not None], dtype=np.int64
        )
        self.rows: list[Rows] = [np.flatnonzero(self.of == at) for at in range(len(self.ids))]
        self.distances = site.distances.of_groups(self.of, len(self.ids))
        self.at_once = site.meetings.of_groups(self.of)
        self.beliefs = Beliefs(site.probability, site.max_distance)
        apart = site.store.told_apart()
        self.apart = {(place[a], place[b]) for a, b in apart if a in place and b in place}

    def may_be_one(self, a: int, b: int) -> bool:
        """Whether no decision says that two groups are two people."""
        return (min(a, b), max(a, b)) not in self.apart


def _same_person(site: ReviewSite, groups: Groups) -> list[Question]:
    """Pairs of people who may be one: each with those nearest to them."""
    count = len(groups.ids)
    distances = groups.distances.copy()
    np.fill_diagonal(distances, np.inf)
    for a, b in groups.apart:
        distances[a, b] = distances[b, a] = np.inf
    near = np.argsort(distances, axis=1, kind="stable")[:, :NEAREST]
    pairs = sorted({(min(a, b), max(a, b)) for a in range(count) for b in near[a].tolist() if a != b})
    found = []
    for a, b in pairs:
        distance = float(distances[a, b])
        if not np.isfinite(distance):
            continue
        at_once = (a, b) in groups.at_once
        belief = groups.beliefs.same(distance, at_once=at_once)
        one, other = sorted((groups.rows[a], groups.rows[b]), key=len)
        first, second = (a, b) if one is groups.rows[a] else (b, a)
        found.append(
            _question(
                site, "same_person", one, other, groups.ids[first], groups.ids[second], distance, belief,
                decides=len(one), at_once=at_once, probability=groups.beliefs.probability(distance),
            )
        )  # fmt: skip
    return [one for one in found if one.worth >= LEAST_WORTH]


def _belongs(site: ReviewSite, groups: Groups) -> list[Question]:
    """Tracklets that may not be of their person."""
    decided = Decided(site.store.bound(), site.tracklets())
    found = []
    for at, rows in enumerate(groups.rows):
        if len(rows) < 2:
            continue
        doubts = [_doubt(site, groups, decided, at, row) for row in rows.tolist()]
        certain = rows[[doubt is None or doubt[1] > 0.5 for doubt in doubts]]
        for row, doubt in zip(rows.tolist(), doubts, strict=True):
            if doubt is None:
                continue
            distance, belief, at_once = doubt
            rest = certain[certain != row] if (certain != row).any() else rows[rows != row]
            found.append(
                _question(
                    site, "belongs", np.array([row]), rest, groups.ids[at], None, distance, belief,
                    decides=1, at_once=at_once, probability=groups.beliefs.probability(distance),
                )
            )  # fmt: skip
    return [one for one in _once(found) if one.worth >= LEAST_WORTH]


def _doubt(
    site: ReviewSite, groups: Groups, decided: "Decided", at: int, row: int
) -> tuple[float, float, bool] | None:
    """Distance of a tracklet to its person, belief that it is theirs, and whether it is seen at once with them.

    None: a decision says so, or nothing is known of it.
    """
    tracklet = site.tracklets()[row]
    if not tracklet.measured or decided.is_closed(row):
        return None
    rest = groups.rows[at][groups.rows[at] != row]
    known = np.array([one for one in rest.tolist() if site.tracklets()[one].measured], dtype=np.int64)
    side = decided.side(row, known)
    if not len(side):
        return None
    distance = site.distances.mean(np.array([row]), side)
    at_once = bool(site.meetings.matrix(np.append(side, row))[-1].any())
    return (
        distance,
        groups.beliefs.belongs(distance, _nearest_other(site, groups, at, row), at_once=at_once),
        at_once,
    )


def _nearest_other(site: ReviewSite, groups: Groups, at: int, row: int) -> float:
    """Mean distance of a tracklet to the nearest other person; inf where there is none."""
    others = [
        site.distances.mean(np.array([row]), rows) for other, rows in enumerate(groups.rows) if other != at
    ]
    return min(others, default=float("inf"))


def _once(found: Sequence[Question]) -> list[Question]:
    """Of two tracklets of one person that are asked against each other, only the shorter is asked about."""
    kept: dict[frozenset[tuple[str, ...]], Question] = {}
    for one in found:
        kept.setdefault(frozenset((one.one, one.other)), one)
    return list(kept.values())


class Decided:
    """What decisions that hold say of the tracklets of a site."""

    def __init__(self, bound: Sequence[Bound], tracklets: Sequence[ReviewTracklet]) -> None:
        rows = {one.place: row for row, one in enumerate(tracklets)}
        self.kinds: dict[int, set[str]] = {}  # by row
        self._sides: dict[int, list[set[int]]] = {}  # of `same` decisions, by row, oldest first
        known = [one for one in bound if (one.run_id, one.tracklet) in rows]
        for (_, kind, _), group in groupby(
            sorted(known, key=lambda one: (one.decision, one.kind, one.side)),
            key=lambda one: (one.decision, one.kind, one.side),
        ):
            members = list(group)
            own = {rows[one.run_id, one.tracklet] for one in members}
            for row in own:
                name = f"{kind} {members[0].side}" if kind in ("moved", "different") else kind
                self.kinds.setdefault(row, set()).add(name)
                if kind == "same":
                    self._sides.setdefault(row, []).append(own)

    def is_closed(self, row: int) -> bool:
        """Whether a person said of this tracklet, by itself or with all of its person, whose it is."""
        alone = any(len(side) == 1 for side in self._sides.get(row, ()))
        return alone or bool(self.kinds.get(row, set()) & {"confirmed", "moved 1"})

    def side(self, row: int, rest: Rows) -> Rows:
        """Those of `rest` to which linking, not a person, joined a tracklet."""
        sides = self._sides.get(row)
        if not sides:
            return rest
        return np.array([one for one in rest.tolist() if one in sides[0]], dtype=np.int64)


def _question(
    site: ReviewSite,
    kind: QuestionKind,
    one: Rows,
    other: Rows,
    person_id: int,
    other_id: int | None,
    distance: float,
    belief: float,
    *,
    decides: int,
    at_once: bool,
    probability: float | None,
) -> Question:
    tracklets = site.tracklets()
    sides = tuple(tracklets[row].id for row in one), tuple(tracklets[row].id for row in other)
    return Question(
        id=question_id(kind, *sides),
        kind=kind,
        one=sides[0],
        other=sides[1],
        person_id=person_id,
        other_id=other_id,
        distance=distance,
        probability=probability,
        worth=(belief if kind == "same_person" else 1 - belief) * decides,
        at_once=at_once,
        belief=belief,
    )


def question_id(kind: str, one: Sequence[str], other: Sequence[str]) -> str:
    """The same for the same two sides, whichever is named first and whatever the people are called now."""
    sides = sorted((sorted(one), sorted(other))) if kind == "same_person" else [sorted(one), sorted(other)]
    text = "\n".join([kind, *("\t".join(side) for side in sides)])
    return sha256(text.encode()).hexdigest()[:16]
