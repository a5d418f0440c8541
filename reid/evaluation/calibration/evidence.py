"""An evaluation as it stands in the calibration file: plain lists and numbers, rounded to what they are worth."""

from dataclasses import asdict, fields
from typing import Any

import numpy as np

from reid.evaluation.calibration.b_cubed import CANDIDATES
from reid.evaluation.calibration.calibrate import Evaluation
from reid.evaluation.calibration.counts import EDGES
from reid.evaluation.calibration.probability import ProbabilityFit
from reid.evaluation.calibration.rates import RateCurves
from reid.evaluation.calibration.searches import SearchPairs
from reid.evaluation.calibration.units import Unit
from reid.evaluation.calibration.unseen import SiteRates

EVERY = 5  # of EDGES: steps of 0.01 draw the same curves, and the file stays small
DIGITS = 5


def evidence(evaluation: Evaluation) -> dict[str, Any]:
    """Evidence of an evaluation for JSON; rates of a point are [value, low, high], an interval of 95 %."""
    probability = evaluation.probability
    return {
        "people": evaluation.people,
        "people_per_site": evaluation.people_per_site,
        "sites": evaluation.sites,
        "tracklets": _unit(evaluation.tracklets),
        "images": _unit(evaluation.images),
        "searches": searches(evaluation.searches),
        "b_cubed": {
            "distance": [float(value) for value in CANDIDATES],
            "f1": _short(evaluation.clustering.mean),
        },
        "probability": None if probability is None else _probability(probability),
        "labelled_sites": [_site(one, evaluation.distance) for one in evaluation.labelled_sites],
        "camera_pairs": {
            name: [_rounded(asdict(pair)) for pair in pairs]
            for name, pairs in evaluation.camera_pairs.items()
        },
    }


def _site(one: SiteRates, distance: float) -> dict[str, Any]:
    """One labelled site, and its rates at the distance that was chosen."""
    false_non_match, false_match = one.at(distance)
    return {
        "data_set": one.data_set,
        "site": one.name,
        "people": one.people,
        "genuine_pairs": one.genuine_pairs,
        "impostor_pairs": one.impostor_pairs,
        "false_non_match": float(f"{false_non_match:.4g}"),
        "false_match": float(f"{false_match:.4g}"),
    }


def searches(found: SearchPairs) -> dict[str, Any]:
    """What was measured on images against sightings."""
    return {
        "photos": found.photos,
        "items": found.items,
        "genuine_pairs": found.genuine_pairs,
        "impostor_pairs": found.impostor_pairs,
        "curves": {
            "distance": _short(EDGES[::EVERY]),
            "genuine_rate": _short(found.genuine_rate[::EVERY]),
            "impostor_rate": _short(found.impostor_rate[::EVERY]),
        },
    }


def _unit(unit: Unit) -> dict[str, Any]:
    return {
        "items": unit.items,
        "genuine_pairs": unit.sample.genuine_pairs,
        "impostor_pairs": unit.sample.impostor_pairs,
        "map": round(float(unit.curves.kept_map[-1]), DIGITS),
        "points": {
            name: {
                "distance": _short(point.distance),
                **{rate: _short(values) for rate, values in point.rates.items()},
            }
            for name, point in unit.points.items()
        },
        "missing": unit.missing,
        "curves": {
            "distance": _short(EDGES[::EVERY]),
            **{field.name: _short(getattr(unit.curves, field.name)[::EVERY]) for field in fields(RateCurves)},
        },
    }


def _probability(fitted: ProbabilityFit) -> dict[str, Any]:
    return {
        "method": fitted.method,
        "log_loss": {name: round(loss, DIGITS) for name, loss in fitted.log_loss.items()},
        "expected_calibration_error": round(fitted.reliability.error, DIGITS),
        "doubtful_calibration_error": round(fitted.reliability.doubtful_error, DIGITS),
        "reliability": {
            "said": _short(fitted.reliability.said),
            "seen": _short(fitted.reliability.seen),
            "share": _short(fitted.reliability.share),
        },
    }


def _short(values: Any) -> list[float]:
    """Numbers of four significant digits."""
    return [float(f"{value:.4g}") for value in np.asarray(values, dtype=np.float64).tolist()]


def _rounded(content: dict[str, Any]) -> dict[str, Any]:
    return {
        key: float(f"{value:.4g}")
        if isinstance(value, float)
        else list(value)
        if isinstance(value, tuple)
        else value
        for key, value in content.items()
    }
