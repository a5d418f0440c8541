"""Rates at every distance, and how sure they are."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from reid.evaluation.calibration.counts import QueryCounts, Sample

Floats = NDArray[np.float64]
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateCurves:
    """Rates (..., E) at each distance of `counts.EDGES`: of the data, or of B bootstrap samples of it."""

    genuine_rate: Floats  # share of genuine pairs within the distance: recall
    impostor_rate: Floats  # share of impostor pairs within it: false match rate
    precision: Floats  # of the pairs within it at a site, the share that is genuine; 1 where there is none
    f1: Floats  # harmonic mean of precision and genuine rate
    kept_map: Floats  # mean average precision when matches beyond are cut; the last is the full one
    fpir: Floats  # share of searches for a person who is not there that find another one
    tpir: Floats  # share of searches for a person who is there that find them, first and within the distance


def curves(counts: QueryCounts, weights: NDArray[np.generic] | None = None) -> RateCurves:
    """Rates where person i counts `weights[..., i]` times (..., N); None: every person once.

    An impostor pair involves two people, so its weight is the product of theirs, w_i w_j. To first order around
    1 that is w_i + w_j - 1, and as every pair was counted from both sides, the sum over all pairs becomes a sum
    over people with weights 2 w_i - 1: a thousand samples are one matrix product. Weights w_i alone would
    halve the intervals. Genuine pairs and searches belong to one person each; galleries stay what they are.
    """
    w = np.ones(len(counts.searches)) if weights is None else np.asarray(weights, dtype=np.float64)
    both = 2 * w - 1
    right, wanted = w @ counts.genuine, (w @ counts.genuine_total)[..., None]
    # first order only: where a few people have all impostors, a sample without them could fall below none
    wrong, possible = np.maximum(both @ counts.impostor, 0), (both @ counts.impostor_total)[..., None]
    searches = (w @ counts.searches)[..., None]
    return RateCurves(
        genuine_rate=_share(right, wanted),
        impostor_rate=np.minimum(_share(wrong, possible), 1.0),
        precision=np.where(right + wrong > 0, _share(right, right + wrong), 1.0),
        f1=_share(2 * right, right + wrong + wanted),
        kept_map=_share(w @ counts.precisions, searches),
        fpir=_share(w @ counts.alarms, (w @ counts.strangers)[..., None]),
        tpir=_share(w @ counts.found, searches),
    )


def resampled(sample: Sample, rng: np.random.Generator, resamples: int) -> RateCurves:
    """Curves (resamples, E) of samples of as many people, drawn with replacement within each data set."""
    weights = np.zeros((resamples, len(sample.strata)))
    for stratum in np.unique(sample.strata):
        own = np.flatnonzero(sample.strata == stratum)
        weights[:, own] = rng.multinomial(len(own), np.full(len(own), 1 / len(own)), size=resamples)
    return curves(sample.counts, weights)


def interval(values: Floats) -> tuple[float, float]:
    """Percentile interval of bootstrap values (B,), at CONFIDENCE (Efron and Tibshirani 1993, section 13.3)."""
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def rates_at(curve: RateCurves, samples: RateCurves, edge: int) -> dict[str, tuple[float, float, float]]:
    """Every rate at one edge: value, and both ends of its interval."""
    return {
        field.name: (
            float(getattr(curve, field.name)[edge]),
            *interval(getattr(samples, field.name)[:, edge]),
        )
        for field in fields(RateCurves)
    }


def _share(part: Floats, whole: Floats) -> Floats:
    """part / whole, 0 where the whole is 0."""
    return np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=whole > 0)
