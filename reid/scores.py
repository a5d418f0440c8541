"""The library's scores in a call: of a ranking, and of tracks. Exported from `reid`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from reid.distance import unit
from reid.evaluation.identity import IdentityScores
from reid.evaluation.identity import score as score_tracks
from reid.evaluation.mot import TrackTable, read_mot
from reid.evaluation.retrieval.distances import CosineRows
from reid.evaluation.retrieval.labels import Labelled
from reid.evaluation.retrieval.ranking import rank
from reid.evaluation.retrieval.scores import RetrievalScores
from reid.evaluation.retrieval.scores import score as score_retrieval
from reid.types import Embeddings


def evaluate_retrieval(
    query_vectors: Embeddings | ArrayLike,
    gallery_vectors: Embeddings | ArrayLike,
    *,
    query_ids: ArrayLike,
    gallery_ids: ArrayLike,
    query_cameras: ArrayLike,
    gallery_cameras: ArrayLike,
    device: str = "cpu",
    resamples: int = 1000,
    seed: int = 0,
) -> RetrievalScores:
    """mAP, CMC and mINP of a ranking by cosine distance, by the protocol of Market-1501 (Zheng et al. 2015).

    For each query, gallery rows of its person in its camera do not count.

    Args:
        query_vectors, gallery_vectors: (Q, D) and (G, D), any length but 0.
        query_ids, gallery_ids: (Q,) and (G,) person ids from 0; -1 is a distractor, which shows no query's person.
        query_cameras, gallery_cameras: (Q,) and (G,).
        resamples: of people, for the 95 % intervals; 0 leaves them out.

    Raises:
        ValueError: shapes do not fit, or no query has a match in the gallery.

    >>> import numpy as np, reid
    >>> scores = reid.evaluate_retrieval(
    ...     np.eye(3), np.eye(3) + 0.1, query_ids=[0, 1, 2], gallery_ids=[0, 1, 2],
    ...     query_cameras=[1, 1, 1], gallery_cameras=[2, 2, 2],
    ... )
    >>> scores.mAP, scores.rank(1)
    (1.0, 1.0)
    """
    query = Labelled(persons=_labels(query_ids), cameras=_labels(query_cameras))
    gallery = Labelled(persons=_labels(gallery_ids), cameras=_labels(gallery_cameras))
    rows = CosineRows(_unit(query_vectors), _unit(gallery_vectors), device=device)
    rng = np.random.default_rng(seed)
    return score_retrieval(rank(rows, query, gallery), query.persons, rng=rng, resamples=resamples)


def evaluate_tracks(
    truth: Mapping[str, TrackTable | str | Path],
    result: Mapping[str, TrackTable | str | Path],
    *,
    iou: float = 0.5,
) -> IdentityScores:
    """IDF1, HOTA and CLEAR of tracks, of each camera and of all together.

    Args:
        truth, result: MOTChallenge files or tables by camera; ids of `result` are the same person in all cameras.
        iou: intersection over union from which a box counts as found.

    Raises:
        InputError: a file that cannot be read, or an id twice in a frame.

    >>> import reid
    >>> scores = reid.evaluate_tracks({"cam1": TRUTH}, {"cam1": TRUTH})
    >>> scores.global_ids.idf1
    1.0
    """
    return score_tracks(
        {name: _table(tracks) for name, tracks in truth.items()},
        {name: _table(tracks) for name, tracks in result.items()},
        iou=iou,
    )


def _labels(values: ArrayLike) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.asarray(values, dtype=np.int64)


def _unit(vectors: Embeddings | ArrayLike) -> np.ndarray[Any, np.dtype[np.float32]]:
    if isinstance(vectors, Embeddings):
        return vectors.vectors
    return unit(np.asarray(vectors, dtype=np.float32))


def _table(tracks: TrackTable | str | Path) -> TrackTable:
    return tracks if isinstance(tracks, TrackTable) else read_mot(Path(tracks))
