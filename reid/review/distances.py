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
        self._cameras = np.array(cameras, dtype=object)
        self._scales = scales

    def between(self, one: Rows, other: Rows) -> Matrix:
        """(A, B) distances of tracklets."""
        found = pairwise(self.vectors[one], self.vectors[other]).astype(np.float64)
        for (first, second), factor in self._scales.items():
            for a, b in {(first, second), (second, first)}:
                found[np.ix_(self._cameras[one] == a, self._cameras[other] == b)] *= factor
        return found

    def mean(self, one: Rows, other: Rows) -> float:
        """Mean distance of two sides, a pair counting as the product of its weights."""
        left, right = self.weights[one], self.weights[other]
        return float(left @ self.between(one, other) @ right / (left.sum() * right.sum()))

    def of_groups(self, groups: Rows, count: int) -> Matrix:
        """(G, G) mean distances of `count` groups, `groups` (N,) being that of each tracklet."""
        return self._means(groups, count, groups, count)

    def to_groups(self, rows: Rows, groups: Rows, count: int) -> Matrix:
        """(R, G) mean distances of some tracklets to `count` groups."""
        single = np.full(len(groups), -1, dtype=np.int64)
        single[rows] = np.arange(len(rows))
        return self._means(single, len(rows), groups, count)

    def _means(self, ones: Rows, count: int, others: Rows, other_count: int) -> Matrix:
        """(G, H) mean distances of groups to groups, -1 being in none.

        The mean of products is the product of means, so that no matrix of tracklets is needed.
        """
        mass, sums = self._sums(ones, count, ones >= 0)
        other_mass, other_sums = self._sums(others, other_count, others >= 0)
        found = np.outer(mass, other_mass) - sums @ other_sums.T
        for (first, second), factor in self._scales.items():
            for a, b in sorted({(first, second), (second, first)}):
                own = self._sums(ones, count, (ones >= 0) & (self._cameras == a))
                other = self._sums(others, other_count, (others >= 0) & (self._cameras == b))
                found += (factor - 1) * (np.outer(own[0], other[0]) - own[1] @ other[1].T)
        means: Matrix = np.maximum(found / np.maximum(np.outer(mass, other_mass), 1e-12), 0.0)
        return means

    def _sums(self, groups: Rows, count: int, of: NDArray[np.bool_]) -> tuple[Matrix, Matrix]:
        """Weights (G,) and weighted vectors (G, D) of each group, over some of the tracklets."""
        mass, sums = np.zeros(count), np.zeros((count, self.vectors.shape[1]))
        np.add.at(mass, groups[of], self.weights[of])
        np.add.at(sums, groups[of], self.weights[of, None] * self.vectors[of])
        return mass, sums
