"""The Proxy-NCA objective (Movshovitz-Attias et al. 2017, "No Fuss Distance Metric Learning using Proxies")."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from reid.losses.config import ProxyNcaConfig
from reid.losses.distances import distances
from reid.losses.objective import Cost


class ProxyNca(nn.Module):
    """-log of the softmax over squared distances to all proxies, of unit vectors, mean over the batch.

    Equation 4, with the person's own proxy in the denominator too, as in later work (Teh et al. 2020, "ProxyNCA++",
    section 3.1): the loss cannot fall below 0. Not pytorch-metric-learning's, which takes softmax and logarithm one
    after the other, and so leaves out the hardest images, or gives NaN, from scales of about 25.
    """

    def __init__(
        self, config: ProxyNcaConfig, *, dimension: int, people: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self._scale = config.scale
        self.proxies = nn.Parameter(torch.empty(people, dimension))
        with torch.no_grad():
            self.proxies.normal_(generator=generator)

    def forward(self, features: Tensor, persons: Tensor) -> Cost:
        apart = distances(features, self.proxies.to(features.dtype), "unit-euclidean")
        return Cost(cross_entropy(-self._scale * apart.square(), persons))
