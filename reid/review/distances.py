"""Distances of what is under review: those that linking decides by, of tracklets and of whole people."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from reid.distance import pairwise
from reid.types import Array

Matrix = NDArray[np.float64]
Rows = NDArray[np.int64]


class Distances:
    """Distances of N tracklets and of groups of them, by average linkage as in `reid.linking.clustering`.

    Args:
        vectors: (N, D) unit, comparable across cameras.
        weights: (N,) what each counts in a mean.
        cameras: (N,) names.
        scales: factors of distances between two cameras, by sorted names; 1 where a pair is missing.
    """

    def __init__(
        self,
        vectors: Array,
        weights: Matrix,
        cameras: Sequence[str],
        scales: Mapping[tuple[str, str], float],
    ) -> None:
        self.vectors = vectors
        self.weights = weights
        self.cameras = np.array(cameras, dtype=object)
        self.scales = scales

    def between(self, one: Rows, other: Rows) -> Matrix:
        """(A, B) distances of tracklets."""
        found = pairwise(self.vectors[one], self.vectors[other]).astype(np.float64)
        for (first, second), factor in self.scales.items():
            for a, b in {(first, second), (second, first)}:
                found[np.ix_(self.cameras[one] == a, self.cameras[other] == b)] *= factor
        return found

    def mean(self, one: Rows, other: Rows) -> float:
        """Mean distance of two sides, a pair counting as the product of its weights."""
        left, right = self.weights[one], self.weights[other]
        return float(left @ self.between(one, other) @ right / (left.sum() * right.sum()))

    def groups(self, of: Rows, count: int) -> "Groups":
        """The tracklets in `count` groups, `of` (N,) being that of each."""
        return Groups(self, of, count)

    def sums(self, of: Rows, count: int, camera: str | None = None) -> tuple[Matrix, Matrix]:
        """Weights (G,) and weighted vectors (G, D) of groups; of one camera's tracklets alone where it is named."""
        rows = np.flatnonzero(np.ones(len(of), dtype=bool) if camera is None else self.cameras == camera)
        mass, sums = np.zeros(count), np.zeros((count, self.vectors.shape[1]))
        np.add.at(mass, of[rows], self.weights[rows])
        np.add.at(sums, of[rows], self.weights[rows, None] * self.vectors[rows])
        return mass, sums


class Groups:
    """Groups of tracklets, and their mean distances.

    No matrix of tracklets is needed: the mean of the products of vectors is
    the product of their means.

    Args:
        of: (N,) the group of each tracklet.
        count: of groups.
    """

    def __init__(self, distances: Distances, of: Rows, count: int) -> None:
        self._distances = distances
        self._all = distances.sums(of, count)
        named = sorted({name for pair in distances.scales for name in pair})
        self._by_camera = {name: distances.sums(of, count, name) for name in named}

    def each(self) -> Matrix:
        """(G, G) mean distances of the groups to each other; the diagonal means nothing."""
        mass, sums = self._all
        found = np.outer(mass, mass) - sums @ sums.T
        for (first, second), factor in self._distances.scales.items():
            (one, own), (other, its) = self._by_camera[first], self._by_camera[second]
            extra = (factor - 1) * (np.outer(one, other) - own @ its.T)
            found += extra if first == second else extra + extra.T
        means: Matrix = np.maximum(found / np.maximum(np.outer(mass, mass), 1e-12), 0.0)
        return means

    def to(self, rows: Rows) -> Matrix:
        """(G,) mean distances of the groups to some tracklets taken together."""
        distances = self._distances
        weights, names = distances.weights[rows], distances.cameras[rows]
        mass, sums = self._all
        total = weights.sum()
        found = mass * total - sums @ (weights @ distances.vectors[rows])
        for (first, second), factor in distances.scales.items():
            for a, b in sorted({(first, second), (second, first)}):
                own = np.where(names == a, weights, 0.0)
                other_mass, other_sums = self._by_camera[b]
                found += (factor - 1) * (
                    other_mass * own.sum() - other_sums @ (own @ distances.vectors[rows])
                )
        means: Matrix = np.maximum(found / np.maximum(mass * total, 1e-12), 0.0)
        return means
