"""Clusters too short to be people of their own are given to the nearest person, if one is near enough."""

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]


def attach_fragments(
    labels: Labels,
    distances: NDArray[np.float64],
    apart: NDArray[np.bool_],
    seconds: NDArray[np.float64],
    *,
    shorter_than_s: float,
    max_distance: float,
) -> Labels:
    """Cluster numbers (N,) after clusters seen for less than `shorter_than_s` in all joined longer ones.

    A second of a person, half hidden, lies farther from the rest of that person than a whole walk does, and is
    rarely somebody who was seen for that second only. Nearest pairs first; `apart` is kept; mean distances.
    """
    labels = labels.copy()
    while True:
        member = np.eye(int(labels.max(initial=-1)) + 1)[labels]  # (N, clusters)
        sizes, length = member.sum(axis=0), member.T @ np.minimum(seconds, 1e9)  # 0 times inf is no number
        mean = (member.T @ distances @ member) / np.maximum(np.outer(sizes, sizes), 1)
        never = (member.T @ apart @ member) > 0
        short = length < shorter_than_s
        mean[never | ~short[:, None] | short[None, :]] = np.inf
        if mean.size == 0 or mean.min() > max_distance:
            return labels
        fragment, person = np.unravel_index(int(mean.argmin()), mean.shape)
        labels[labels == fragment] = person
        labels = np.unique(labels, return_inverse=True)[1].astype(np.int64)
