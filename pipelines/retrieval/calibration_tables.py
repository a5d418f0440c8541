"""Tables of a calibration: points by rates, searches, pairs of cameras, probability."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.runtime.progress import Progress
from reid.calibration_record import Calibration
from reid.evaluation.calibration.calibrate import Evaluation
from reid.evaluation.calibration.points import OperatingPoint
from reid.evaluation.calibration.units import MeasuredPoint, Unit
from reid.linking.expected import expected_rates

WORTH_SAYING = 0.003  # of B-cubed F1: what another distance would bring linking


def report(
    evaluation: Evaluation, calibration: Calibration, point: OperatingPoint, progress: Progress
) -> None:
    """Print all measurements; rates with intervals of 95 %, people resampled."""
    for unit in (evaluation.tracklets, evaluation.images):
        _rates(unit, evaluation, progress)
    _camera_pairs(evaluation, calibration, progress)
    _unseen_site(evaluation, calibration, progress)
    _probability(evaluation, calibration, progress)
    _linking(evaluation, calibration, str(point), progress)


def _rates(unit: Unit, evaluation: Evaluation, progress: Progress) -> None:
    people = evaluation.people_per_site
    progress.summary(
        f"{unit.name}: {unit.items:,} of {evaluation.people:,} people, {unit.sample.genuine_pairs:,} genuine and "
        f"{unit.sample.impostor_pairs:,} impostor pairs; precision and F1 at a site of {people} people",
        _rows(unit, ("genuine_rate", "impostor_rate", "precision", "f1", "kept_map")),
        ("point", "distance", "genuine", "impostor", "precision", "F1", "mAP kept"),
    )
    progress.summary(
        f"{unit.name}, searches in a gallery of {min(people, evaluation.people)} people",
        _rows(unit, ("fpir", "tpir"), with_distance=False),
        ("point", "not there, but found", "there, and found first"),
    )
    for reason in unit.missing.values():
        progress.message(f"{unit.name}: {reason}")


def _probability(evaluation: Evaluation, calibration: Calibration, progress: Progress) -> None:
    fitted = evaluation.probability
    if fitted is None:
        progress.message(
            "too few people for a map from distance to probability; the file has none", "warning"
        )
        return
    progress.summary(
        "probability that two tracklets are one person",
        [
            ("map", f"{fitted.method}, for a site of {evaluation.people_per_site} people"),
            ("at the threshold", f"{float(fitted.map(calibration.max_distance)):.2f}"),
            ("expected calibration error", f"{fitted.reliability.error:.4f} on people not fitted on"),
            ("where it says 10 to 90 %", f"{fitted.reliability.doubtful_error:.3f}, most pairs being plain"),
        ],
    )


def _unseen_site(evaluation: Evaluation, calibration: Calibration, progress: Progress) -> None:
    """The sites that the crops show, by data set, and what to expect at another one."""
    unseen = calibration.unseen_site
    if unseen is None:
        progress.message(
            "fewer than two sites with 8 people in two cameras: how sites differ is not known, so the rates to "
            "expect at another one are not stated",
            "warning",
        )
        return
    rows = []
    for name in unseen.sites:
        rates = np.array(
            [one.at(calibration.max_distance) for one in evaluation.labelled_sites if one.data_set == name]
        )
        rows.append((name, len(rates), *(_spread(own) for own in rates.T)))
    expected = expected_rates(unseen, calibration.max_distance, evaluation.people_per_site)
    rows.append(
        (
            f"another site, of {expected.people} people",
            "",
            *(_interval(rate) for rate in (expected.false_non_match, expected.false_match)),
        )
    )
    progress.summary(
        "rates by site, and to expect at another one; data sets count alike",
        rows,
        ("data set", "sites", "false non-match, mean (least-most)", "false match, mean (least-most)"),
    )


def _spread(rates: NDArray[np.float64]) -> str:
    return _interval((float(rates.mean()), float(rates.min()), float(rates.max())))


def _linking(evaluation: Evaluation, calibration: Calibration, point: str, progress: Progress) -> None:
    chosen, best = evaluation.tracklets.points[point], evaluation.tracklets.points["max-b3"]
    progress.summary(
        "threshold for linking",
        [
            ("max distance", f"{calibration.max_distance:.3f}"),
            ("chosen by", calibration.operating_point),
            ("B-cubed F1 of linking", _interval(chosen.rates["b_cubed_f1"])),
        ],
    )
    loss = best.rates["b_cubed_f1"][0] - chosen.rates["b_cubed_f1"][0]
    if loss > WORTH_SAYING:
        progress.message(
            f"linking would have a B-cubed F1 {loss:.3f} higher with --operating-point max-b3, at "
            f"{best.distance[0]:.2f}: it joins by means over many pairs, which may lie farther apart"
        )


def _rows(unit: Unit, rates: Sequence[str], *, with_distance: bool = True) -> list[tuple[str, ...]]:
    rows = []
    for name, point in unit.points.items():
        distance = (_distances(point),) if with_distance else ()
        rows.append((name, *distance, *(_interval(point.rates[rate]) for rate in rates)))
    return rows


def _distances(point: MeasuredPoint) -> str:
    value, low, high = point.distance
    return f"{value:.3f} ({low:.2f}-{high:.2f})"


def _interval(rate: tuple[float, float, float]) -> str:
    """Rate in per cent, with its interval: as many digits as small rates need."""
    value, low, high = (100 * number for number in rate)
    digits = 3 if high < 0.1 else 2 if high < 10 else 1
    return f"{value:.{digits}f} ({low:.{digits}f}-{high:.{digits}f}) %"


def _camera_pairs(evaluation: Evaluation, calibration: Calibration, progress: Progress) -> None:
    several = len(evaluation.camera_pairs) > 1
    own = [
        (name if several else "", pair) for name, pairs in evaluation.camera_pairs.items() for pair in pairs
    ]
    told = [(name, pair) for name, pair in own if pair.distance is not None]
    if told:
        progress.summary(
            "pairs of cameras, at the impostor rate of the whole"
            + (
                ""
                if calibration.camera_pairs
                else "; not in use, their names are not unique or --no-camera-pairs"
            ),
            [
                (
                    f"{name + ': ' if name else ''}{' and '.join(pair.cameras)}",
                    pair.people,
                    pair.genuine_pairs,
                    f"{pair.distance:.3f}",
                    f"{pair.genuine_rate:.1%}",
                    f"{pair.global_impostor_rate:.2%}",
                )
                for name, pair in told
            ],
            ("cameras", "people", "genuine pairs", "distance", "genuine", "impostor at the common distance"),
        )
    if len(told) < len(own):
        progress.message(
            f"{len(own) - len(told)} of {len(own)} pairs of cameras saw too few people, or had too few "
            "impostors within the distance, for one of their own"
        )
