"""Objectives with a learned vector for every person: Proxy-NCA, Proxy-Anchor."""

import torch
from pytorch_metric_learning import losses as pml
from torch import Tensor, nn

from reid.losses.config import ProxyAnchorConfig, ProxyNcaConfig
from reid.losses.objective import Cost


class ProxyNca(nn.Module):
    """-log of the softmax over squared distances to all proxies, of unit vectors.

    Movshovitz-Attias et al. 2017, equation 4, with the person's own proxy in the denominator too, as the library and
    later work have it (Teh et al. 2020, "ProxyNCA++", section 3.1): the loss cannot fall below 0.
    """

    def __init__(
        self, config: ProxyNcaConfig, *, dimension: int, people: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self._loss = pml.ProxyNCALoss(people, dimension, softmax_scale=config.scale)
        _begin(self._loss.proxies, generator)

    def forward(self, features: Tensor, persons: Tensor) -> Cost:
        return Cost(self._loss(features, persons))


class ProxyAnchor(nn.Module):
    """Proxies as anchors, all pictures of the batch as their pairs (Kim et al. 2020, equation 4)."""

    def __init__(
        self, config: ProxyAnchorConfig, *, dimension: int, people: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self._loss = pml.ProxyAnchorLoss(people, dimension, margin=config.margin, alpha=config.scale)
        _begin(self._loss.proxies, generator)

    def forward(self, features: Tensor, persons: Tensor) -> Cost:
        return Cost(self._loss(features, persons))


def _begin(proxies: nn.Parameter, generator: torch.Generator) -> None:
    """Random directions; their lengths do not matter."""
    with torch.no_grad():
        proxies.normal_(generator=generator)
