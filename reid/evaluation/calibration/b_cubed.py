"""B-cubed scores of linking's own clustering at simulated sites, at every distance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from reid.distance import pairwise
from reid.evaluation.calibration.labelled import DISTRACTOR, Items

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]
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


def site_scores(sites: Sequence[Items]) -> Floats:
    """B-cubed F1 (S, candidates) of each site's tracklets, clustered as linking does it, at every candidate distance.

    No two tracklets are known to be seen at once, and all weigh alike. Without constraints one tree holds the
    clusterings of all distances.
    """
    scores = np.zeros((len(sites), len(CANDIDATES)))
    for row, site in enumerate(sites):
        known = site.persons != DISTRACTOR
        means, persons = site.vectors[known], site.persons[known]
        tree = linkage(squareform(pairwise(means, means), checks=False), method="average")
        for column, limit in enumerate(CANDIDATES):
            precision, recall = b_cubed(persons, fcluster(tree, limit, criterion="distance"))
            scores[row, column] = 2 * precision * recall / (precision + recall)
    return scores


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clustering:
    """B-cubed F1 at each of CANDIDATES."""

    mean: Floats  # (candidates,) over sites, then over data sets, which count alike
    samples: Floats  # (resamples, candidates) the same with sites drawn anew within each data set

    @classmethod
    def of(cls, sets: Sequence[Floats], rng: np.random.Generator, resamples: int) -> "Clustering":
        """Average `site_scores` (S, candidates) of each data set."""
        drawn = []
        for scores in sets:
            number = len(scores)
            weights = rng.multinomial(number, np.full(number, 1 / number), size=resamples) / number
            drawn.append(weights @ scores)
        mean = np.mean([scores.mean(axis=0) for scores in sets], axis=0)
        return cls(mean=np.asarray(mean), samples=np.asarray(np.mean(drawn, axis=0)))
