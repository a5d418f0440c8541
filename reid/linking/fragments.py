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
    labels = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    member = np.eye(int(labels.max(initial=-1)) + 1)[labels]  # (N, clusters)
    sizes, length = member.sum(axis=0), member.T @ np.minimum(seconds, 1e9)  # 0 times inf is no number
    sums, never = member.T @ distances @ member, (member.T @ apart @ member) > 0
    short, long = np.flatnonzero(length < shorter_than_s), np.flatnonzero(length >= shorter_than_s)
    while short.size and long.size:
        pairs = np.ix_(short, long)
        mean = np.where(never[pairs], np.inf, sums[pairs] / np.outer(sizes[short], sizes[long]))
        row, column = np.unravel_index(int(mean.argmin()), mean.shape)
        if mean[row, column] > max_distance:
            break
        fragment, person = short[row], long[column]
        labels[labels == fragment] = person
        sums[:, person] += sums[:, fragment]
        never[:, person] |= never[:, fragment]
        sizes[person] += sizes[fragment]
        short = np.delete(short, row)
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)
