"""Agglomerative clustering with average linkage and pairs that must stay apart."""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def average_linkage(
    distances: Matrix,
    apart: NDArray[np.bool_],
    weights: NDArray[np.float64],
    max_distance: float,
    together: NDArray[np.int64] | None = None,
    fewest: int = 1,
) -> NDArray[np.int64]:
    """Cluster number (N,) of each item, counted from 0 in order of first member.

    The two closest clusters are joined until the closest allowed pair is farther than `max_distance`. The distance
    of two clusters is the mean over their pairs of items, a pair counting as the product of its weights (UPGMA,
    Sokal and Michener 1958, weighted). Two clusters may not be joined when any pair of their items is `apart`.

    Args:
        distances: (N, N), symmetric.
        apart: (N, N), symmetric.
        weights: (N,), positive.
        max_distance: joins stop here.
        together: (N,) items of one number other than 0 are joined first, at any distance, also if they are `apart`.
        fewest: joins stop at so many clusters as well.

    Every row remembers its nearest neighbour, so a join costs O(N) and the whole O(N^2) in practice.
    """
    count = len(distances)
    mass = weights.astype(np.float64).copy()
    sums = distances * mass[:, None] * mass[None, :]
    blocked = apart | np.eye(count, dtype=bool)
    labels = np.arange(count)
    alive = np.ones(count, dtype=bool)

    def join(a: int, b: int) -> None:
        """`b` becomes part of `a`."""
        sums[a] += sums[b]
        sums[:, a] += sums[:, b]
        mass[a] += mass[b]
        blocked[a] |= blocked[b]
        blocked[:, a] |= blocked[:, b]
        alive[b] = False
        labels[labels == b] = a

    for group in np.unique(together[together != 0]) if together is not None else ():
        first, *others = np.flatnonzero(together == group).tolist()
        for row in others:
            join(first, row)

    def mean_row(row: int) -> Matrix:
        return np.where(blocked[row] | ~alive, np.inf, sums[row] / (mass[row] * mass))

    nearest = np.zeros(count, dtype=np.int64)
    gap = np.full(count, np.inf)
    for row in np.flatnonzero(alive).tolist():
        nearest[row], gap[row] = _smallest(mean_row(row))
    for _ in range(int(alive.sum()) - fewest):
        closest = int(np.argmin(gap))
        if gap[closest] > max_distance or gap[closest] == np.inf:
            break
        a, b = sorted((closest, int(nearest[closest])))
        join(a, b)
        gap[b] = np.inf
        changed = mean_row(a)
        nearest[a], gap[a] = _smallest(changed)
        for row in np.flatnonzero(alive & ((nearest == a) | (nearest == b))).tolist():
            if row != a:
                nearest[row], gap[row] = _smallest(mean_row(row))
        closer = alive & (changed < gap)
        nearest[closer], gap[closer] = a, changed[closer]
    return np.unique(labels, return_inverse=True)[1]


def _smallest(row: Matrix) -> tuple[int, float]:
    if not len(row):
        return 0, float("inf")
    position = int(np.argmin(row))
    return position, float(row[position])
