"""Classification of the people in training: softmax, and with a margin of the angle ArcFace and CosFace."""

import math

import torch
from pytorch_metric_learning import losses as pml
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear

from reid.losses.config import AngularConfig, SoftmaxConfig
from reid.losses.objective import Cost

_DEVIATION = (
    0.001  # of a classifier's first weights (Luo et al. 2019's code): all people are equally likely at first
)


class Softmax(nn.Module):
    """Cross-entropy of a linear classifier without bias, with label smoothing (Szegedy et al. 2016, section 7)."""

    def __init__(
        self, config: SoftmaxConfig, *, dimension: int, people: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self._smoothing = config.smoothing
        self.weight = nn.Parameter(torch.empty(people, dimension))
        with torch.no_grad():
            self.weight.normal_(std=_DEVIATION, generator=generator)

    def forward(self, features: Tensor, persons: Tensor) -> Cost:
        logits = linear(features, self.weight)
        return Cost(cross_entropy(logits, persons, label_smoothing=self._smoothing))


class ArcFace(nn.Module):
    """Additive margin of the angle (Deng et al. 2019, equation 3)."""

    def __init__(
        self, config: AngularConfig, *, dimension: int, people: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        margin_deg = math.degrees(config.margin)
        self._loss = pml.ArcFaceLoss(people, dimension, margin=margin_deg, scale=config.scale)
        with torch.no_grad():
            self._loss.W.normal_(generator=generator)

    def forward(self, features: Tensor, persons: Tensor) -> Cost:
        return Cost(self._loss(features, persons))


class CosFace(nn.Module):
    """Additive margin of the cosine (Wang et al. 2018, equation 4)."""

    def __init__(
        self, config: AngularConfig, *, dimension: int, people: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self._loss = pml.CosFaceLoss(people, dimension, margin=config.margin, scale=config.scale)
        with torch.no_grad():
            self._loss.W.normal_(generator=generator)

    def forward(self, features: Tensor, persons: Tensor) -> Cost:
        return Cost(self._loss(features, persons))
