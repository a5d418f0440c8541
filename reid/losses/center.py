"""The centre objective (Wen et al. 2016, "A Discriminative Feature Learning Approach for Deep Face Recognition")."""

import torch
from torch import Tensor, nn

from reid.losses.config import CenterConfig
from reid.losses.objective import Cost


class Center(nn.Module):
    """Half the squared distance to the person's centre (equation 2), as a mean over the batch.

    Centres move by the paper's own rule (equation 4), not by the optimiser, so they are buffers: c_j changes by
    -rate * sum of (c_j - x) over the batch's images x of person j, divided by 1 + their number. That happens in
    training only, after the loss was taken.
    """

    centers: Tensor

    def __init__(
        self, config: CenterConfig, *, dimension: int, people: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self._rate = config.learning_rate
        self.register_buffer("centers", torch.zeros(people, dimension))

    def forward(self, features: Tensor, persons: Tensor) -> Cost:
        centers = self.centers.to(features.dtype)[persons]  # a copy: the centres move below
        loss = 0.5 * (features - centers).square().sum(dim=1).mean()
        if self.training:
            with torch.no_grad():
                moves = torch.zeros_like(self.centers)
                moves.index_add_(0, persons, (centers - features).to(moves.dtype))
                counts = torch.bincount(persons, minlength=len(moves))[:, None]
                self.centers.sub_(self._rate * moves / (1 + counts))
        return Cost(loss)
