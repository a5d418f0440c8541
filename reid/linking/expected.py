"""Rates of wrong and of missed links to expect at a site, at the distance that links there."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.calibration_record import UnseenSite
from reid.wording import counted

CONFIDENCE = 0.95
MANY = 5000  # trials


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedRates:
    """Shares of pairs that a threshold gets wrong at a site of so many people, each with an interval of 95 %."""

    people: int
    sites: Mapping[str, int]  # number of labelled sites behind it, by data set
    distance: float
    false_non_match: tuple[float, float, float]  # expected, low, high
    false_match: tuple[float, float, float]


def expected_rates(unseen: UnseenSite, distance: float, people: int) -> ExpectedRates:
    """The rates at a site that is not among those of the calibration.

    A person's pairs are right or wrong together, and so are those of two people, so a site of P people has P and
    P (P - 1) / 2 independent trials: with few people chance adds to how sites differ.
    """
    return ExpectedRates(
        people=people,
        sites=dict(unseen.sites),
        distance=distance,
        false_non_match=_rate(unseen, unseen.false_non_match, distance, people),
        false_match=_rate(unseen, unseen.false_match, distance, max(1, people * (people - 1) // 2)),
    )


def sentence(expected: ExpectedRates) -> str:
    """The rates in words, for the end of a run."""

    def told(rate: tuple[float, float, float]) -> str:
        value, low, high = (100 * share for share in rate)
        digits = 1 if high >= 2 else 2
        return f"{value:.{digits}f} % ({low:.{digits}f} to {high:.{digits}f})"

    return (
        f"of pairs of two people {told(expected.false_match)} are within the distance, of pairs of one person "
        f"{told(expected.false_non_match)} beyond it, at a site of {expected.people} people; from "
        f"{counted(sum(expected.sites.values()), 'labelled site')} of {counted(len(expected.sites), 'data set')}"
    )


def _rate(
    unseen: UnseenSite, rates: NDArray[np.float64], distance: float, trials: int
) -> tuple[float, float, float]:
    from scipy.stats import beta, betabinom  # takes a while to load, and only the end of a run needs it

    mean, spread = (float(np.interp(distance, unseen.distances, rates[:, i])) for i in range(2))
    ends = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
    if trials > MANY:  # a beta distribution of the same variance is as good, and faster
        a, b = _shape(mean, spread + (1 - spread) / trials)
        low, high = map(float, beta.ppf(ends, a, b))
    else:
        a, b = _shape(mean, spread)
        low, high = (float(errors) / trials for errors in betabinom.ppf(ends, trials, a, b))
    return mean, low, high


def _shape(mean: float, spread: float) -> tuple[float, float]:
    strength = 1 / spread - 1
    return mean * strength, (1 - mean) * strength
