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
        """(G, G) mean distances of `count` groups, `groups` (N,) telling the tracklets of each; ignore the diagonal.

        The mean of products is the product of means, so that no matrix of tracklets is needed.
        """
        everyone = np.ones(len(groups), dtype=bool)
        total = np.maximum(self._sums(groups, count, everyone)[0], 1e-12)
        found = self._products(groups, count, everyone, everyone)
        for (first, second), factor in self._scales.items():
            one, other = self._cameras == first, self._cameras == second
            own = self._products(groups, count, one, other)
            found += (factor - 1) * (own if first == second else own + own.T)
        means: Matrix = np.maximum(found / np.outer(total, total), 0.0)
        return means

    def _products(self, groups: Rows, count: int, one: NDArray[np.bool_], other: NDArray[np.bool_]) -> Matrix:
        """(G, G) weighted sums of distances from tracklets `one` of a group to tracklets `other` of another."""
        mass, sums = self._sums(groups, count, one)
        other_mass, other_sums = self._sums(groups, count, other)
        products: Matrix = np.outer(mass, other_mass) - sums @ other_sums.T
        return products

    def _sums(self, groups: Rows, count: int, of: NDArray[np.bool_]) -> tuple[Matrix, Matrix]:
        """Weights (G,) and weighted vectors (G, D) of each group, over some of the tracklets."""
        mass, sums = np.zeros(count), np.zeros((count, self.vectors.shape[1]))
        np.add.at(mass, groups[of], self.weights[of])
        np.add.at(sums, groups[of], self.weights[of, None] * self.vectors[of])
        return mass, sums
