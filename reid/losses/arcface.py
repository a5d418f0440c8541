"""Classification of the people in training, with a margin of the angle: ArcFace (Deng et al. 2019)."""

import math

import torch
from pytorch_metric_learning import losses as pml

from reid.losses.config import AngularConfig
from reid.losses.library import WithProxies


class ArcFace(WithProxies):
    """Additive margin of the angle (equation 3), mean over the batch.

    Where angle and margin together pass 180 degrees the cosine would rise again; there the cosine is lowered by
    margin * sin(margin) instead, as in the authors' code.
    """

    def __init__(
        self, config: AngularConfig, *, dimension: int, people: int, generator: torch.Generator
    ) -> None:
        margin_deg = math.degrees(config.margin)
        loss = pml.ArcFaceLoss(people, dimension, margin=margin_deg, scale=config.scale)
        super().__init__(loss, loss.W, generator)
