"""Map from distance to probability, fitted to labelled pairs, and its reliability."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.calibration_record import ProbabilityMap
from reid.evaluation.calibration.counts import EDGES, Sample, measure
from reid.evaluation.calibration.labelled import Items

Floats = NDArray[np.float64]
BINS = 10  # of the reliability diagram, equally wide
PEOPLE = 10  # least number with a genuine pair in each half; fewer people's pairs fit themselves only
LOGISTIC_KNOTS = np.round(np.arange(0, 2.01, 0.02), 2)
_STEP = float(EDGES[1] - EDGES[0])
_CENTRES = np.maximum(EDGES.astype(np.float64) - _STEP / 2, 0)  # of the stretches that end at each edge


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reliability:
    """Reliability of stated probabilities, on people who had no part in the fit."""

    said: Floats  # (bins,) mean probability of the pairs in each filled bin
    seen: Floats  # (bins,) share of them that is genuine
    share: Floats  # (bins,) of all pairs of a site
    error: float  # expected calibration error: mean of |said - seen|, weighted by share (Naeini et al. 2015)

    @property
    def doubtful_error(self) -> float:
        """Calibration error over the bins between 10 and 90 % alone; 0 where no pair lies there.

        Nearly all pairs of a site are plainly two people, and make the whole error look small.
        """
        doubtful = (self.said >= 0.1) & (self.said <= 0.9)
        weight = self.share[doubtful]
        if not weight.sum():
            return 0.0
        return float(np.abs(self.said - self.seen)[doubtful] @ weight / weight.sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProbabilityFit:
    """The map for use, and what a cross-fit over two halves of the people says of both kinds."""

    map: ProbabilityMap
    method: str  # "isotonic" or "logistic": the one with the smaller log loss on people not fitted on
    log_loss: dict[str, float]  # of both, a mean over pairs of a site
    reliability: Reliability


def fit(
    sets: Sequence[Items], sample: Sample, people_per_site: int, rng: np.random.Generator
) -> ProbabilityFit | None:
    """A never rising map from distance to the probability that a pair is genuine, at a site of so many people.

    Isotonic regression (Zadrozny and Elkan 2002) takes any shape but needs many pairs; a logistic curve (Platt
    1999) gets by with few. Both are fitted on one half of the people and scored on the other, both ways round;
    the better one is fitted on all people. None where a half has fewer than PEOPLE people with a genuine pair.

    Args:
        sets: tracklets of each data set.
        sample: what `measure` says of them.
    """
    halves = _halves(sets, people_per_site, rng)
    if len(halves) < 2 or any(int((half.counts.genuine_total > 0).sum()) < PEOPLE for half in halves):
        return None
    losses, predictions = {}, {}
    for method in ("isotonic", "logistic"):
        maps = [_map(half, people_per_site, method) for half in halves]
        said = [maps[1](_CENTRES), maps[0](_CENTRES)]  # each half by what the other one taught
        losses[method] = float(np.mean([_log_loss(half, p) for half, p in zip(halves, said, strict=True)]))
        predictions[method] = said
    best = min(losses, key=lambda method: losses[method])
    return ProbabilityFit(
        map=_map(sample, people_per_site, best),
        method=best,
        log_loss=losses,
        reliability=_reliability(halves, predictions[best]),
    )


def _halves(sets: Sequence[Items], people_per_site: int, rng: np.random.Generator) -> list[Sample]:
    """Split the people into halves; pairs between them are left out."""
    parts: list[list[Items]] = [[], []]
    for items in sets:
        people = rng.permutation(items.people)
        if len(people) < 4:
            continue
        for half, own in zip(parts, np.array_split(people, 2), strict=True):
            half.append(items.of(own))
    return [measure(half, people_per_site) for half in parts if half]


def _pairs(sample: Sample) -> tuple[Floats, Floats]:
    """Genuine and impostor pairs (E,) that end at each edge, in the proportions of a site."""
    genuine, impostor = sample.counts.genuine.sum(axis=0), sample.counts.impostor.sum(axis=0)
    return np.diff(genuine, prepend=0.0), np.diff(impostor, prepend=0.0)


def _map(sample: Sample, people: int, method: str) -> ProbabilityMap:
    genuine, impostor = _pairs(sample)
    knots, values = (_isotonic if method == "isotonic" else _logistic)(genuine, impostor)
    # no probability is nearer to 0 or 1 than half a pair of the data
    lowest = 0.5 / max(float(genuine.sum() + impostor.sum()) / 2, 1)
    highest = 1 - 0.5 / max(sample.genuine_pairs, 1)
    values = np.minimum.accumulate(np.clip(values, min(lowest, highest), highest))
    return ProbabilityMap(distances=knots, probabilities=values, people=people)


def _isotonic(genuine: Floats, impostor: Floats) -> tuple[Floats, Floats]:
    from sklearn.isotonic import IsotonicRegression

    weight = genuine + impostor
    filled = weight > 0
    model = IsotonicRegression(increasing=False)
    model.fit(_CENTRES[filled], (genuine / np.where(filled, weight, 1))[filled], sample_weight=weight[filled])
    return np.asarray(model.X_thresholds_, dtype=np.float64), np.asarray(
        model.y_thresholds_, dtype=np.float64
    )


def _logistic(genuine: Floats, impostor: Floats) -> tuple[Floats, Floats]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1e4, max_iter=1000)
    truth = np.repeat([1, 0], len(_CENTRES))
    model.fit(np.tile(_CENTRES, 2)[:, None], truth, sample_weight=np.concatenate([genuine, impostor]))
    return LOGISTIC_KNOTS, np.asarray(model.predict_proba(LOGISTIC_KNOTS[:, None])[:, 1], dtype=np.float64)


def _log_loss(sample: Sample, said: Floats) -> float:
    genuine, impostor = _pairs(sample)
    loss = -(genuine * np.log(said) + impostor * np.log(1 - said)).sum()
    return float(loss / (genuine.sum() + impostor.sum()))


def _reliability(samples: Sequence[Sample], said: Sequence[Floats]) -> Reliability:
    pairs = [_pairs(sample) for sample in samples]
    genuine = np.concatenate([own for own, _ in pairs])
    weight = genuine + np.concatenate([own for _, own in pairs])
    predicted = np.concatenate(said)
    place = np.minimum((predicted * BINS).astype(int), BINS - 1)
    mass, right, sum_said = (
        np.bincount(place, weights=values, minlength=BINS) for values in (weight, genuine, weight * predicted)
    )
    filled = mass > 0
    mean_said, seen = sum_said[filled] / mass[filled], right[filled] / mass[filled]
    share = mass[filled] / mass.sum()
    return Reliability(
        said=mean_said, seen=seen, share=share, error=float((share * np.abs(mean_said - seen)).sum())
    )
