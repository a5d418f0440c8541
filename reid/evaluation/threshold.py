"""Choosing the distance that links: the one at which labelled tracklets cluster best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from reid.distance import pairwise, unit
from reid.gallery.camera_bias import without_bias
from reid.types import Array, Calibration

Labels = NDArray[np.int64]
CANDIDATES = np.round(np.arange(0.05, 1.2, 0.01), 2)


def b_cubed(truth: Labels, found: Labels) -> tuple[float, float]:
    """B-cubed precision and recall of a clustering (Bagga and Baldwin 1998), each in [0, 1].

    Precision is the mean over items of the share of their cluster that is truly of their kind; recall the
    mean share of their kind that is in their cluster. Unlike in pair counts, large kinds do not drown small
    ones.
    """
    together = found[:, None] == found[None, :]
    same = truth[:, None] == truth[None, :]
    right = (together & same).sum(axis=1)
    return float((right / together.sum(axis=1)).mean()), float((right / same.sum(axis=1)).mean())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledCrops:
    """Vectors of one data set's crops, and whom they show where."""

    name: str
    vectors: Array  # (N, D) unit vectors of single crops
    persons: Labels  # (N,)
    cameras: Labels  # (N,)


def calibrate(sets: Sequence[LabelledCrops], *, encoder_id: str, people_per_site: int) -> Calibration:
    """A `Calibration` from labelled crops; several data sets count alike, whatever their sizes.

    All crops of a person in a camera stand for one tracklet. Sites of `people_per_site` people (successive
    ids) are clustered as linking does it, without knowing who was seen at once, at every candidate distance;
    the distance with the best mean B-cubed F1 is chosen.

    Args:
        people_per_site: the more people, the closer look-alikes come, and the smaller the chosen distance.

    Raises:
        ValueError: a set has crops of fewer than two people.
    """
    centre = np.stack([crops.vectors.mean(axis=0) for crops in sets]).mean(axis=0).astype(np.float32)
    sites = [_sites(crops, centre, people_per_site) for crops in sets]
    scores = np.mean([np.mean([_f1(site) for site in own], axis=0) for own in sites], axis=0)
    best = int(np.argmax(scores))
    everywhere = [site for own in sites for site in own]
    genuine, impostor = _rates(everywhere, float(CANDIDATES[best]))
    return Calibration(
        encoder_id=encoder_id,
        max_distance=float(CANDIDATES[best]),
        centre=centre,
        data_set=", ".join(crops.name for crops in sets),
        operating_point=f"best B-cubed F1 ({scores[best]:.3f}), {len(everywhere)} sites of "
        f"{people_per_site} people",
        genuine_rate=genuine,
        impostor_rate=impostor,
    )


def _sites(crops: LabelledCrops, centre: Array, size: int) -> list[tuple[Array, Labels]]:
    """Mean vector (T, D) and person (T,) of every tracklet of every site."""
    people = np.unique(crops.persons)
    if len(people) < 2:
        raise ValueError(f"{crops.name} has crops of {len(people)} people, at least 2 are needed")
    sites = []
    for start in range(0, max(len(people) - size, 0) + 1, size):
        inside = np.flatnonzero(np.isin(crops.persons, people[start : start + size]))
        keys, rows = np.unique(
            np.stack([crops.persons[inside], crops.cameras[inside]]), axis=1, return_inverse=True
        )
        vectors = [crops.vectors[inside[rows == row]] for row in range(keys.shape[1])]
        moved = without_bias(vectors, [str(camera) for camera in keys[1]], centre)
        means = [unit(own - centre).mean(axis=0) for own in moved]
        sites.append((unit(np.stack(means)), keys[0]))
    return sites


def _f1(site: tuple[Array, Labels]) -> list[float]:
    """B-cubed F1 at every candidate distance; without constraints one tree holds all clusterings."""
    means, persons = site
    tree = linkage(squareform(pairwise(means, means), checks=False), method="average")
    scores = []
    for limit in CANDIDATES:
        precision, recall = b_cubed(persons, fcluster(tree, limit, criterion="distance"))
        scores.append(2 * precision * recall / (precision + recall))
    return scores


def _rates(sites: Sequence[tuple[Array, Labels]], limit: float) -> tuple[float, float]:
    """Shares of genuine and of impostor pairs of tracklets within `limit`."""
    within = {True: 0, False: 0}
    total = {True: 0, False: 0}
    for means, persons in sites:
        close = pairwise(means, means) <= limit
        above = np.triu(np.ones(close.shape, dtype=bool), 1)
        for same in (True, False):
            pairs = above & ((persons[:, None] == persons[None, :]) == same)
            within[same] += int((pairs & close).sum())
            total[same] += int(pairs.sum())
    return within[True] / max(total[True], 1), within[False] / max(total[False], 1)
