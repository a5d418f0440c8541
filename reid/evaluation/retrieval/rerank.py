"""Re-ranking by k-reciprocal encoding, sparse: what does not fit into memory as a matrix is never made.

Zhong, Zheng, Cao and Li, "Re-ranking Person Re-identification with k-reciprocal Encoding", CVPR 2017. Where
ports of the authors' code differ from it, this follows the authors: the nearest k1 + 1 are searched, the
item itself among them (fast-reid: k1), and distances are squared once (torchreid squares squared ones).
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from reid.distance import unit
from reid.evaluation.retrieval.distances import CosineRows
from reid.evaluation.retrieval.neighbours import Indices, nearest_neighbours
from reid.types import Array

_ROWS = 512  # encoded together


class RerankedRows:
    """Re-ranked distances of queries (Q, D) to a gallery (G, D), a block of queries at a time.

    The neighbours of all Q + G vectors are found and encoded once, at construction; `rows` compares the
    encodings. Its result does not depend on how the queries are cut into blocks.

    Args:
        query: (Q, D) vectors, float32 or float16, of any length but zero.
        gallery: (G, D) likewise.
        k1: neighbours that have to be mutual.
        k2: neighbours over which an encoding is averaged; 1 averages none.
        lambda_: weight of the original distance; the Jaccard distance has the rest.

    Raises:
        ValueError: a vector is zero or not finite, the widths differ, or a parameter is out of range.
    """

    def __init__(
        self,
        query: NDArray[np.floating],
        gallery: NDArray[np.floating],
        *,
        k1: int = 20,
        k2: int = 6,
        lambda_: float = 0.3,
    ) -> None:
        if k1 < 1 or k2 < 1 or not 0 <= lambda_ <= 1:
            raise ValueError(
                f"re-ranking needs k1 and k2 of 1 or more and lambda in [0, 1], got {k1}, {k2}, {lambda_}"
            )
        if query.ndim != 2 or gallery.ndim != 2 or query.shape[1] != gallery.shape[1]:
            raise ValueError(f"re-ranking needs (Q, D) and (G, D), got {query.shape} and {gallery.shape}")
        self.shape = (len(query), len(gallery))
        self._lambda = lambda_
        vectors = unit(np.concatenate([query, gallery], dtype=np.float32))
        self._original = CosineRows(vectors[: len(query)], vectors[len(query) :])
        found = nearest_neighbours(vectors, k1 + 1)
        # where all vectors are equal every distance is 0 whatever it is divided by
        self._farthest = np.where(found.farthest > 0, found.farthest, np.float32(1))
        codes = _encode(vectors, found.indices, self._farthest, k1)
        if k2 > 1:
            codes = _expand(codes, found.indices[:, :k2])
        self._query = codes[: len(query)]
        self._inverted = codes[len(query) :].tocsc()

    def rows(self, start: int, stop: int) -> Array:
        """Distances (stop - start, G) in [0, 1] of the queries from `start` to before `stop`, a fresh array.

        The original distance is the squared Euclidean one divided by the query's largest over all vectors. Of
        unit vectors that is 1 - cosine divided by its largest: the factor 2 cancels out.
        """
        out = self._original.rows(start, stop)
        out *= np.float32(self._lambda)
        out /= self._farthest[start:stop, None]
        for row, query in zip(out, range(start, stop), strict=True):
            row += np.float32(1 - self._lambda) * self._jaccard(query)
        return out

    def _jaccard(self, query: int) -> Array:
        """Jaccard distances (G,) of one query (equation 10), from the gallery rows that share an entry with it.

        Codes add up to 1, so the sum of maxima is 2 minus the sum of minima.
        """
        entries = slice(*self._query.indptr[query : query + 2])
        begins = self._inverted.indptr[self._query.indices[entries]].astype(np.int64)
        lengths = self._inverted.indptr[self._query.indices[entries] + 1] - begins
        before = np.cumsum(lengths) - lengths
        where = np.repeat(begins - before, lengths) + np.arange(lengths.sum())
        minima = np.minimum(np.repeat(self._query.data[entries], lengths), self._inverted.data[where])
        shared = np.bincount(self._inverted.indices[where], minima, minlength=self.shape[1])
        return np.asarray(1 - shared / (2 - shared), dtype=np.float32)


def _mutual(nearest: Indices) -> NDArray[np.bool_]:
    """Mask (N, k) of those of its `nearest` (N, k) that count an item among theirs."""
    mutual = np.empty(nearest.shape, np.bool_)
    for start in range(0, len(nearest), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(nearest)))
        mutual[rows] = (nearest[nearest[rows]] == rows[:, None, None]).any(axis=2)
    return mutual


def _reciprocal_sets(nearest: Indices, k1: int) -> tuple[Indices, NDArray[np.int64]]:
    """R*(i) of every item (equation 4): indices, ascending within an item, and how many (N,).

    R(i, k1), and for each c in it R(c, k1 / 2) where more than two thirds of that lie in R(i, k1).
    """
    half = nearest[:, : round(k1 / 2) + 1]
    inner = np.where(_mutual(nearest), nearest, -1)
    halves = np.where(_mutual(half), half, -1)
    sizes = np.count_nonzero(halves >= 0, axis=1)
    found, counts = [], []
    for start in range(0, len(nearest), _ROWS):
        own = inner[start : start + _ROWS]  # (n, k)
        theirs = halves[own]  # (n, k, h); rows of an absent own one are never taken
        common = np.zeros(theirs.shape, np.bool_)
        for member in own.T:
            common |= theirs == member[:, None, None]
        inside = np.count_nonzero(common & (theirs >= 0), axis=2)
        taken = (own >= 0) & (3 * inside > 2 * sizes[own])
        both = np.hstack([own, np.where(taken[:, :, None], theirs, -1).reshape(len(own), -1)])
        both.sort(axis=1)
        first = both >= 0
        first[:, 1:] &= both[:, 1:] != both[:, :-1]
        found.append(both[first])
        counts.append(np.count_nonzero(first, axis=1))
    return np.concatenate(found), np.concatenate(counts)


def _encode(vectors: Array, nearest: Indices, farthest: Array, k1: int) -> sparse.csr_array:
    """Codes (N, N) that add up to 1 (equation 7): exp(-d) on the reciprocal set of an item, 0 elsewhere."""
    columns, counts = _reciprocal_sets(nearest, k1)
    ends = np.cumsum(counts)
    weights = np.empty(len(columns), np.float32)
    for item, (end, count) in enumerate(zip(ends, counts, strict=True)):
        entries = slice(end - count, end)
        weights[entries] = 1.0 - vectors[columns[entries]] @ vectors[item]
    items = np.repeat(np.arange(len(vectors)), counts)
    weights = np.exp(-np.maximum(weights, 0) / farthest[items])
    weights /= np.bincount(items, weights, minlength=len(vectors))[items]
    indptr = np.concatenate([[0], ends])
    return sparse.csr_array((weights, columns, indptr), shape=(len(vectors), len(vectors)))


def _expand(codes: sparse.csr_array, nearest: Indices) -> sparse.csr_array:
    """Codes averaged over the `nearest` (N, k2) of each item, itself among them (equation 11)."""
    count, k2 = nearest.shape
    share = np.full(nearest.size, 1 / k2, np.float32)
    mean = sparse.csr_array(
        (share, nearest.ravel(), np.arange(0, nearest.size + 1, k2)), shape=(count, count)
    )
    expanded = mean @ codes
    expanded.sort_indices()
    return expanded
