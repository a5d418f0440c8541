"""Where a track changes from one person to another: its appearance before and after differ."""

import numpy as np

from reid.distance import unit
from reid.tracking.moments import Moment
from reid.types import Array

WINDOW = 4  # moments looked at on each side of a possible cut


def cuts(moments: list[Moment], max_distance: float, centre: Array | None = None) -> list[int]:
    """Ascending positions i such that moments[:i] and moments[i:] show different people.

    The means of the up to four moments before and after every position are compared; each maximum above
    `max_distance` is a cut. A cut too many is mended by linking; one too few is not.

    Args:
        centre: (D,) what distances are taken from, as in linking; None: the origin.
    """
    count = len(moments)
    if count < 2:
        return []
    sums = np.stack([moment.vector_sum for moment in moments])
    if centre is not None:
        sums = sums - np.array([[moment.weight] for moment in moments], dtype=np.float32) * centre
    distances = np.zeros(count)
    for position in range(1, count):
        before = unit(sums[max(0, position - WINDOW) : position].sum(axis=0, keepdims=True))
        after = unit(sums[position : position + WINDOW].sum(axis=0, keepdims=True))
        distances[position] = 1 - float((before @ after.T)[0, 0])
    found = []
    for position in range(1, count):
        around = distances[max(0, position - WINDOW + 1) : position + WINDOW]
        if distances[position] > max_distance and distances[position] == around.max():
            found.append(position)
    return found
