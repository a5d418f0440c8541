"""The answer on a track seen a moment ago: a known person, a new one, or not certain yet."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reid.linking.policy import LinkingPolicy

Verdict = Literal["known", "new", "uncertain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long an answer may wait for more of the track."""

    new_after_s: float  # nobody is new who was seen for less
    margin: float  # two people who are this nearly as near are not told apart before `fragment_s`


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The person that a track shows, and why: the nearest person, and the next."""

    verdict: Verdict
    person_id: int | None  # None: uncertain
    nearest_id: int | None  # of those who were known before; None: nobody was
    distance: float | None  # to the nearest
    probability: float | None  # that it is the nearest, at that distance; None: the encoder has no map
    runner_up_id: int | None
    runner_up_distance: float | None


def decide(
    nearest: float, runner_up: float, seconds: float, policy: LinkingPolicy, patience: Patience
) -> Verdict:
    """The verdict on a track of `seconds`, at these distances of the two nearest people; inf: there is none.

    It goes by what linking goes by: who is within `max_distance` is that person; who is seen for less than
    `fragment_s` and within `fragment_slack` times that distance is so probably, and more may be seen of them.
    """
    whole = seconds >= policy.fragment_s
    if nearest <= policy.max_distance:
        close = runner_up <= policy.max_distance and runner_up - nearest < patience.margin
        return "uncertain" if close and not whole else "known"
    if seconds < patience.new_after_s:
        return "uncertain"
    maybe = nearest <= policy.fragment_slack * policy.max_distance
    return "uncertain" if maybe and not whole else "new"


def two_nearest(
    distances: NDArray[np.float64], weights: NDArray[np.float64], people: NDArray[np.int64]
) -> list[tuple[int, float]]:
    """The at most two nearest people and their distances: means over what is known of each, nearest first.

    Args:
        distances, weights: (N,) of what is known.
        people: (N,) whose it is.
    """
    ids, rows = np.unique(people, return_inverse=True)
    means = np.bincount(rows, distances * weights) / np.bincount(rows, weights)
    order = np.argsort(means, kind="stable")[:2]
    return [(int(ids[place]), float(means[place])) for place in order]
