"""Classification of the people in training: softmax."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear

from reid.losses.config import SoftmaxConfig
from reid.losses.objective import Cost

_DEVIATION = 0.001  # of the first weights (Luo et al. 2019's code): all people are equally likely at first


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
        logits = linear(features, self.weight.to(features.dtype))
        return Cost(cross_entropy(logits, persons, label_smoothing=self._smoothing))
