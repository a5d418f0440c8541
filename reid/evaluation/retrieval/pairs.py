"""Numbers of genuine and of impostor pairs of query and gallery within each of many distances."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.datasets.records import Labels
from reid.evaluation.retrieval.distances import DistanceRows, blocks
from reid.evaluation.retrieval.labels import Labelled, check_labels, members
from reid.types import Array

Counts = NDArray[np.int32]
CELLS_PER_EDGE = 8
PIECE = 16384  # distances at a time: what is made of them stays in the cache


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairCounts:
    """Pairs of Q queries within E distances. A pair is genuine if both show one person, else impostor.

    Pairs of one person in one camera are neither.
    """

    edges: Array  # (E,) ascending
    genuine: Counts  # (Q, E) pairs with distance <= edge
    impostor: Counts  # (Q, E)
    genuine_total: Labels  # (Q,)
    impostor_total: Labels  # (Q,)
    nearest_genuine: Array  # (Q,) infinite where there is none


def pair_counts(
    distances: DistanceRows,
    query: Labelled,
    gallery: Labelled,
    *,
    edges: Array,
    block_mib: int = 256,
) -> PairCounts:
    """Count the pairs within each of `edges` (E,), finite and ascending, compared as float32.

    Raises:
        ValueError: edges do not ascend, labels and distances do not fit, a query is a distractor, or a distance
            is NaN.
    """
    check_labels(distances.shape, query, gallery)
    bins = Bins(np.asarray(edges, np.float32))
    matches, removed = members(query, gallery)
    shape = (len(query), len(bins.edges))
    genuine, impostor = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    nearest_genuine = np.full(len(query), np.inf, np.float32)
    for start, block in blocks(distances, block_mib):
        for index, row in enumerate(block, start):
            own = matches.of(index)
            if len(own):
                genuine[index] = np.searchsorted(np.sort(row[own]), bins.edges, side="right")
                nearest_genuine[index] = row[own].min()
            row[own] = row[removed.of(index)] = np.inf
            impostor[index] = bins.within(row)
    return PairCounts(
        edges=bins.edges,
        genuine=genuine,
        impostor=impostor,
        genuine_total=matches.sizes,
        impostor_total=len(gallery) - matches.sizes - removed.sizes,
        nearest_genuine=nearest_genuine,
    )


class Bins:
    """Counts values up to each edge, three times faster than sorting them, nine times than a search for each.

    A fine grid of equal cells says which edge is next: that is arithmetic. Where no cell holds two edges, one
    comparison settles on which side of that edge a value lies. Exact, because rounding keeps the order: a value
    in a lower cell than an edge is smaller than it.
    """

    def __init__(self, edges: Array) -> None:
        if edges.ndim != 1 or not np.isfinite(edges).all() or np.any(edges[1:] < edges[:-1]):
            raise ValueError("edges must be finite, ascending distances of shape (E,)")
        self.edges = edges
        self._next_edge: Labels | None = None
        # past the last edge nothing is left to compare with, and nothing is larger than infinity
        self._limits = np.append(edges, np.float32(np.inf))
        with np.errstate(over="ignore"):
            span = edges[-1] - edges[0] if len(edges) else np.float32(0)
        if not 1e-30 < span < 1e30:  # the arithmetic would overflow
            return
        self._last = np.float32(CELLS_PER_EDGE * len(edges) - 1)
        self._scale = self._last / span
        cells = self._cells(edges)
        if len(np.unique(cells)) == len(edges):
            self._next_edge = np.searchsorted(cells, np.arange(int(self._last) + 1))

    def within(self, values: Array) -> Counts:
        """Number of `values` (N,) that are not larger than each edge (E,); infinite ones are larger than all."""
        counts = np.zeros(len(self.edges) + 1, np.int64)
        for start in range(0, len(values), PIECE):
            counts += np.bincount(self._smaller_edges(values[start : start + PIECE]), minlength=len(counts))
        return np.cumsum(counts)[: len(self.edges)].astype(np.int32)

    def _smaller_edges(self, values: Array) -> Labels:
        """Number of edges that are smaller than each of `values`: all larger ones count it."""
        if self._next_edge is None:
            return np.searchsorted(self.edges, values)
        found = self._next_edge[self._cells(values)]
        return found + (values > self._limits[found])

    def _cells(self, values: Array) -> NDArray[np.int32]:
        places = (values - self.edges[0]) * self._scale
        cells: NDArray[np.int32] = np.clip(places, 0, self._last, out=places).astype(np.int32)
        return cells
