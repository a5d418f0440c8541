"""What a camera adds to every vector, its light and its view, taken out again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np

from reid.distance import pairwise, unit
from reid.types import Array, Embeddings, Tracklet

PRIOR = 5.0  # people that a camera's own mean must outweigh; few people's mean shows who, not where
PART = 1 / 2  # of the camera's mean, see _people


def biases(
    vectors: Sequence[Array],
    cameras: Sequence[str],
    centre: Array,
    max_distance: float | None = None,
    at_once: Mapping[str, int] | None = None,
) -> dict[str, Array]:
    """How far each camera's vectors lie from `centre` on average, (D,) by camera.

    In a dark or tinted camera all people move the same way, so that they seem alike there and strange
    elsewhere. The mean of a camera's tracklets measures that move; it is shrunk towards none, as if PRIOR
    people without it had been seen too, because a few people's mean is mostly themselves.

    Args:
        vectors: of each tracklet (K, D), unit length.
        cameras: of each tracklet.
        centre: (D,) mean vector of many people in many cameras.
        max_distance: tracklets of one camera closer than this count as one person; None: each is another's.
        at_once: people seen at the same time, by camera: so many there are at least.
    """
    means: dict[str, list[Array]] = {}
    for own, camera in zip(vectors, cameras, strict=True):
        means.setdefault(camera, []).append(own.mean(axis=0))
    found = {}
    for camera, rows in means.items():
        shift = np.stack(rows) - centre
        mean = shift.mean(axis=0)
        people = len(rows) if max_distance is None else _people(shift, max_distance)
        people = max(people, (at_once or {}).get(camera, 1))
        found[camera] = np.asarray(mean * people / (people + PRIOR), dtype=np.float32)
    return found


def _people(shift: Array, max_distance: float) -> float:
    """About how many people tracklets (N, D) of one camera show, their bias being still in them.

    The inverse of the chance that two tracklets drawn at random are close (Simpson 1949): a resident who is
    seen a hundred times counts little more than once. Part of the camera's mean is taken out first: with all
    of it in, people in the dark are one person; with all of it out, a resident's visits are noise.
    """
    moved = unit(shift - PART * shift.mean(axis=0) if len(shift) > 1 else shift)
    return float(1 / np.mean(pairwise(moved, moved) <= max_distance))


def without_bias(
    vectors: Sequence[Array],
    cameras: Sequence[str],
    centre: Array,
    max_distance: float | None = None,
    at_once: Mapping[str, int] | None = None,
) -> list[Array]:
    """The same vectors with their camera's bias taken out, unit length; arguments as in `biases`."""
    bias = biases(vectors, cameras, centre, max_distance, at_once)
    return [unit(own - bias[camera]) for own, camera in zip(vectors, cameras, strict=True)]


def biases_of(
    tracklets: Sequence[Tracklet], centre: Array | None, max_distance: float | None = None
) -> dict[str, Array]:
    """The bias of every camera that these tracklets are of; none where no centre is known."""
    if centre is None or not tracklets:
        return {}
    vectors = [tracklet.embeddings.vectors for tracklet in tracklets]
    cameras = [tracklet.camera_id for tracklet in tracklets]
    return biases(vectors, cameras, centre, max_distance, _most_at_once(tracklets))


def unbiased(tracklet: Tracklet, bias: Mapping[str, Array]) -> Embeddings:
    """A tracklet's vectors without its camera's bias, if that has one."""
    own = tracklet.embeddings
    if tracklet.camera_id not in bias:
        return own
    return Embeddings(vectors=unit(own.vectors - bias[tracklet.camera_id]), encoder_id=own.encoder_id)


def comparable(
    tracklets: Sequence[Tracklet], centre: Array | None, max_distance: float | None = None
) -> list[Tracklet]:
    """Tracklets whose vectors can be compared across cameras; unchanged where no centre is known."""
    bias = biases_of(tracklets, centre, max_distance)
    if not bias:
        return list(tracklets)
    return [replace(tracklet, embeddings=unbiased(tracklet, bias)) for tracklet in tracklets]


def _most_at_once(tracklets: Sequence[Tracklet]) -> dict[str, int]:
    """The most tracklets that any moment of each camera holds."""
    most: dict[str, int] = {}
    for camera in {tracklet.camera_id for tracklet in tracklets}:
        own = [tracklet for tracklet in tracklets if tracklet.camera_id == camera]
        changes = sorted([(t.start_s, 1) for t in own] + [(t.end_s, -1) for t in own])
        most[camera] = max(accumulate(change for _, change in changes))
    return most
