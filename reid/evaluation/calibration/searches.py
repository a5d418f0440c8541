"""Single images against sightings, as a search by photo compares them: shares of pairs by distance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reid.distance import pairwise
from reid.evaluation.calibration.counts import EDGES
from reid.evaluation.calibration.labelled import DISTRACTOR, Items, LabelledCrops, images, sightings
from reid.evaluation.calibration.rates import Floats
from reid.types import Array

BLOCK = 512  # images at a time


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SearchPairs:
    """Rates at each of EDGES, of the data set that is worst there, and the number of pairs behind them.

    A search promises at most so many false finds, so the people who are most alike count.
    """

    photos: int
    items: int  # sightings
    genuine_pairs: int  # an image and a sighting of one person in another camera
    impostor_pairs: int  # of two people, in the data set that has most: how rare a rate can be told
    genuine_rate: Floats  # (E,) the lowest
    impostor_rate: Floats  # (E,) the highest


def search_pairs(sets: Sequence[LabelledCrops], centre: Array, people_per_site: int) -> SearchPairs:
    """Compare every image with the sightings of its data set.

    Sightings are what a gallery keeps: means of vectors normalised by camera. Images are as they are, because
    of a photo no camera is known.
    """
    found = [_counts(images(one), sightings(one, centre, people_per_site)) for one in sets]
    genuine, impostor = (np.stack(parts) for parts in zip(*found, strict=True))
    genuine_pairs, impostor_pairs = genuine[:, -1], impostor[:, -1]
    seen = genuine_pairs > 0  # in other sets no person is seen by two cameras
    return SearchPairs(
        photos=sum(int((one.persons != DISTRACTOR).sum()) for one in sets),
        items=sum(len(np.unique(one.tracklets)) for one in sets),
        genuine_pairs=int(genuine_pairs.sum()),
        impostor_pairs=int(impostor_pairs.max()),
        genuine_rate=(genuine[seen] / genuine_pairs[seen, None]).min(axis=0)
        if seen.any()
        else np.zeros(len(EDGES)),
        impostor_rate=(impostor / impostor_pairs[:, None]).max(axis=0),
    )


def _counts(photos: Items, seen: Items) -> tuple[Floats, Floats]:
    """Genuine and impostor pairs (E,) within each edge."""
    known = np.flatnonzero(photos.persons != DISTRACTOR)
    genuine, impostor = np.zeros(len(EDGES)), np.zeros(len(EDGES))
    for start in range(0, len(known), BLOCK):
        rows = known[start : start + BLOCK]
        distances = pairwise(photos.vectors[rows], seen.vectors)
        same = photos.persons[rows, None] == seen.persons
        elsewhere = photos.cameras[rows, None] != seen.cameras
        genuine += _within(distances[same & elsewhere])
        impostor += _within(distances[~same])
    return np.cumsum(genuine), np.cumsum(impostor)


def _within(distances: Array) -> Floats:
    """How many distances (N,) end at each edge."""
    places = np.minimum(np.searchsorted(EDGES, distances), len(EDGES) - 1)
    return np.bincount(places, minlength=len(EDGES)).astype(np.float64)
