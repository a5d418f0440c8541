"""What a camera adds to every vector, its light and its view, taken out again."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reid.distance import unit
from reid.types import Array, Embeddings, Tracklet

PRIOR = 15.0  # tracklets that a camera's own mean must outweigh; few people's mean shows who, not where


def biases(vectors: Sequence[Array], cameras: Sequence[str], centre: Array) -> dict[str, Array]:
    """How far each camera's vectors lie from `centre` on average, (D,) by camera.

    In a dark or tinted camera all people move the same way, so that they seem alike there and strange
    elsewhere. The mean of a camera's tracklets measures that move; it is shrunk towards none, as if PRIOR
    tracklets without it had been seen too, because a few people's mean is mostly themselves.

    Args:
        vectors: of each tracklet (K, D), unit length.
        cameras: of each tracklet.
        centre: (D,) mean vector of many people in many cameras.
    """
    means: dict[str, list[Array]] = {}
    for own, camera in zip(vectors, cameras, strict=True):
        means.setdefault(camera, []).append(own.mean(axis=0))
    return {
        camera: np.asarray(np.sum(np.stack(own) - centre, axis=0) / (len(own) + PRIOR), dtype=np.float32)
        for camera, own in means.items()
    }


def without_bias(vectors: Sequence[Array], cameras: Sequence[str], centre: Array) -> list[Array]:
    """The same vectors with their camera's bias taken out, unit length."""
    bias = biases(vectors, cameras, centre)
    return [unit(own - bias[camera]) for own, camera in zip(vectors, cameras, strict=True)]


def comparable(tracklets: Sequence[Tracklet], centre: Array | None) -> list[Tracklet]:
    """Tracklets whose vectors can be compared across cameras; unchanged where no centre is known."""
    if centre is None or not tracklets:
        return list(tracklets)
    vectors = [tracklet.embeddings.vectors for tracklet in tracklets]
    moved = without_bias(vectors, [tracklet.camera_id for tracklet in tracklets], centre)
    return [
        replace(tracklet, embeddings=Embeddings(vectors=own, encoder_id=tracklet.embeddings.encoder_id))
        for tracklet, own in zip(tracklets, moved, strict=True)
    ]
