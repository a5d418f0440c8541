"""A site's threshold without labels: what a recording proves by itself, corrected for being too easy.

Moments of one track show one person; two people seen at once in one camera are two. Both kinds of pairs lie in
one camera, where halves of a track are nearly the same image. A threshold between these two histograms would be
that of an easier problem, and the few pairs of one site have no tail. So the distributions across cameras come
from labelled crops of the same encoder (`SameCamera`), and the site moves them:

- genuine pairs are shifted by SLOPE_HALVES of how much farther apart the halves of tracklets are here than
  they were there;
- impostor pairs are shifted and stretched by SLOPE_MEETINGS of how the median and the spread differ of people
  who meet in one camera;
- both moves are shrunk by n / (n + PRIOR), because few pairs say little.

The threshold is the labelled one, moved by as much as these moves change the best distance. A site that looks
like the labelled crops keeps their threshold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from reid.calibration_record import SameCamera
from reid.comparable import comparable
from reid.distance import pairwise, unit
from reid.evaluation.calibration.points import OperatingPoint
from reid.evaluation.calibration.relation import LEVELS, halves, median_and_spread
from reid.linking.constraints import apart
from reid.types import Array, Tracklet

Floats = NDArray[np.float64]
SLOPE_HALVES = (
    0.5  # of distances across cameras on those of halves: over sites of three encoders it is 0 to 0.8
)
SLOPE_MEETINGS = 0.7  # of impostors across cameras on people who meet: 0.2 to 0.9
PRIOR_HALVES = 30.0  # so many halves count as much as the labelled crops
PRIOR_MEETINGS = 100.0  # so many pairs of people
GRID = np.round(np.arange(0.05, 1.5, 0.002), 3)  # where a threshold may lie


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proven:
    """Distances of pairs that one recording proves, in the space in which linking compares."""

    halves: Floats  # (H,) distance of the halves of a tracklet
    halves_of: NDArray[np.int64]  # (H,) its position
    meetings: Floats  # (M,) distance of two tracklets that were seen at once in one camera
    meetings_of: NDArray[np.int64]  # (M, 2) their positions
    tracklets: int
    per_camera: Mapping[str, tuple[int, int]]  # halves and meetings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Corrected:
    """The threshold for a site, and the distributions that it was chosen on."""

    shift: float  # what is added to the labelled threshold
    interval: tuple[float, float]  # of the shift: 95 %, bootstrap over tracklets
    shift_of_looks: float  # of the shift, what is not owed to another number of people
    # best distance between halves and meetings themselves; None: one kind is missing
    uncorrected: float | None
    genuine: Floats  # (Q,) quantiles at LEVELS, across cameras
    impostor: Floats  # (Q,)


def proven(tracklets: Sequence[Tracklet], centre: Array, max_distance: float | None = None) -> Proven:
    """Pairs that need no labels.

    Args:
        tracklets: of all cameras of a site.
        centre: (D,) what distances are taken from.
        max_distance: closer tracklets count as one person when a camera's shift is gathered, see `shift_of`.
    """
    compared = comparable(tracklets, centre, max_distance).tracklets
    vectors = [unit(t.embeddings.vectors - centre) for t in compared]
    found = [halves(own) for own in vectors]
    halves_of = np.array([i for i, value in enumerate(found) if value is not None], dtype=np.int64)
    met = np.empty((0, 2), dtype=np.int64)
    distances = np.empty(0)
    if tracklets:
        met = np.argwhere(np.triu(apart(tracklets, {}), 1))
        means = unit(np.stack([own.mean(axis=0) for own in vectors]))
        distances = pairwise(means, means)[met[:, 0], met[:, 1]].astype(np.float64)
    names = [t.camera_id for t in tracklets]
    per_camera = {
        name: (
            sum(names[i] == name for i in halves_of.tolist()),
            sum(names[i] == name for i in met[:, 0].tolist()),
        )
        for name in sorted(set(names))
    }
    return Proven(
        halves=np.array([value for value in found if value is not None], dtype=np.float64),
        halves_of=halves_of,
        meetings=distances,
        meetings_of=met,
        tracklets=len(tracklets),
        per_camera=per_camera,
    )


def correct(
    site: Proven,
    relation: SameCamera,
    point: OperatingPoint,
    *,
    people: int,
    rng: np.random.Generator,
    resamples: int = 500,
) -> Corrected:
    """Shift of the labelled threshold at this site.

    Args:
        relation: of labelled crops of the same encoder.
        point: max-f1, max-b3 or fmr=X. For max-b3 too the best F1 of pairs decides how far it moves: who is with
            which person at the site, which clustering would need, is not known.
        people: about how many are at the site.
    """
    labelled = best_distance(relation.genuine, relation.impostor, point, relation.people)
    genuine, impostor = moved(site, relation)
    shifts = []
    for _ in range(resamples):
        weights = rng.multinomial(site.tracklets, np.full(site.tracklets, 1 / site.tracklets)).astype(
            np.float64
        )
        shifts.append(best_distance(*moved(site, relation, weights), point, people) - labelled)
    uncorrected = None
    if len(site.halves) and len(site.meetings):
        easy, hard = np.quantile(site.halves, LEVELS), np.quantile(site.meetings, LEVELS)
        uncorrected = best_distance(easy, hard, point, people)
    shift = best_distance(genuine, impostor, point, people) - labelled
    low, high = np.quantile(shifts, [0.025, 0.975]) if shifts else (shift, shift)
    return Corrected(
        shift=shift,
        interval=(float(low), float(high)),
        shift_of_looks=best_distance(genuine, impostor, point, relation.people) - labelled,
        uncorrected=uncorrected,
        genuine=genuine,
        impostor=impostor,
    )


def moved(site: Proven, relation: SameCamera, weights: Floats | None = None) -> tuple[Floats, Floats]:
    """Quantiles of genuine and impostor pairs across the cameras of the site; `weights` (T,) of tracklets."""
    w = np.ones(site.tracklets) if weights is None else weights
    genuine, impostor = relation.genuine.copy(), relation.impostor.copy()
    mass = w[site.halves_of]
    if mass.sum() > 0:
        trust = mass.sum() / (mass.sum() + PRIOR_HALVES)
        mean = float((mass * site.halves).sum() / mass.sum())
        genuine += trust * SLOPE_HALVES * (mean - relation.halves)
    mass = w[site.meetings_of[:, 0]] * w[site.meetings_of[:, 1]]
    if mass.sum() > 0:
        trust = SLOPE_MEETINGS * float(mass.sum() / (mass.sum() + PRIOR_MEETINGS))
        median, spread = median_and_spread(site.meetings, mass)
        middle = float(np.interp(0.5, LEVELS, impostor))
        stretch = 1 + trust * (spread / relation.meetings_spread - 1)
        impostor = middle + trust * (median - relation.meetings_median) + (impostor - middle) * stretch
    return np.clip(genuine, 0, 2), np.clip(impostor, 0, 2)


def best_distance(genuine: Floats, impostor: Floats, point: OperatingPoint, people: int) -> float:
    """The distance in GRID that `point` asks for, between quantiles at LEVELS, where one pair in `people` is genuine.

    Two tracklets of two cameras show one person with probability 1 / N, where N people pass both.
    """
    wrong = rates(impostor)
    if point.kind == "fmr":
        assert point.value is not None
        return float(GRID[max(int(np.searchsorted(wrong, point.value, side="right")) - 1, 0)])
    prior = 1 / people
    right = prior * rates(genuine)
    f1 = 2 * right / (right + (1 - prior) * wrong + prior)
    best = np.flatnonzero(f1 >= f1.max() - 1e-12)
    return float(GRID[best[len(best) // 2]])


def rates(quantiles: Floats, distances: Floats = GRID) -> Floats:
    """Share of pairs within each of `distances`: a smooth, never falling curve through quantiles at LEVELS.

    Cubic (Fritsch and Carlson 1980), because a best F1 on straight lines would stick to their corners.
    """
    ascending = quantiles + np.arange(len(quantiles)) * 1e-6  # no two may be equal
    inside = np.clip(distances, ascending[0], ascending[-1])
    return np.clip(np.asarray(PchipInterpolator(ascending, LEVELS)(inside), dtype=np.float64), 0, 1)
