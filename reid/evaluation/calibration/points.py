"""Operating points: names for what a distance threshold is wanted to do, and the distance that does it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reid.evaluation.calibration.counts import EDGES, Sample
from reid.evaluation.calibration.rates import Floats, RateCurves

Indices = NDArray[np.int64]
EVENTS = 10  # a rate is measured from so many expected pairs on: a standard error of a third of it


class NotEnoughData(ValueError):
    """The labelled data cannot tell where an operating point lies; the message says what would do."""


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """`max-f1`, `max-b3`, `fmr=X` or `keep-map=X`.

    max-f1: the best F1 of pairs at a site. fmr: the largest distance with at most that share of impostor pairs
    within. keep-map: the smallest distance that keeps that share of the full mean average precision. max-b3:
    the best B-cubed F1 of linking's own clustering at simulated sites, see `b_cubed.py`.
    """

    kind: Literal["max-f1", "max-b3", "fmr", "keep-map"]
    value: float | None = None

    def __str__(self) -> str:
        if self.value is None:
            return self.kind
        mantissa, exponent = f"{self.value:e}".split("e")
        small = f"{float(mantissa):g}e{int(exponent)}"  # 1e-4, as people write it
        return f"{self.kind}={small if self.value < 0.01 else format(self.value, 'g')}"

    @classmethod
    def parse(cls, text: str) -> "OperatingPoint":
        """Parse the name of an operating point.

        Raises:
            ValueError: no such point, or its value lies outside (0, 1).
        """
        kind, _, value = text.partition("=")
        if kind in ("max-f1", "max-b3") and not value:
            return cls(kind)  # type: ignore[arg-type]
        try:
            number = float(value)
        except ValueError:
            number = 0.0
        if kind not in ("fmr", "keep-map") or not 0 < number < 1:
            raise ValueError(
                f"{text!r} is no operating point; choose max-f1, max-b3, fmr=X or keep-map=X with X between 0 and 1"
            )
        return cls(kind, number)  # type: ignore[arg-type]


STANDARD = tuple(map(OperatingPoint.parse, ("max-f1", "max-b3", "fmr=1e-3", "fmr=1e-4", "keep-map=0.95")))


def choose(point: OperatingPoint, curves: RateCurves, sample: Sample) -> int:
    """Position in EDGES of `point`, which is not max-b3.

    Raises:
        NotEnoughData: too few impostor pairs for the rate, or even equal vectors exceed it.
    """
    check(point, sample)
    edge = int(edges_of(point, curves))
    if edge < 0:
        raise NotEnoughData(
            f"{point}: {float(curves.impostor_rate[0]):.2g} of the impostor pairs have equal vectors; "
            "look for images that are in the data twice, under two people"
        )
    return edge


def check(point: OperatingPoint, sample: Sample) -> None:
    """Raise NotEnoughData where `sample` has too few pairs to measure the rate that `point` asks for."""
    if point.kind == "fmr" and point.value is not None and point.value * sample.effective_impostors < EVENTS:
        needed, enough = EVENTS / point.value, sample.effective_impostors >= 2 * EVENTS
        larger = (
            f", or a larger rate: fmr={_rounded_up(EVENTS / sample.effective_impostors)}" if enough else ""
        )
        raise NotEnoughData(
            f"{point}: needs about {needed:,.0f} pairs of two people, so that {EVENTS} of them can be expected "
            f"within the distance; these crops are worth {sample.effective_impostors:,.0f}. Give more people{larger}"
        )
    if point.kind != "fmr" and not sample.genuine_pairs:
        raise NotEnoughData(f"{point}: no person is seen by two cameras, so nothing can be found")


def edges_of(point: OperatingPoint, curves: RateCurves) -> Indices:
    """Positions (...) in EDGES of `point` on curves (..., E): -1 where no distance satisfies it."""
    if point.value is None:
        return middle_of_best(curves.f1)
    if point.kind == "fmr":
        return _first(curves.impostor_rate > point.value) - 1
    return _first(curves.kept_map >= point.value * curves.kept_map[..., -1:] - 1e-12)


def middle_of_best(scores: Floats) -> Indices:
    """Positions of the best scores (..., E); the middle of a stretch, farthest from both mistakes."""
    first = np.asarray(np.argmax(scores, axis=-1))
    worse = scores < scores.max(axis=-1, keepdims=True) - 1e-12
    last = _first(worse & (np.arange(scores.shape[-1]) > first[..., None])) - 1
    return np.asarray((first + last) // 2, dtype=np.int64)


def _first(condition: NDArray[np.bool_]) -> Indices:
    """Position (...) of the first column that is true; behind the last where none is."""
    end = np.ones((*condition.shape[:-1], 1), dtype=np.bool_)
    return np.asarray(np.argmax(np.concatenate([condition, end], axis=-1), axis=-1), dtype=np.int64)


def distance(edge: int) -> float:
    """The distance at a position of EDGES."""
    return round(float(EDGES[edge]), 4)


def _rounded_up(rate: float) -> str:
    """The rate with one digit, not smaller."""
    exponent = int(np.floor(np.log10(rate)))
    return f"{int(np.ceil(rate / 10**exponent - 1e-9)) * 10.0**exponent:.0e}"
