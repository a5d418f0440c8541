"""A moving average of a network's weights, which often generalises better than the last ones."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from reid.embedding.network import ReidNetwork


class Average:
    """Exponential moving average over weights and the statistics of normalisations.

    The decay of update n is min(decay, (1 + n) / (10 + n)), so that the random beginning is soon forgotten.
    """

    def __init__(self, network: ReidNetwork, decay: float) -> None:
        def blend(averages: Sequence[Tensor], current: Sequence[Tensor], updates: Tensor | int) -> None:
            count = int(updates)
            share = 1 - min(decay, (1 + count) / (10 + count))
            if torch.is_floating_point(averages[0]):
                torch._foreach_lerp_(list(averages), list(current), share)
            else:  # how many batches a normalisation has seen
                torch._foreach_copy_(list(averages), list(current))

        self._averaged = AveragedModel(network, multi_avg_fn=blend, use_buffers=True)
        self._averaged.requires_grad_(False)

    @property
    def network(self) -> ReidNetwork:
        """Network with the averaged weights."""
        return cast(ReidNetwork, self._averaged.module)

    def update(self, network: ReidNetwork) -> None:
        """After a step."""
        self._averaged.update_parameters(network)

    def state(self) -> dict[str, Tensor]:
        """State for `restore`."""
        return self._averaged.state_dict()

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on where `state` was taken."""
        self._averaged.load_state_dict(state)
