"""The contrastive objective of siamese networks (Hadsell et al. 2006, equation 4)."""

import torch
from torch import nn
from torch.nn.functional import relu

from reid.losses.compared import Compared
from reid.losses.config import ContrastiveConfig
from reid.losses.distances import distances
from reid.losses.objective import Cost, share


class Contrastive(nn.Module):
    """d^2 of pairs of one person plus max(0, margin - d)^2 of pairs of two, each as a mean over its pairs.

    Squares, as in the paper; pytorch-metric-learning's objective of this name is linear. Pairs of two people are many
    more, so one mean over all pairs would leave those of one person no say.
    """

    def __init__(self, config: ContrastiveConfig) -> None:
        super().__init__()
        self._config = config

    def forward(self, compared: Compared) -> Cost:
        apart = distances(compared.anchors, compared.references, self._config.distance)
        near, far = apart[compared.positive], relu(self._config.margin - apart[compared.negative])
        loss = compared.nothing
        for off in (near, far):
            if len(off):
                loss = loss + off.square().mean()
        return Cost(loss, share(torch.cat([near, far]).detach() > 0))
