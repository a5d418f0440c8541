"""Boxes that walk, and what a detector and an encoder would say of them."""

from collections.abc import Sequence

import numpy as np

from reid.tracking.tracker import Tracker
from reid.types import Array, Detections, Embeddings, Image

WIDTH, HEIGHT = 640, 360
BLANK: Image = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
DIMENSION = 16


def found(boxes: Sequence[Sequence[float]], scores: Sequence[float] | None = None) -> Detections:
    return Detections(
        boxes=np.array(boxes, dtype=np.float32).reshape(-1, 4),
        scores=np.array([0.9] * len(boxes) if scores is None else scores, dtype=np.float32),
    )


def looks(people: Sequence[int]) -> Embeddings:
    """One vector per person, at right angles to all others'."""
    vectors: Array = np.eye(DIMENSION, dtype=np.float32)[list(people)].reshape(-1, DIMENSION)
    return Embeddings(vectors=vectors, encoder_id="toy")


def person(x: float, y: float = 100) -> tuple[float, float, float, float]:
    """A box 40 x 100."""
    return x, y, x + 40, y + 100


def step(tracker: Tracker, at: dict[int, Sequence[float]]) -> dict[int, int]:
    """One frame with people at boxes; the tracker's number of each person it follows."""
    people = list(at)
    tracks = tracker.update(found(list(at.values())), looks(people), BLANK)
    assert tracks.tracker_ids.shape == tracks.detections.shape
    assert len(set(tracks.tracker_ids.tolist())) == len(tracks.tracker_ids), "one number twice in a frame"
    rows = tracks.detections.tolist()
    assert len(set(rows)) == len(rows), "one detection in two tracks"
    return {people[row]: number for row, number in zip(rows, tracks.tracker_ids.tolist(), strict=True)}
