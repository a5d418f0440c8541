"""The Proxy-Anchor objective (Kim et al. 2020, "Proxy Anchor Loss for Deep Metric Learning")."""

import torch
from pytorch_metric_learning import losses as pml
from torch import Tensor, nn

from reid.losses.config import ProxyAnchorConfig
from reid.losses.objective import Cost


class ProxyAnchor(nn.Module):
    """Proxies as anchors, all images of the batch as their pairs (equation 4)."""

    def __init__(
        self, config: ProxyAnchorConfig, *, dimension: int, people: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self._loss = pml.ProxyAnchorLoss(people, dimension, margin=config.margin, alpha=config.scale)
        with torch.no_grad():
            self._loss.proxies.normal_(generator=generator)

    def forward(self, features: Tensor, persons: Tensor) -> Cost:
        return Cost(self._loss(features, persons))
