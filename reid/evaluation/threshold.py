"""Choosing the distance that links: the one at which labelled tracklets cluster best."""

from collections.abc import Sequence

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

    Precision is the mean over items of the share of their cluster that is truly of their kind; recall the mean
    share of their kind that is in their cluster. Unlike pair counts, large kinds do not drown small ones.
    """
    together = found[:, None] == found[None, :]
    same = truth[:, None] == truth[None, :]
    right = (together & same).sum(axis=1)
    return float((right / together.sum(axis=1)).mean()), float((right / same.sum(axis=1)).mean())


def calibrate(
    vectors: Array, persons: Labels, cameras: Labels, *, encoder_id: str, data_set: str, people_per_site: int
) -> Calibration:
    """A `Calibration` from labelled crops.

    All crops of a person in a camera stand for one tracklet. Sites of `people_per_site` people (successive ids)
    are clustered as linking does it, without knowing who was seen at once, at every candidate distance; the
    distance with the best mean B-cubed F1 is chosen.

    Args:
        vectors: (N, D) unit vectors of single crops.
        persons: (N,) who.
        cameras: (N,) where.
        people_per_site: the more people, the closer look-alikes come, and the smaller the chosen distance.
    """
    centre = vectors.mean(axis=0)
    sites = _sites(vectors, persons, cameras, centre, people_per_site)
    scores = np.mean([_f1(site) for site in sites], axis=0)
    best = int(np.argmax(scores))
    genuine, impostor = _rates(sites, float(CANDIDATES[best]))
    return Calibration(
        encoder_id=encoder_id,
        max_distance=float(CANDIDATES[best]),
        centre=centre,
        data_set=data_set,
        operating_point=f"best B-cubed F1 ({scores[best]:.3f}) on {len(sites)} sites of {people_per_site} people",
        genuine_rate=genuine,
        impostor_rate=impostor,
    )


def _sites(
    vectors: Array, persons: Labels, cameras: Labels, centre: Array, size: int
) -> list[tuple[Array, Labels]]:
    """Mean vector (T, D) and person (T,) of every tracklet of every site."""
    people = np.unique(persons)
    sites = []
    for start in range(0, max(len(people) - size, 0) + 1, size):
        inside = np.isin(persons, people[start : start + size])
        keys = sorted(set(zip(persons[inside].tolist(), cameras[inside].tolist(), strict=True)))
        crops = [vectors[(persons == person) & (cameras == camera)] for person, camera in keys]
        moved = without_bias(crops, [str(camera) for _, camera in keys], centre)
        means = [unit(own - centre).mean(axis=0) for own in moved]
        sites.append((unit(np.stack(means)), np.array([person for person, _ in keys])))
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
