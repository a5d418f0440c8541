"""Relation of distances within one camera to those across cameras, measured on labelled crops.

A recording without labels proves distances within a camera only. They are not those that linking decides by:
the halves of one track are seconds apart and in one light, and people who meet are dressed for one place. The
relation is measured where both kinds are known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.calibration_record import SameCamera
from reid.distance import pairwise, unit
from reid.embedding.normalisation import shifts
from reid.evaluation.calibration.labelled import DISTRACTOR, LabelledCrops, sites
from reid.types import Array

Floats = NDArray[np.float64]
MOST = 2  # vectors of one half: as many as labelled passages have, for a longer half's mean is less noisy
# of a distribution that is kept as quantiles; dense where thresholds lie, among the nearest strangers
LEVELS = np.array([
    0, 0.0001, 0.001, 0.003, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97,
    0.98, 0.99, 1,
])  # fmt: skip
# For encoders without labelled crops: the mean over OSNet x0.25 of MSMT17 and of Market-1501 and
# person-reidentification-retail-0287, each on 1,140 rendered people, the first and the last also on the last
# hundred of Market-1501's train split.
USUAL = SameCamera(
    people=24,
    halves=0.322,
    meetings_median=1.059,
    meetings_spread=0.176,
    genuine=np.array([
        0.082, 0.084, 0.095, 0.109, 0.131, 0.146, 0.174, 0.207, 0.254, 0.292, 0.323, 0.359, 0.397, 0.442, 0.493,
        0.527, 0.571, 0.606, 0.635, 0.676, 0.710, 0.767, 1.048,
    ]),
    impostor=np.array([
        0.313, 0.380, 0.475, 0.553, 0.646, 0.705, 0.785, 0.850, 0.921, 0.969, 1.006, 1.038, 1.068, 1.100, 1.134,
        1.154, 1.179, 1.198, 1.214, 1.236, 1.253, 1.278, 1.453,
    ]),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RelationDistances:
    """Distances of tracklets whose people are known, by four kinds of pair."""

    halves: Floats  # first half to second half of a tracklet
    meetings: Floats  # two people in one camera
    genuine: Floats  # one person in two cameras
    impostor: Floats  # two people in two cameras


def halves(vectors: Array) -> float | None:
    """Distance of the mean vectors of the first and the second half of (K, D) unit vectors; None where K < 2.

    At most MOST of each half count, spread evenly.
    """
    if len(vectors) < 2:
        return None
    middle = len(vectors) // 2
    first, second = (unit(_spread(own).mean(axis=0)) for own in (vectors[:middle], vectors[middle:]))
    return float(np.clip(1 - first @ second, 0, 2))


def median_and_spread(distances: Floats, weights: Floats | None = None) -> tuple[float, float]:
    """Weighted median, and the spread of what lies below it: the root mean square of its distance to the median.

    The lower half only, because that is where strangers are taken for each other. A normal distribution has
    its standard deviation there too.
    """
    order = np.argsort(distances, kind="stable")
    values = distances[order]
    w = np.ones(len(values)) if weights is None else weights[order]
    middle = (np.cumsum(w) - w / 2) / w.sum()
    median = float(np.interp(0.5, middle, values))
    below = values < median
    mass = float(w[below].sum())
    return median, float(np.sqrt((w * (values - median) ** 2)[below].sum() / mass)) if mass else 0.0


def same_camera(sets: Sequence[LabelledCrops], centre: Array, people_per_site: int) -> SameCamera | None:
    """The relation that labelled crops show, at simulated sites; None where they say too little.

    Data sets count alike. Crops of a passage must be in order of time, as file names of Market-1501 are.
    """
    relations = []
    for crops in sets:
        parts = list(_sites(crops, centre, people_per_site))
        own = RelationDistances(
            **{
                name: np.concatenate([getattr(part, name) for part in parts])
                for name in ("halves", "meetings", "genuine", "impostor")
            }
        )
        kinds = (own.halves, own.meetings, own.genuine, own.impostor)
        # where all who meet are equally far apart, or only two do, nothing says how much that varies
        if all(map(len, kinds)) and median_and_spread(own.meetings)[1] > 0:
            relations.append(_relation(own, people_per_site))
    return mean_of(relations) if relations else None


def mean_of(relations: Sequence[SameCamera]) -> SameCamera:
    """Every statistic averaged, quantile by quantile: the shapes are kept, which a mixture would blur."""
    return SameCamera(
        people=round(float(np.mean([own.people for own in relations]))),
        halves=float(np.mean([own.halves for own in relations])),
        meetings_median=float(np.mean([own.meetings_median for own in relations])),
        meetings_spread=float(np.mean([own.meetings_spread for own in relations])),
        genuine=np.mean([own.genuine for own in relations], axis=0),
        impostor=np.mean([own.impostor for own in relations], axis=0),
    )


def measure(
    passages: Sequence[Array], persons: NDArray[np.int64], cameras: Sequence[str], centre: Array
) -> RelationDistances:
    """Distances of one site's tracklets, as linking compares them.

    Args:
        passages: unit vectors (K, D) of each of N tracklets.
        persons, cameras: (N,) of each.
    """
    shift = shifts(passages, cameras, centre)
    moved = [unit(unit(own - shift[camera]) - centre) for own, camera in zip(passages, cameras, strict=True)]
    means = unit(np.stack([own.mean(axis=0) for own in moved]))
    distances = pairwise(means, means).astype(np.float64)
    names = np.array(cameras)
    once = np.triu(np.ones(distances.shape, dtype=bool), 1)
    same, near = persons[:, None] == persons, names[:, None] == names
    return RelationDistances(
        halves=np.array([d for own in moved if (d := halves(own)) is not None], dtype=np.float64),
        meetings=distances[once & ~same & near],
        genuine=distances[once & same & ~near],
        impostor=distances[once & ~same & ~near],
    )


def _sites(crops: LabelledCrops, centre: Array, size: int) -> Iterator[RelationDistances]:
    for mask in sites(crops, size):
        rows = np.flatnonzero(mask & (crops.persons != DISTRACTOR))
        _, first, number = np.unique(crops.tracklets[rows], return_index=True, return_inverse=True)
        order = np.argsort(number, kind="stable")
        passages = np.split(crops.vectors[rows[order]], np.cumsum(np.bincount(number))[:-1])
        cameras = [str(camera) for camera in crops.cameras[rows[first]]]
        yield measure(passages, crops.persons[rows[first]], cameras, centre)


def _relation(distances: RelationDistances, people: int) -> SameCamera:
    median, spread = median_and_spread(distances.meetings)
    return SameCamera(
        people=people,
        halves=float(distances.halves.mean()),
        meetings_median=median,
        meetings_spread=spread,
        genuine=np.quantile(distances.genuine, LEVELS),
        impostor=np.quantile(distances.impostor, LEVELS),
    )


def _spread(vectors: Array) -> Array:
    if len(vectors) <= MOST:
        return vectors
    chosen: Array = vectors[np.linspace(0, len(vectors) - 1, MOST).round().astype(int)]
    return chosen
