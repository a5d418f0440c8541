"""Exact nearest neighbours of all vectors among themselves, without the matrix of all distances."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.types import Array

Indices = NDArray[np.int32]
Keys = NDArray[np.uint64]

_TILE = 1024  # 4 MiB of distances: they stay in the cache while they are searched
_LOW = np.uint64(0xFFFFFFFF)
_HIGH = np.uint64(32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Neighbours:
    """The k nearest of each of N vectors, and how far away the farthest of all N is."""

    indices: Indices  # (N, k) ascending by distance, equal distances by index; a vector is its own neighbour
    farthest: Array  # (N,) largest distance of the row


def nearest_neighbours(vectors: Array, k: int) -> Neighbours:
    """The min(k, N) nearest of every row of `vectors` (N, D), unit length, by 1 - cosine.

    Distances are symmetric, so only tiles on and above the diagonal are multiplied; each serves its rows, and
    transposed its columns. A row thereby meets the others in ascending order: one that is as far as the k-th
    best so far has lost by its index, and only what is strictly nearer is looked at.
    """
    count = len(vectors)
    best = np.full((count, min(k, count)), _key(np.float32(np.inf), _LOW))
    farthest = np.zeros(count, np.float32)
    room = np.empty(_TILE * _TILE, np.float32)
    for top in range(0, count, _TILE):
        rows = slice(top, top + _TILE)
        for left in range(top, count, _TILE):
            columns = slice(left, left + _TILE)
            a, b = vectors[rows], vectors[columns]
            tile = room[: len(a) * len(b)].reshape(len(a), len(b))
            np.matmul(a, b.T, out=tile)
            np.subtract(1.0, tile, out=tile)
            np.maximum(farthest[rows], tile.max(axis=1), out=farthest[rows])
            _merge(best[rows], tile, left)
            if left > top:
                np.maximum(farthest[columns], tile.max(axis=0), out=farthest[columns])
                _merge(best[columns], tile.T, top)
    best.sort(axis=1)
    return Neighbours(indices=(best & _LOW).astype(np.int32), farthest=farthest)


def _key(distances: NDArray[np.float32] | np.float32, indices: NDArray[np.uint64] | np.uint64) -> Keys:
    """Integer that sorts by distance, then by index: floats that are not negative sort as their bits."""
    bits = np.maximum(distances, np.float32(0)).view(np.uint32).astype(np.uint64)
    return np.asarray((bits << _HIGH) | indices)


def _merge(best: Keys, tile: Array, first: int) -> None:
    """Take what is nearer in `tile` (n, m), the distances to the vectors from `first` on, into `best` (n, k).

    The k-th best stays in the last column of `best`; the others are in no order.
    """
    k = best.shape[1]
    limits = (best[:, -1] >> _HIGH).astype(np.uint32).view(np.float32)
    if np.isinf(limits).any():  # fewer than k met so far: all count
        keys = _key(np.ascontiguousarray(tile), np.arange(first, first + tile.shape[1], dtype=np.uint64))
        best[:] = np.partition(np.hstack([best, keys]), k - 1, axis=1)[:, :k]
        return
    rows, columns = np.divmod(np.flatnonzero(tile < limits[:, None]), tile.shape[1])
    if not len(rows):
        return
    counts = np.bincount(rows, minlength=len(best))
    changed = np.flatnonzero(counts)
    begins = np.cumsum(counts) - counts
    slots = np.arange(len(rows)) - begins[rows]
    line = np.cumsum(counts > 0) - 1
    padded = np.full((len(changed), k + counts.max()), _key(np.float32(np.inf), _LOW))
    padded[:, :k] = best[changed]
    padded[line[rows], k + slots] = _key(tile[rows, columns], (columns + first).astype(np.uint64))
    best[changed] = np.partition(padded, k - 1, axis=1)[:, :k]
