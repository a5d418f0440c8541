"""Ranks where distances are equal: the order of the gallery, and the best and worst that any order gives.

An unstable sort orders equal distances by chance. With coarse distances (int8 has 256 levels) that moves mAP by
whole points, so the order has to be fixed, and the bounds say how much it matters.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid.datasets.records import Labels
from reid.types import Array


class Bounds(NamedTuple):
    """Ranks (M,) of all matches, ascending within a query."""

    best: Labels
    worst: Labels


def stable_ranks(row: Array, values: Array, columns: Labels, below: Labels) -> Labels:
    """Ranks (R,) of a query's matches when equal distances keep the order of the gallery.

    Args:
        row: (G,) distances; NaN where the gallery row is removed.
        values: (R,) distances of the matches, ascending.
        columns: (R,) their gallery rows, ascending where values are equal.
        below: (R,) how many of `row` are smaller.
    """
    ranks = np.empty(len(values), np.int64)
    starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    for start, stop in zip(starts, [*starts[1:], len(values)], strict=True):
        equal = np.flatnonzero(row == values[start])
        ranks[start:stop] = below[start] + 1 + np.searchsorted(equal, columns[start:stop])
    return ranks


def bounds(offsets: Labels, values: Array, below: Labels, within: Labels) -> Bounds:
    """Best and worst ranks of matches, by how many distances of the list are `below` and `within` each.

    Matches of one query at one distance form a group: at best they come before all others at that distance,
    at worst after them.
    """
    size = len(values)
    new: NDArray[np.bool_] = np.ones(size, bool)
    new[1:] = values[1:] != values[:-1]
    new[offsets[:-1][np.diff(offsets) > 0]] = True
    starts = np.flatnonzero(new)
    lengths = np.diff(np.append(starts, size))
    since = np.arange(size) - np.repeat(starts, lengths)
    before_end = np.repeat(lengths, lengths) - 1 - since
    return Bounds(best=below + 1 + since, worst=within - before_end)
