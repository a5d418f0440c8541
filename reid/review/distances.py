"""Distances of what is under review: those that linking decides by, of tracklets and of whole people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from reid.distance import pairwise
from reid.types import Array

Matrix = NDArray[np.float64]
Rows = NDArray[np.int64]
Scales = Mapping[tuple[str, str], float]  # factors of distances between two cameras, by sorted names


class Distances:
    """Distances of N tracklets and of groups of them, by average linkage as in `reid.linking.clustering`.

    Args:
        vectors: (N, D) unit, comparable across cameras.
        weights: (N,) what each counts in a mean.
        cameras: (N,) names.
        scales: 1 where a pair of cameras is missing.
    """

    def __init__(self, vectors: Array, weights: Matrix, cameras: Sequence[str], scales: Scales) -> None:
        self.vectors = vectors
        self.weights = weights
        self.cameras = np.array(cameras, dtype=object)
        self.scales = scales

    def between(self, one: Rows, other: Rows) -> Matrix:
        """(A, B) distances of tracklets."""
        found = pairwise(self.vectors[one], self.vectors[other]).astype(np.float64)
        for first, second, factor in _directed(self.scales):
            found[np.ix_(self.cameras[one] == first, self.cameras[other] == second)] *= factor
        return found

    def sums(self, groups: Sequence[Rows]) -> "Sums":
        """What mean distances of groups of tracklets are made of; none is empty, and they may overlap."""
        rows = np.concatenate(groups) if groups else np.empty(0, dtype=np.int64)
        starts = np.cumsum([0, *(len(one) for one in groups[:-1])])[: len(groups)]
        vectors = self.vectors[rows].astype(np.float64)

        def of(weights: Matrix) -> _Part:
            if not groups:
                return _Part(mass=np.zeros(0), vectors=np.zeros((0, self.vectors.shape[1])))
            return _Part(
                mass=np.add.reduceat(weights, starts),
                vectors=np.add.reduceat(weights[:, None] * vectors, starts, axis=0),
            )

        weights, cameras = self.weights[rows], self.cameras[rows]
        named = sorted({name for pair in self.scales for name in pair})
        return Sums(
            scales=self.scales,
            whole=of(weights),
            by_camera={name: of(np.where(cameras == name, weights, 0.0)) for name in named},
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Weights (G,) and weighted vectors (G, D) of groups."""

    mass: Matrix
    vectors: Matrix

    def __getitem__(self, groups: Rows) -> "_Part":
        return _Part(mass=self.mass[groups], vectors=self.vectors[groups])

    def __sub__(self, other: "_Part") -> "_Part":
        return _Part(mass=self.mass - other.mass, vectors=self.vectors - other.vectors)

    def to(self, other: "_Part") -> Matrix:
        """(G, H) weighted sums of distances."""
        found: Matrix = np.outer(self.mass, other.mass) - self.vectors @ other.vectors.T
        return found

    def to_each(self, other: "_Part") -> Matrix:
        """(G,) the same of each to the one in its place."""
        found: Matrix = self.mass * other.mass - np.einsum("gd,gd->g", self.vectors, other.vectors)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Groups of tracklets as sums of weighted vectors: the mean of products of vectors is the product of means.

    No matrix of tracklets is needed, and a group without some of its tracklets is a difference.
    """

    scales: Scales
    whole: _Part
    by_camera: Mapping[str, _Part]  # of the cameras of `scales`

    def __getitem__(self, groups: Rows) -> Self:
        """Some of the groups."""
        own = {name: part[groups] for name, part in self.by_camera.items()}
        return type(self)(self.scales, self.whole[groups], own)

    def __sub__(self, other: "Sums") -> Self:
        """What is left of each group without tracklets of it, those in the same place of `other`."""
        left = {name: part - other.by_camera[name] for name, part in self.by_camera.items()}
        return type(self)(self.scales, self.whole - other.whole, left)

    def to(self, other: "Sums") -> Matrix:
        """(G, H) mean distances of these groups to others."""
        found = self.whole.to(other.whole)
        for first, second, factor in _directed(self.scales):
            found += (factor - 1) * self.by_camera[first].to(other.by_camera[second])
        means: Matrix = np.maximum(found / np.outer(self.whole.mass, other.whole.mass), 0.0)
        return means

    def to_each(self, other: "Sums") -> Matrix:
        """(G,) mean distances of each group to the one in its place."""
        found = self.whole.to_each(other.whole)
        for first, second, factor in _directed(self.scales):
            found += (factor - 1) * self.by_camera[first].to_each(other.by_camera[second])
        means: Matrix = np.maximum(found / (self.whole.mass * other.whole.mass), 0.0)
        return means


def _directed(scales: Scales) -> Iterator[tuple[str, str, float]]:
    """Each pair of cameras both ways, one camera to itself once."""
    for (first, second), factor in scales.items():
        for a, b in sorted({(first, second), (second, first)}):
            yield a, b, factor
