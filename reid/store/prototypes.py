"""Which vectors of a person are kept."""

import numpy as np

from reid.types import Array


def most_varied(vectors: Array, limit: int) -> set[int]:
    """Which `limit` rows of `vectors` (N, D) to keep so that their variety stays; all if there are no more.

    Farthest-point selection (Gonzalez 1985), from the most typical row on: each next one is the farthest from
    all that were chosen. Rows that equal a chosen one are left out.
    """
    if len(vectors) <= limit:
        return set(range(len(vectors)))
    chosen = [int(np.argmax(vectors @ vectors.mean(axis=0)))]
    nearest = 1.0 - vectors @ vectors[chosen[0]]  # (N,) to the chosen ones
    while len(chosen) < limit:
        nearest[chosen[-1]] = -np.inf  # a row's distance to itself need not round to 0
        farthest = int(np.argmax(nearest))
        if nearest[farthest] < 1e-6:
            break
        chosen.append(farthest)
        nearest = np.minimum(nearest, 1.0 - vectors @ vectors[farthest])
    return set(chosen)
