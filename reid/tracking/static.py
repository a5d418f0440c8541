"""Things that look like people and never move: posters, coats, chairs."""

from collections.abc import Sequence

import numpy as np

from reid.distance import pairwise, unit
from reid.geometry import iou
from reid.types import Array, Tracklet

STILL = 0.05  # of the box's height: how far its corners move, at most
UNCHANGED = 0.06  # embedding distance between moments: breathing and turning exceed it, a poster does not
SAME_PLACE_IOU = 0.6


def split_static(tracklets: Sequence[Tracklet], static_s: float) -> tuple[list[Tracklet], list[Tracklet]]:
    """The moving and the static tracklets of one camera.

    A thing is often lost and found again, so tracklets that keep still in the same place with the same picture
    count together: they are static when the first and the last of them are at least `static_s` apart.
    """
    still = [t for t in tracklets if _keeps_still(t)]
    places = [(np.median(t.boxes, axis=0).astype(np.float32), _mean(t)) for t in still]
    static: set[int] = set()
    for i, (box, mean) in enumerate(places):
        together = [
            j
            for j, (other, other_mean) in enumerate(places)
            if float(iou(box[None], other[None])[0, 0]) >= SAME_PLACE_IOU
            and float(pairwise(mean[None], other_mean[None])[0, 0]) <= UNCHANGED
        ]
        seconds = max(still[j].end_s for j in together) - min(still[j].start_s for j in together)
        if seconds >= static_s:
            static.add(i)
    dropped = [still[i] for i in sorted(static)]
    gone = {t.track_id for t in dropped}
    return [t for t in tracklets if t.track_id not in gone], dropped


def _keeps_still(tracklet: Tracklet) -> bool:
    """Whether the box hardly moves from beginning to end; people who stand still came and go."""
    place = np.median(tracklet.boxes, axis=0).astype(np.float32)[None]
    if float(iou(tracklet.boxes[[0, -1]], place).min()) < SAME_PLACE_IOU:
        return False
    height = float(np.median(tracklet.boxes[:, 3] - tracklet.boxes[:, 1]))
    spread = np.percentile(tracklet.boxes, 95, axis=0) - np.percentile(tracklet.boxes, 5, axis=0)
    vectors = tracklet.embeddings.vectors
    return bool(spread.max() <= STILL * height and float(pairwise(vectors, vectors).max()) <= UNCHANGED)


def _mean(tracklet: Tracklet) -> Array:
    mean: Array = unit(tracklet.embeddings.vectors.mean(axis=0)[None])[0]
    return mean
