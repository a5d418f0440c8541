"""The Proxy-Anchor objective (Kim et al. 2020, "Proxy Anchor Loss for Deep Metric Learning")."""

import torch
from pytorch_metric_learning import losses as pml

from reid.losses.config import ProxyAnchorConfig
from reid.losses.library import WithProxies


class ProxyAnchor(WithProxies):
    """Proxies as anchors, all images of the batch as their pairs (equation 4)."""

    def __init__(
        self, config: ProxyAnchorConfig, *, dimension: int, people: int, generator: torch.Generator
    ) -> None:
        loss = pml.ProxyAnchorLoss(people, dimension, margin=config.margin, alpha=config.scale)
        super().__init__(loss, loss.proxies, generator)
