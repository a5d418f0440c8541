"""The benchmark page's charts: every encoder a line, or a panel where lines would hide each other."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reid.outputs import charts
from reid.outputs.benchmark_result import EncoderResult, Roc
from reid.outputs.charts import Chart, Scale
from reid.outputs.distance_histograms import histogram_panels

STYLES = 6  # colours and dashes in benchmark.css; a seventh encoder begins anew
_MARKED = (1, 5, 10, 20)  # ranks
_MOST_CMC = 50
_TARGETS = (1e-2, 1e-3, 1e-4)  # false match rates of the table beside the ROC
_EVENTS = 10  # false matches to expect; with fewer, chance moves the rate by a third or more


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rates:
    """Rates of an encoder's ROC."""

    name: str
    style: str
    equal_error: float | None  # the rate at which false matches and false non-matches are equally frequent
    true_match: Sequence[float | None]  # at each of `targets`
    reasons: Sequence[str]  # why something is None, a sentence each
    targets: Sequence[float] = _TARGETS


def style(number: int) -> str:
    """The CSS class of an encoder's lines."""
    return f"e{number % STYLES}"


def ranking_charts(results: Sequence[EncoderResult]) -> list[Chart]:
    """CMC and precision-recall of those that have them."""
    return [chart for chart in (_cmc(results), _precision_recall(results)) if chart is not None]


def verification_charts(results: Sequence[EncoderResult]) -> list[Chart]:
    """ROC and DET of those that have them."""
    shown = [(r.name, style(n), r.roc) for n, r in enumerate(results) if r.roc is not None and r.roc.measured]
    if not shown:
        return []
    least = _least_decade([roc for _, _, roc in shown])
    misses = np.concatenate([1 - roc.tmr[(roc.fmr >= least) & (roc.fmr <= 0.5)] for _, _, roc in shown])
    low = min(0.2, max(1e-4, float(np.min(misses[misses > 0], initial=1.0))))
    high = min(0.95, max(0.5, float(np.max(misses, initial=0.0))))
    fmr = "false match rate: impostor pairs within the distance"
    roc_chart = charts.draw(
        "ROC",
        "Every point is a distance threshold: how many pairs of one person lie within it, for how many pairs of "
        "different people. Higher is better; the left part is where an operator has to work.",
        x=charts.logarithmic(fmr, least),
        y=charts.linear("true match rate (%)", 0, 1, percent=True),
        lines=[(name, css, roc.fmr, roc.tmr) for name, css, roc in shown],
    )
    diagonal = np.array([max(least, low), min(0.5, high)])
    det_chart = charts.draw(
        "DET",
        "The same, as errors on normal-deviate axes. Lower is better; the dashed diagonal is where both errors "
        "are equally frequent. A straight line means normally distributed distances.",
        x=charts.normal_deviate("false match rate (%)", least, 0.5),
        y=charts.normal_deviate("false non-match rate (%)", low, high),
        lines=[
            ("", "reference", diagonal, diagonal),
            *((name, css, roc.fmr, 1 - roc.tmr) for name, css, roc in shown),
        ],
    )
    return [roc_chart, det_chart]


def histogram_charts(results: Sequence[EncoderResult]) -> list[Chart]:
    """A panel an encoder, all on the same axes."""
    return histogram_panels([(r.name, r.histogram) for r in results if r.histogram is not None])


def rates(results: Sequence[EncoderResult]) -> list[Rates]:
    """Equal error rate, and the true match rate at a false match rate; None where it was not measured."""
    return [
        Rates(
            name=result.name,
            style=style(number),
            equal_error=_equal_error(result.roc) if result.roc.measured else None,
            true_match=[_true_match(result.roc, target) for target in _TARGETS],
            reasons=_reasons(result.roc),
        )
        for number, result in enumerate(results)
        if result.roc is not None and len(result.roc.fmr)
    ]


