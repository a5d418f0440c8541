"""Views of a ranking beside its means: precision over recall, cameras apart, several images a query."""

import numpy as np
from numpy.typing import NDArray

from reid.datasets.records import Labels
from reid.distance import unit
from reid.evaluation.retrieval.distances import DistanceRows, blocks
from reid.evaluation.retrieval.labels import Labelled, check_labels, members
from reid.evaluation.retrieval.ranks import MatchRanks, Ranking
from reid.evaluation.retrieval.scores import per_query
from reid.types import Array

Floats = NDArray[np.float64]


def precision_recall(ranking: Ranking, points: int = 101) -> tuple[Floats, Floats]:
    """Recall (points,) from 0 to 1, and the interpolated precision (points,) there, mean over queries.

    Interpolated: the best precision at this or any higher recall (Manning et al. 2008, section 8.4). Queries
    without a match are left out; if none has one, precision is NaN.

    Raises:
        ValueError: `points` is less than 2.
    """
    if points < 2:
        raise ValueError(f"points must be at least 2, got {points}")
    levels = np.arange(points)
    queries = np.flatnonzero(ranking.relevant)
    total = np.zeros(points)
    for start, stop in zip(ranking.offsets[queries], ranking.offsets[queries + 1], strict=True):
        size = int(stop - start)
        precision = np.arange(1, size + 1) / ranking.ranks[start:stop]
        best = np.maximum.accumulate(precision[::-1])[::-1]
        # the first match with which recall reaches the level, in whole numbers because i / 100 * R is not exact
        needed = np.maximum(-(-levels * size // (points - 1)), 1)
        total += best[needed - 1]
    mean = total / len(queries) if len(queries) else np.full(points, np.nan)
    return levels / (points - 1), mean


def multi_query(query: Labelled, vectors: Array, pool_vectors: Array, pool: Labelled) -> Array:
    """Vectors (Q, D) of queries that are several images: the mean over the query's person in its camera.

    Args:
        vectors: (Q, D) unit vectors of the queries; one without images in the pool keeps its own.
        pool_vectors: (P, D) unit vectors of the images to take the mean of (Market-1501: gt_bbox).

    Raises:
        ValueError: labels and vectors do not fit, or the images of a query cancel each other out.
    """
    for name, labels, rows in (("query", query, vectors), ("pool", pool, pool_vectors)):
        if len(labels) != len(rows):
            raise ValueError(f"{name} has {len(labels)} labels for {len(rows)} vectors")
    found = np.array(vectors, np.float32)
    # those of the query's person *and* camera are what ranking removes
    _, images = members(query, pool)
    for index in np.flatnonzero(images.sizes).tolist():
        found[index] = pool_vectors[images.of(index)].mean(axis=0, dtype=np.float64)
    return unit(found)


def camera_pair_map(
    distances: DistanceRows,
    query: Labelled,
    gallery: Labelled,
    *,
    cameras: int,
    block_mib: int = 256,
) -> tuple[Floats, Labels]:
    """mAP (C, C) of the queries of each camera in the gallery of each camera alone, and how many queries that is.

    NaN where no query has a match: on the diagonal always, as who is sought is removed in the query's camera.

    Args:
        cameras: their number C; the labels of cameras are positions 0 to C - 1.

    Raises:
        ValueError: labels and distances do not fit, a camera is out of range, a query is a distractor, or a
            distance is NaN.
    """
    check_labels(distances.shape, query, gallery)
    for labels in (query.cameras, gallery.cameras):
        if len(labels) and not 0 <= labels.min() <= labels.max() < cameras:
            raise ValueError(f"cameras must be 0 to {cameras - 1}, got {labels.min()} to {labels.max()}")
    scores, counts = np.full((cameras, cameras), np.nan), np.zeros((cameras, cameras), np.int64)
    for camera, ranking in enumerate(_by_camera(distances, query, gallery, cameras, block_mib)):
        figures = per_query(ranking, ks=())
        from_camera = query.cameras[figures.queries]
        counts[:, camera] = np.bincount(from_camera, minlength=cameras)
        sums = np.bincount(from_camera, figures.ap, minlength=cameras)
        np.divide(sums, counts[:, camera], out=scores[:, camera], where=counts[:, camera] > 0)
    return scores, counts


def _by_camera(
    distances: DistanceRows, query: Labelled, gallery: Labelled, cameras: int, block_mib: int
) -> list[Ranking]:
    """Rankings by the camera that took the matches; the distances are computed once for all."""
    parts = []
    for camera in range(cameras):
        columns = np.flatnonzero(gallery.cameras == camera)
        own = Labelled(persons=gallery.persons[columns], cameras=gallery.cameras[columns])
        matches, removed = members(query, own)
        parts.append((columns, removed, MatchRanks.of(matches)))
    for start, block in blocks(distances, block_mib, bytes_each=8):
        for columns, removed, found in parts:
            for index, row in enumerate(block[:, columns], start):
                found.add(index, row, removed.of(index))
    return [found.ranking(len(columns) - removed.sizes) for columns, removed, found in parts]
