"""What is measured while a training runs: by step, by epoch, of the held-out people."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TOTAL = "total"  # the weighted sum, among the objectives' own values


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFigures:
    """One step of the optimiser."""

    step: int  # from 1
    epoch: int  # from 1
    learning_rate: float
    losses: Mapping[str, float]  # objective to value before its weight, and TOTAL
    active: (
        float | None
    )  # share of mined pairs, triplets or quadruplets that cost something; None: there are none
    grad_norm: float  # over all weights, before clipping


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOutFigures:
    """Retrieval of people who were not trained on, in [0, 1]."""

    map: float  # over hits
    rank1: float
    minp: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochFigures:
    """One epoch: means over its steps, and what the held-out people gave after it."""

    epoch: int  # from 1
    step: int  # steps done at its end
    seconds: float  # of training so far, held-out evaluations included
    images_per_s: float  # of the steps alone
    loader_share: float  # of the steps' time that was spent waiting for pictures
    learning_rate: float  # of the last step
    losses: Mapping[str, float]
    active: float | None
    grad_norm: float
    held_out: HeldOutFigures | None
    best: bool  # whether the held-out mAP was the highest so far


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DistanceHistogram:
    """How many pairs of an epoch's batches lay at which cosine distance."""

    epoch: int
    positive: NDArray[np.int64]  # (BINS,) pairs of one person
    negative: NDArray[np.int64]  # (BINS,) pairs of two people


BINS = 100
EDGES = np.linspace(0, 2, BINS + 1)