def _cmc(results: Sequence[EncoderResult]) -> Chart | None:
    shown = [
        (r.name, style(n), np.asarray(r.scores["cmc"][:_MOST_CMC], dtype=np.float64))
        for n, r in enumerate(results)
        if len(r.scores.get("cmc", ()))
    ]
    if not shown:
        return None
    last = max(2, *(len(cmc) for _, _, cmc in shown))
    marks = [k for k in (1, 5, 10, 20, 30, 40, 50) if k <= last]
    low = min(0.9, math.floor(10 * min(float(cmc[0]) for _, _, cmc in shown)) / 10)
    return charts.draw(
        "CMC",
        "The share of queries with a correct match among the first k of the list. Higher is better; "
        f"the axis begins at {100 * low:.0f} %.",
        x=Scale(label="rank k", low=1, high=last, ticks=[(k, str(k)) for k in marks]),
        y=charts.linear("queries found (%)", low, 1, percent=True),
        lines=[(name, css, np.arange(1, len(cmc) + 1.0), cmc) for name, css, cmc in shown],
        dots=[
            (css, float(k), float(cmc[k - 1]), f"{name}: rank-{k} {100 * cmc[k - 1]:.1f} %")
            for name, css, cmc in shown
            for k in _MARKED
            if k <= len(cmc)
        ],
    )


def _precision_recall(results: Sequence[EncoderResult]) -> Chart | None:
    lines = [
        (r.name, style(n), r.precision_recall.recall, r.precision_recall.precision)
        for n, r in enumerate(results)
        if r.precision_recall is not None and len(r.precision_recall.recall)
    ]
    if not lines:
        return None
    return charts.draw(
        "Precision and recall",
        "Going down a list until a share of the right images is found (recall), how much of what was passed is "
        "right (precision), as a mean over queries. A line further up and to the right is better.",
        x=charts.linear("recall (%)", 0, 1, percent=True),
        y=charts.linear("precision (%)", 0, 1, percent=True),
        lines=lines,
    )


def _least_decade(rocs: Sequence[Roc]) -> float:
    """The power of ten below the smallest false match rate that was measured, from 1e-6 to 1e-2."""
    least = min(float(np.min(roc.fmr[roc.fmr > 0], initial=1.0)) for roc in rocs)
    return float(10.0 ** min(-2, max(-6, math.floor(math.log10(least)))))


def _can_tell(roc: Roc, target: float) -> bool:
    """Whether there are enough pairs for a false match rate that low."""
    return roc.measured and target * roc.impostors >= _EVENTS


def _reasons(roc: Roc) -> list[str]:
    """Sentences on what is missing, each to be read behind the encoder's name."""
    if not roc.measured:
        counts = f"{roc.genuine:,} pairs of one person and {roc.impostors:,} of different people"
        return [f"{counts} have no rates"]
    said = []
    if few := [target for target in _TARGETS if not _can_tell(roc, target)]:
        listed = " or ".join(f"{100 * target:g} %" for target in few)
        said.append(
            f"{roc.impostors:,} pairs of different people are too few for a false match rate of {listed}: "
            f"fewer than {_EVENTS} of them would be false matches"
        )
    told = [_true_match(roc, target) for target in _TARGETS if _can_tell(roc, target)]
    if None in (_equal_error(roc), *told):
        said.append("a rate lies beyond the distances at which pairs were counted")
    return said


def _true_match(roc: Roc, target: float) -> float | None:
    if not _can_tell(roc, target):
        return None
    within = roc.tmr[(roc.fmr <= target) & np.isfinite(roc.tmr)]
    return float(np.max(within)) if len(within) else None


def _equal_error(roc: Roc) -> float | None:
    """Rate where the line between two neighbouring thresholds crosses the diagonal."""
    gap = np.asarray(roc.fmr, dtype=np.float64) + roc.tmr - 1  # false matches minus false non-matches, rising
    after = int(np.searchsorted(gap, 0.0))
    if np.isnan(gap).any() or after == len(gap) or (after == 0 and gap[0] > 0):
        return None  # no pairs of one kind, or it lies beyond the thresholds
    if gap[after] == 0:
        return float(roc.fmr[after])
    share = -gap[after - 1] / (gap[after] - gap[after - 1])
    return float(roc.fmr[after - 1] + share * (roc.fmr[after] - roc.fmr[after - 1]))
