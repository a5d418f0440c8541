"""Result of an objective."""

from typing import NamedTuple

from torch import Tensor


class Cost(NamedTuple):
    """An objective's value, and how much of what it looked at mattered."""

    loss: Tensor  # scalar
    active: Tensor | None = None  # share of the mined pairs, triplets or quadruplets that cost something


def share(mask: Tensor) -> Tensor:
    """Share of True in a mask; 0 where it is empty."""
    return mask.float().sum() / max(1, mask.numel())
