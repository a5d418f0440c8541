"""A preview of a split: the two halves of a person that appearance suggests."""

import numpy as np
from numpy.typing import NDArray

from reid.linking.clustering import average_linkage
from reid.review.site import ReviewSite

Rows = NDArray[np.int64]


def halves(site: ReviewSite, rows: Rows) -> tuple[Rows, Rows]:
    """The larger and the smaller half of some tracklets, by average linkage; those seen at once stay apart.

    One tracklet, or none, has no halves: the smaller is empty.
    """
    if len(rows) < 2:
        return rows, rows[:0]
    distances = site.distances.between(rows, rows)
    apart, weights = site.meetings.matrix(rows), site.distances.weights[rows]
    labels = average_linkage(distances, apart, weights, np.inf, fewest=2)
    sizes = np.bincount(labels)
    first, second = np.argsort(-sizes, kind="stable")[:2]
    for extra in sorted(set(labels.tolist()) - {int(first), int(second)}):  # kept apart from both
        own = labels == extra
        near = [distances[np.ix_(own, labels == one)].mean() for one in (first, second)]
        labels[own] = first if near[0] <= near[1] else second
    larger, smaller = (labels == first, labels == second)
    if larger.sum() < smaller.sum():
        larger, smaller = smaller, larger
    return rows[larger], rows[smaller]
