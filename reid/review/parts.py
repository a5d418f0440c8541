"""The people of a site in parts: what is linked by decision, and what linking joined across cameras."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from reid.review.belief import Beliefs
from reid.review.distances import Sums
from reid.review.site import ReviewSite

Rows = NDArray[np.int64]


class Parts:
    """People, and their parts: tracklets that decisions joined, and else those of one run and camera.

    Joins across cameras are what linking does least surely, so that a part is what may be wrong as a whole.
    """

    def __init__(self, site: ReviewSite) -> None:
        tracklets, decided = site.tracklets(), site.decided
        self._distances = site.distances
        self.ids = sorted({one.person_id for one in tracklets})
        place = {person_id: at for at, person_id in enumerate(self.ids)}
        people = [place[one.person_id] for one in tracklets]
        self.person_of = np.array(people, dtype=np.int64)
        self.rows = _members(self.person_of, len(self.ids))
        names = [
            (person, decided.group(row), "")
            if row in decided.told
            else (person, one.run_id, one.key.camera_id)
            for row, (person, one) in enumerate(zip(people, tracklets, strict=True))
        ]
        numbers = {name: at for at, name in enumerate(dict.fromkeys(names))}
        self.part_of = np.array([numbers[name] for name in names], dtype=np.int64)
        self.parts = _members(self.part_of, len(numbers))
        self.person_of_part = np.array([name[0] for name in numbers], dtype=np.int64)
        self.beliefs = Beliefs(site.policy.probability, site.policy.max_distance)
        apart = {(place[a], place[b]) for a, b in site.store.told_apart() if a in place and b in place}
        self.apart = apart | {(b, a) for a, b in apart}

    @cached_property
    def people_sums(self) -> Sums:
        """What distances of people are made of."""
        return self._distances.sums(self.rows)

    @cached_property
    def part_sums(self) -> Sums:
        """What distances of parts are made of."""
        return self._distances.sums(self.parts)

    def others(self, people: Rows) -> NDArray[np.bool_]:
        """(people, parts): parts of another person, where no decision says that it is not this one."""
        found: NDArray[np.bool_] = people[:, None] != self.person_of_part
        apart: dict[int, list[int]] = {}
        for a, b in self.apart:
            apart.setdefault(a, []).append(b)
        for at, person in enumerate(people.tolist()):
            if person in apart:
                found[at] &= ~np.isin(self.person_of_part, apart[person])
        return found


def _members(of: Rows, count: int) -> list[Rows]:
    """Rows of each group, ascending; `of` (N,) is the group of each row."""
    order = np.argsort(of, kind="stable")
    return np.split(order, np.cumsum(np.bincount(of, minlength=count))[:-1]) if count else []
