"""Classification of the people in training, with a margin of the cosine: CosFace (Wang et al. 2018)."""

import torch
from pytorch_metric_learning import losses as pml
from torch import Tensor, nn

from reid.losses.config import AngularConfig
from reid.losses.objective import Cost


class CosFace(nn.Module):
    """Additive margin of the cosine (equation 4), mean over the batch."""

    def __init__(
        self, config: AngularConfig, *, dimension: int, people: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self._loss = pml.CosFaceLoss(people, dimension, margin=config.margin, scale=config.scale)
        with torch.no_grad():
            self._loss.W.normal_(generator=generator)

    def forward(self, features: Tensor, persons: Tensor) -> Cost:
        return Cost(self._loss(features, persons))
