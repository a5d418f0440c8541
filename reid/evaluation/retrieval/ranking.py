"""Ranks of the right gallery rows of every query: exact, without sorting the gallery."""

import numpy as np
from numpy.typing import NDArray

from reid.datasets.records import Labels
from reid.evaluation.retrieval.distances import CosineRows, DistanceRows, blocks
from reid.evaluation.retrieval.labels import Labelled, check_labels, members
from reid.evaluation.retrieval.ranks import MatchRanks, Ranking
from reid.types import Array


def rank(
    distances: DistanceRows,
    query: Labelled,
    gallery: Labelled,
    *,
    block_mib: int = 256,
    keep_same_camera: bool = False,
) -> Ranking:
    """Rank the gallery for every query by the protocol of person re-identification (Zheng et al. 2015).

    For each query the gallery rows of its person in its camera are removed, unless `keep_same_camera`.
    Exact, also with ties, and the same for any `block_mib`, which bounds the memory beside the features.
    Distances that a torch device computes (`CosineRows`) are ranked there.

    Raises:
        ValueError: labels and distances do not fit, a query is a distractor, or a distance is NaN.
    """
    if isinstance(distances, CosineRows) and distances.device != "cpu":
        from reid.evaluation.retrieval.on_device import rank_on_device

        return rank_on_device(
            distances,
            query,
            gallery,
            device=distances.device,
            block_mib=block_mib,
            keep_same_camera=keep_same_camera,
        )
    check_labels(distances.shape, query, gallery)
    matches, removed = members(query, gallery, keep_same_camera=keep_same_camera)
    found = MatchRanks.of(matches)
    for start, block in blocks(distances, block_mib):
        for index, row in enumerate(block, start):
            found.add(index, row, removed.of(index))
    return found.ranking(len(gallery) - removed.sizes)


def nearest(
    distances: DistanceRows,
    query: Labelled,
    gallery: Labelled,
    *,
    rows: NDArray[np.int64],
    top: int,
) -> tuple[Labels, Array]:
    """The beginnings of the lists of some queries `rows` (n,): gallery rows (n, top) and their distances (n, top).

    Equal distances in the order of the gallery. Lists that are shorter than `top` end with -1 and infinity.

    Raises:
        ValueError: labels and distances do not fit, `top` is negative, or a distance is NaN.
    """
    check_labels(distances.shape, query, gallery)
    if top < 0:
        raise ValueError(f"top must not be negative, got {top}")
    chosen = Labelled(persons=query.persons[rows], cameras=query.cameras[rows])
    _, removed = members(chosen, gallery)
    found = np.full((len(rows), top), -1, np.int64)
    values = np.full((len(rows), top), np.inf, np.float32)
    for place, index in enumerate(np.asarray(rows).tolist()):
        row = distances.rows(index, index + 1)[0]
        if np.isnan(row).any():
            raise ValueError(
                f"the distance of query {index} and gallery {np.isnan(row).argmax()} is not a number"
            )
        row[removed.of(place)] = np.nan
        size = min(top, len(row) - removed.sizes[place])
        if size:
            limit = np.partition(row, size - 1)[size - 1]
            near = np.flatnonzero(row <= limit)
            found[place, :size] = near[np.argsort(row[near], kind="stable")[:size]]
            values[place, :size] = row[found[place, :size]]
    return found, values
