"""One mean vector a person: all that is compared of what was seen longer than some minutes ago."""

import numpy as np

from reid.distance import unit
from reid.types import Array

MOST = 32.0  # full-length tracklets that a mean weighs at most, so that it follows the seasons of a wardrobe


class Memory:
    """Means of many people in one array, so that all are compared at once.

    Args:
        centre: (D,) what directions are taken from; None: the origin.
    """

    def __init__(self, centre: Array | None) -> None:
        self._centre = centre
        self._sums: dict[int, Array] = {}
        self._weights: dict[int, float] = {}
        self._means: Array | None = None

    def from_centre(self, vectors: Array) -> Array:
        """Unit directions (K, D) of unit `vectors` (K, D), as distances are taken."""
        return vectors if self._centre is None else unit(vectors - self._centre)

    @property
    def people(self) -> list[int]:
        """Person ids, in the order of the rows of `means`."""
        return list(self._sums)

    @property
    def means(self) -> Array:
        """(P, D) unit directions from the centre, of at least one person."""
        if self._means is None:
            self._means = unit(np.stack(list(self._sums.values())))
        return self._means

    def learn(self, person_id: int, directions: Array, *, each: float = 1.0) -> None:
        """Add unit directions (K, D) of a person, which weigh `each`; the older ones fade where they are many."""
        if len(directions):
            self._add(person_id, each * directions.sum(axis=0), each * len(directions))

    def merge(self, person_id: int, into: int) -> None:
        """Two people are one."""
        if person_id in self._sums:
            total, weight = self._sums[person_id], self._weights[person_id]
            self.forget(person_id)
            self._add(into, total, weight)

    def forget(self, person_id: int) -> None:
        """Nothing is left of a person."""
        self._sums.pop(person_id, None)
        self._weights.pop(person_id, None)
        self._means = None

    def standing_for(self, person_id: int) -> Array:
        """(1, D) a unit vector that lies, from the centre, in the direction of the person's mean."""
        mean = unit(self._sums[person_id])
        if self._centre is None:
            return mean[None]
        # the point of the unit sphere on that ray: |centre + t mean| = 1
        along = float(self._centre @ mean)
        t = -along + np.sqrt(along**2 + 1 - float(self._centre @ self._centre))
        return np.asarray(self._centre + t * mean, dtype=np.float32)[None]

    def _add(self, person_id: int, total: Array, weight: float) -> None:
        total = total + self._sums.get(person_id, 0.0)
        weight = weight + self._weights.get(person_id, 0.0)
        self._sums[person_id] = np.asarray(total * min(1.0, MOST / weight), dtype=np.float32)
        self._weights[person_id] = min(weight, MOST)
        self._means = None
