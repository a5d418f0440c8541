"""Content of a training's page: plain numbers and mappings."""

from collections.abc import Mapping
from dataclasses import dataclass

TOTAL = "total"  # the weighted sum, among the losses


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRow:
    """Figures of one epoch: means over its steps, and the held-out people's after it.

    Raises:
        ValueError: there is no total loss, or an evaluation without mAP and rank-1.
    """

    epoch: int  # from 1
    step: int  # steps done at its end
    seconds: float  # since the training began
    images_per_s: float
    learning_rate: float
    losses: Mapping[str, float]  # objective to value before its weight, and TOTAL
    active: float | None  # share of triplets (pairs, quadruplets) that cost something; None: there are none
    grad_norm: float | None
    loader_share: float  # of the steps' time that was spent waiting for images
    held_out: Mapping[str, float] | None  # "map", "rank1", maybe "minp", in [0, 1]; None: not evaluated
    best: bool  # whether its held-out mAP was the highest so far

    def __post_init__(self) -> None:
        if TOTAL not in self.losses:
            raise ValueError(f"losses of epoch {self.epoch} hold no {TOTAL!r}: {list(self.losses)}")
        if self.held_out is not None and not {"map", "rank1"} <= set(self.held_out):
            raise ValueError(f"held_out of epoch {self.epoch} needs map and rank1, got {list(self.held_out)}")
