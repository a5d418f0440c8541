"""Camera normalisation: what a camera adds to every vector, gathered from its own tracklets without a label."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np

from reid.camera_normalisation import CameraNormalisation
from reid.distance import pairwise, unit
from reid.types import Array, Embeddings, Tracklet

PRIOR = 5.0  # people that a camera's own mean must outweigh; few people's mean shows who, not where
PART = 1 / 2  # of the camera's mean, see _people


def gather(
    tracklets: Sequence[Tracklet], centre: Array, max_distance: float | None = None
) -> dict[str, CameraNormalisation]:
    """The normalisation of every camera that these tracklets are of; each depends on its own tracklets alone.

    Args:
        centre: (D,) mean vector of many people in many cameras.
        max_distance: see `shift_of`.
    """
    by_camera: dict[str, list[Tracklet]] = {}
    for tracklet in tracklets:
        by_camera.setdefault(tracklet.camera_id, []).append(tracklet)
    return {
        camera: of_camera(camera, [one.embeddings for one in own], centre, max_distance, most_at_once(own))
        for camera, own in sorted(by_camera.items())
    }


def of_camera(
    camera_id: str,
    given: Sequence[Embeddings],
    centre: Array,
    max_distance: float | None = None,
    at_once: int = 1,
) -> CameraNormalisation:
    """The normalisation of one camera by the vectors of each of its tracklets; arguments as in `shift_of`."""
    shift, people = shift_of([one.vectors for one in given], centre, max_distance, at_once)
    return CameraNormalisation(
        camera_id=camera_id, encoder_id=given[0].encoder_id, shift=shift, people=people
    )


def shift_of(
    vectors: Sequence[Array], centre: Array, max_distance: float | None = None, at_once: int = 1
) -> tuple[Array, float]:
    """How far one camera's vectors lie from `centre` on average, (D,), and about how many people they show.

    In a dark or tinted camera all people move the same way, so that they seem alike there and strange
    elsewhere. The mean of a camera's tracklets measures that move; it is shrunk towards none, as if PRIOR
    people without it had been seen too, because a few people's mean is mostly themselves.

    Args:
        vectors: of each tracklet (K, D), unit length.
        centre: (D,) mean vector of many people in many cameras.
        max_distance: tracklets closer than this count as one person; None: each is another's.
        at_once: people seen at the same time: so many there are at least.
    """
    shift = np.stack([own.mean(axis=0) for own in vectors]) - centre
    mean = shift.mean(axis=0)
    people = max(len(shift) if max_distance is None else _people(shift, max_distance), at_once)
    return np.asarray(mean * people / (people + PRIOR), dtype=np.float32), float(people)


def shifts(vectors: Sequence[Array], cameras: Sequence[str], centre: Array) -> dict[str, Array]:
    """The shift of every camera, where each tracklet is another person's; arguments as in `shift_of`."""
    own: dict[str, list[Array]] = {}
    for one, camera in zip(vectors, cameras, strict=True):
        own.setdefault(camera, []).append(one)
    return {camera: shift_of(rows, centre)[0] for camera, rows in own.items()}


def normalised(tracklet: Tracklet, normalisations: Mapping[str, CameraNormalisation]) -> Tracklet:
    """A tracklet with its vectors moved, where its camera has a normalisation."""
    own = normalisations.get(tracklet.camera_id)
    return tracklet if own is None else replace(tracklet, embeddings=own.apply(tracklet.embeddings))


def most_at_once(tracklets: Sequence[Tracklet]) -> int:
    """The most tracklets of one camera that any moment holds."""
    changes = sorted([(t.start_s, 1) for t in tracklets] + [(t.end_s, -1) for t in tracklets])
    return max(accumulate(change for _, change in changes))


def _people(shift: Array, max_distance: float) -> float:
    """About how many people tracklets (N, D) of one camera show, their bias being still in them.

    The inverse of the chance that two tracklets drawn at random are close (Simpson 1949): a resident who is
    seen a hundred times counts little more than once. Part of the camera's mean is taken out first: with all
    of it in, people in the dark are one person; with all of it out, a resident's visits are noise.
    """
    moved = unit(shift - PART * shift.mean(axis=0) if len(shift) > 1 else shift)
    return float(1 / np.mean(pairwise(moved, moved) <= max_distance))
