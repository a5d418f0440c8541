"""k-reciprocal re-ranking written down from the paper (Zhong et al. 2017): dense, with a loop wherever one helps."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def dense(
    query: NDArray[Any], gallery: NDArray[Any], *, k1: int = 20, k2: int = 6, lambda_: float = 0.3
) -> NDArray[np.float64]:
    """Re-ranked distances (Q, G); as slow as N**2 is, and as large."""
    vectors = np.concatenate([query, gallery]).astype(np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    count = len(vectors)
    squared = np.maximum(2 - 2 * vectors @ vectors.T, 0)
    farthest = squared.max(axis=1, keepdims=True)
    original = np.divide(squared, farthest, out=np.zeros_like(squared), where=farthest > 0)
    order = np.argsort(squared, axis=1, kind="stable")

    def reciprocal(item: int, k: int) -> set[int]:
        """R(item, k), equation 2; the k + 1 nearest, because an item is among its own."""
        return {int(other) for other in order[item, : k + 1] if item in order[other, : k + 1]}

    codes = np.zeros((count, count))
    for item in range(count):
        own = reciprocal(item, k1)
        extended = set(own)
        for candidate in own:
            theirs = reciprocal(candidate, int(np.around(k1 / 2)))
            if len(own & theirs) > 2 / 3 * len(theirs):
                extended |= theirs
        members = sorted(extended)
        codes[item, members] = np.exp(-original[item, members])
        codes[item, members] /= codes[item, members].sum()
    if k2 > 1:  # as in the authors' code; the nearest one of an item with copies may be a copy
        codes = np.array([codes[order[item, :k2]].mean(axis=0) for item in range(count)])
    jaccard = np.empty((len(query), count))
    for item in range(len(query)):
        smaller = np.minimum(codes[item], codes).sum(axis=1)
        jaccard[item] = 1 - smaller / (2 - smaller)
    final = (1 - lambda_) * jaccard + lambda_ * original[: len(query)]
    return np.asarray(final[:, len(query) :])
