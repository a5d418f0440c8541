"""Tracklets without images, to link, to forbid and to drop."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from reid.distance import unit
from reid.types import Array, Embeddings, Tracklet

ENCODER = "toy@0123456789ab"
FPS = 10


def towards(
    direction: int, dimension: int = 8, *, spread: float = 0.0, seed: int = 0, count: int = 1
) -> Array:
    """`count` unit vectors around one axis: people on different axes are at distance 1."""
    vectors = np.zeros((count, dimension), dtype=np.float32)
    vectors[:, direction] = 1
    noise = np.random.default_rng(seed).normal(size=vectors.shape).astype(np.float32)
    return unit(vectors + spread * noise)


def tracklet(
    camera: str = "a",
    track: int = 1,
    *,
    frames: Sequence[int] = range(10),
    box: ArrayLike = (100, 100, 140, 200),
    vectors: Array | None = None,
    fps: float = FPS,
) -> Tracklet:
    """One tracklet; `box` (4,) keeps still, `box` (T, 4) moves."""
    index = np.asarray(frames, dtype=np.int32)
    vectors = towards(0) if vectors is None else vectors
    moments = np.linspace(index[0], index[-1], len(vectors)) / fps
    return Tracklet(
        camera_id=camera,
        track_id=track,
        tracker_id=track,
        frames=index,
        times_s=index / fps,
        boxes=np.broadcast_to(np.asarray(box, dtype=np.float32), (len(index), 4)).copy(),
        scores=np.full(len(index), 0.9, dtype=np.float32),
        embeddings=Embeddings(vectors=vectors, encoder_id=ENCODER),
        moments_s=moments,
        qualities=np.full(len(vectors), 0.5, dtype=np.float32),
        crops=(b"jpeg",) * len(vectors),
    )
