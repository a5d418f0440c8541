"""Parts of people, and single tracklets, that may not be of their person: how sure it is that they are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.review.belief import at_once_factor
from reid.review.parts import Parts
from reid.review.site import ReviewSite

BLOCK = 512  # sides that are compared with all parts at once, which bounds the memory
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Doubt:
    """A side of a person that may not be of the rest."""

    person: int  # place in `Parts.ids`
    side: Rows
    rest: Rows
    distance: float  # mean
    belief: float  # that it is
    at_once: bool  # both are seen at once in one camera


def doubts(site: ReviewSite, parts: Parts, least_doubt: float) -> Iterator[Doubt]:
    """The sides whose chance to be another person is `least_doubt` or more; something must be known of both."""
    measured = np.array([one.measured for one in site.tracklets()], dtype=bool)
    sides = list(_sides(site, parts, measured))
    for start in range(0, len(sides), BLOCK):
        yield from _doubted(site, parts, sides[start : start + BLOCK], least_doubt)


def _sides(site: ReviewSite, parts: Parts, measured: NDArray[np.bool_]) -> Iterator[tuple[int, Rows]]:
    """People and what may not be theirs; on both sides something is measured."""
    told = site.decided.told
    for person, rows in enumerate(parts.rows):
        known = measured[rows].sum()
        own = [parts.parts[part] for part in np.unique(parts.part_of[rows]).tolist()]
        singles = {row for row in rows.tolist() if row not in told} if len(rows) > 1 else set()
        if len(own) > 1:
            yield from ((person, part) for part in own if 0 < measured[part].sum() < known)
            singles -= {int(part[0]) for part in own if len(part) == 1}  # asked already
        yield from ((person, np.array([row])) for row in sorted(singles) if measured[row] and known > 1)


def _doubted(
    site: ReviewSite, parts: Parts, sides: list[tuple[int, Rows]], least_doubt: float
) -> Iterator[Doubt]:
    people = np.array([person for person, _ in sides], dtype=np.int64)
    own = site.distances.sums([side for _, side in sides])
    rest = parts.people_sums[people] - own
    distances = own.to_each(rest)
    rivals, two = own.to(parts.part_sums), parts.beliefs.same(rest.to(parts.part_sums))
    possible = parts.others(people)
    shared_s = np.full(len(sides), np.nan)
    for at, (person, side) in enumerate(sides):
        own_rows = set(side.tolist())
        met = site.meetings.of(own_rows)
        possible[at, parts.part_of[list(met)]] = False
        rest_rows = [
            row for row in parts.rows[person].tolist() if row in site.meetings and row not in own_rows
        ]
        for part, seconds in _longest(site.meetings.of(rest_rows), parts).items():
            two[at, part] *= at_once_factor(seconds)
        shared_s[at] = max((met[row] for row in rest_rows if row in met), default=np.nan)
    beliefs = parts.beliefs.belongs(distances, rivals, 1 - two, possible)
    at_once = ~np.isnan(shared_s)
    beliefs[at_once] *= [at_once_factor(seconds) for seconds in shared_s[at_once].tolist()]
    for at in np.flatnonzero(1 - beliefs >= least_doubt).tolist():
        person, side = sides[at]
        rows = parts.rows[person]
        yield Doubt(
            person=person,
            side=side,
            rest=rows[~np.isin(rows, side)],
            distance=float(distances[at]),
            belief=float(beliefs[at]),
            at_once=bool(at_once[at]),
        )


def _longest(met: Mapping[int, float], parts: Parts) -> dict[int, float]:
    """Most seconds that are shared with each part, of those with its tracklets."""
    found: dict[int, float] = {}
    for row, shared_s in met.items():
        part = int(parts.part_of[row])
        found[part] = max(shared_s, found.get(part, 0.0))
    return found
