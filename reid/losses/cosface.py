"""Classification of the people in training, with a margin of the cosine: CosFace (Wang et al. 2018)."""

import torch
from pytorch_metric_learning import losses as pml

from reid.losses.config import AngularConfig
from reid.losses.library import WithProxies


class CosFace(WithProxies):
    """Additive margin of the cosine (equation 4), mean over the batch."""

    def __init__(
        self, config: AngularConfig, *, dimension: int, people: int, generator: torch.Generator
    ) -> None:
        loss = pml.CosFaceLoss(people, dimension, margin=config.margin, scale=config.scale)
        super().__init__(loss, loss.W, generator)
