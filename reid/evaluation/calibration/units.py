"""Measurements of one kind of items, tracklets or single images: curves, and operating points on them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reid.evaluation.calibration.b_cubed import CANDIDATES, Clustering
from reid.evaluation.calibration.counts import EDGES, Sample, measure
from reid.evaluation.calibration.labelled import Items
from reid.evaluation.calibration.points import (
    NotEnoughData,
    OperatingPoint,
    choose,
    distance,
    edges_of,
    middle_of_best,
)
from reid.evaluation.calibration.rates import Floats, RateCurves, curves, interval, rates_at, resampled

Measured = tuple[float, float, float]  # value, and both ends of its 95 % interval


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasuredPoint:
    """An operating point on one kind of items."""

    point: OperatingPoint
    distance: Measured  # the interval: of the distances that would be chosen on other people
    rates: dict[str, Measured]  # at that distance, by name: fields of Curves, b_cubed_f1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unit:
    """Measurements of one kind of items: tracklets or images."""

    name: str
    items: int
    sample: Sample
    curves: RateCurves
    points: dict[str, MeasuredPoint]
    missing: dict[str, str]  # operating points that the data cannot tell, and why


def measured(
    name: str,
    parts: Sequence[Items],
    wanted: Sequence[OperatingPoint],
    people_per_site: int,
    rng: np.random.Generator,
    resamples: int,
    clustering: Clustering | None = None,
) -> Unit:
    """Curves of the items of all data sets, and of the `wanted` points those that the data can tell.

    Args:
        clustering: of the same items; None: they are never clustered, so max-b3 is no point of theirs.
    """
    sample = measure(parts, people_per_site)
    curve, samples = curves(sample.counts), resampled(sample, rng, resamples)
    points, missing = {}, {}
    for point in wanted:
        if point.kind == "max-b3":
            if clustering is None:
                continue
            candidate = int(middle_of_best(clustering.mean))
            edge = int(np.argmin(np.abs(EDGES - CANDIDATES[candidate])))
            others = CANDIDATES[middle_of_best(clustering.samples)]
        else:
            try:
                edge = choose(point, curve, sample)
            except NotEnoughData as error:
                missing[str(point)] = str(error)
                continue
            others = EDGES[np.maximum(edges_of(point, samples), 0)].astype(np.float64)
        points[str(point)] = MeasuredPoint(
            point=point,
            distance=(distance(edge), *interval(others)),
            rates=rates_at(curve, samples, edge) | _linking_at(distance(edge), clustering),
        )
    items = sum(len(part.persons) for part in parts)
    return Unit(name=name, items=items, sample=sample, curves=curve, points=points, missing=missing)


def _linking_at(limit: float, clustering: Clustering | None) -> dict[str, Measured]:
    """Clustering scores at the candidate nearest to a distance."""
    if clustering is None:
        return {}
    candidate = int(np.argmin(np.abs(CANDIDATES - limit)))
    own: Floats = clustering.samples[:, candidate]
    return {"b_cubed_f1": (float(clustering.mean[candidate]), *interval(own))}
