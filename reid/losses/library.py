"""Objectives of pytorch-metric-learning: over pairs that were chosen here, and with proxies drawn here."""

import torch
from torch import Tensor, nn

from reid.losses.compared import Compared
from reid.losses.objective import Cost

Pairs = tuple[Tensor, Tensor, Tensor, Tensor]  # anchors, their positives, anchors, their negatives


class WithProxies(nn.Module):
    """A loss of the library that holds a vector for each person, drawn by `generator`; mean over the batch."""

    def __init__(self, loss: nn.Module, proxies: nn.Parameter, generator: torch.Generator) -> None:
        super().__init__()
        self._loss = loss
        with torch.no_grad():
            proxies.normal_(generator=generator)

    def forward(self, features: Tensor, persons: Tensor) -> Cost:
        return Cost(self._loss(features, persons))


def over_pairs(loss: nn.Module, compared: Compared, pairs: Pairs) -> Tensor:
    """The library's loss over `pairs`, positions in anchors and references; one that makes masks of them."""
    # It takes no more than one pair of each kind, which mining can leave, for none; in a mask, twice counts once.
    pairs = (_first_twice(pairs[0]), _first_twice(pairs[1]), _first_twice(pairs[2]), _first_twice(pairs[3]))
    found: Tensor = loss(
        compared.anchors,
        compared.persons,
        pairs,
        ref_emb=compared.references,
        ref_labels=compared.reference_persons,
    )
    return found + compared.nothing  # where there is no pair, the library gives a constant


def _first_twice(positions: Tensor) -> Tensor:
    return torch.cat([positions, positions[:1]])
