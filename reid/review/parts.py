"""The people of a site in parts: what is linked by decision, and what linking joined across cameras."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from reid.review.belief import Beliefs, at_once_factor
from reid.review.records import ReviewTracklet
from reid.review.site import ReviewSite
from reid.store.records import Bound

Rows = NDArray[np.int64]
JOINING = ("same", "confirmed")  # decisions that say of all their tracklets that they are one person


class DecidedRows:
    """What decisions that hold say of the tracklets of a site."""

    def __init__(self, bound: Sequence[Bound], tracklets: Sequence[ReviewTracklet]) -> None:
        rows = {one.place: row for row, one in enumerate(tracklets)}
        known = [one for one in bound if (one.run_id, one.tracklet) in rows]
        self.told: set[int] = set()  # whose person a decision tells
        self.apart: set[int] = set()  # of whom decisions tell who they are not
        self._group = list(range(len(tracklets)))  # union-find: what decisions made one
        for (_, kind), members in groupby(known, key=lambda one: (one.decision, one.kind)):
            sides = [(rows[one.run_id, one.tracklet], one.side) for one in members]
            if kind in JOINING or kind == "moved":
                joined = [row for row, side in sides if kind in JOINING or side]
                self.told.update(joined)
                for row in joined:
                    self._group[self.group(row)] = self.group(joined[0])
            self.apart.update(
                row for row, side in sides if kind == "different" or (kind == "moved" and not side)
            )

    def group(self, row: int) -> int:
        """One number for all tracklets that decisions made one person."""
        while self._group[row] != row:
            row = self._group[row]
        return row


class Parts:
    """People, and their parts: tracklets that decisions joined, and else those of one run and camera.

    Joins across cameras are what linking does least surely, so that a part is what may be wrong as a whole.
    """

    def __init__(self, site: ReviewSite) -> None:
        tracklets = site.tracklets()
        self.ids = sorted({one.person_id for one in tracklets if one.person_id is not None})
        place = {person_id: at for at, person_id in enumerate(self.ids)}
        people = [place[one.person_id] for one in tracklets if one.person_id is not None]
        self.person_of = np.array(people, dtype=np.int64)
        self.rows: list[Rows] = [np.flatnonzero(self.person_of == at) for at in range(len(self.ids))]
        self.decided = DecidedRows(site.store.bound(), tracklets)
        names = [
            (person, self.decided.group(row), "")
            if row in self.decided.told
            else (person, one.run_id, one.key.camera_id)
            for row, (person, one) in enumerate(zip(people, tracklets, strict=True))
        ]
        numbers = {name: at for at, name in enumerate(dict.fromkeys(names))}
        self.part_of = np.array([numbers[name] for name in names], dtype=np.int64)
        self.parts: list[Rows] = [np.flatnonzero(self.part_of == at) for at in range(len(numbers))]
        self.person_of_part = np.array([name[0] for name in numbers], dtype=np.int64)
        self._groups = site.distances.groups(self.part_of, len(self.parts))
        self.beliefs = Beliefs(site.probability, site.max_distance)
        self.apart = {(place[a], place[b]) for a, b in site.store.told_apart() if a in place and b in place}
        self.apart |= {(b, a) for a, b in self.apart}

    def distances(self, side: Rows) -> NDArray[np.float64]:
        """(parts,) mean distances of a side to every part."""
        return self._groups.to(side)

    def may_be_of(self, site: ReviewSite, side: Rows) -> NDArray[np.float64]:
        """(parts,) beliefs that each is of one person with a side, by distance and who is seen at once."""
        beliefs = self.beliefs.same(self.distances(side))
        longest: dict[int, float] = {}
        for row, shared_s in site.meetings.of(side.tolist()).items():
            part = int(self.part_of[row])
            longest[part] = max(shared_s, longest.get(part, 0.0))
        for part, shared_s in longest.items():
            beliefs[part] *= at_once_factor(shared_s)
        return beliefs

    def others(self, person: int) -> NDArray[np.bool_]:
        """(parts,): which are of another person, where no decision says that it is not this one."""
        apart = {b for a, b in self.apart if a == person}
        return np.array(
            [one != person and one not in apart for one in self.person_of_part.tolist()], dtype=bool
        )
