"""Figures of a training: by step, by epoch, of the held-out people."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TOTAL = "total"  # the weighted sum, among the objectives' own values


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFigures:
    """Figures of one step of the optimiser."""

    step: int  # from 1
    epoch: int  # from 1
    learning_rate: float
    losses: Mapping[str, float]  # objective to value before its weight, and TOTAL
    # share of mined pairs, triplets or quadruplets that cost something; None: there are none
    active: float | None
    grad_norm: float  # over all weights, before clipping


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOutFigures:
    """Retrieval of people who were not trained on, in [0, 1]."""

    map: float  # over hits
    rank1: float
    minp: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochFigures:
    """Figures of one epoch: means over its steps, and the held-out people's after it."""

    epoch: int  # from 1
    step: int  # steps done at its end
    seconds: float  # of training so far, held-out evaluations included
    images_per_s: float  # of the steps alone
    loader_share: float  # of the steps' time that was spent waiting for images
    learning_rate: float  # of the last step
    losses: Mapping[str, float]
    active: float | None
    grad_norm: float
    held_out: HeldOutFigures | None
    best: bool  # whether the held-out mAP was the highest so far


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DistanceHistogram:
    """Numbers of an epoch's pairs by cosine distance."""

    epoch: int
    positive: NDArray[np.int64]  # (BINS,) pairs of one person
    negative: NDArray[np.int64]  # (BINS,) pairs of two people


BINS = 100
EDGES = np.linspace(0, 2, BINS + 1)
