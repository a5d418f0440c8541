"""Network and objectives as one module: what is moved to a device, wrapped for several GPUs, and saved."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from reid.embedding.network import ReidNetwork
from reid.losses.objectives import Objectives
from reid.losses.statistics import pair_distances


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learned:
    """Losses and figures of one batch."""

    total: Tensor  # the weighted sum, with a graph
    terms: dict[str, Tensor]
    active: Tensor | None
    positive: Tensor  # cosine distances of pairs of one person
    negative: Tensor  # and of two


class Learner(nn.Module):
    """Images (N, 3, H, W), persons (N,) and teachers' vectors, each (N, T), to losses.

    Args:
        frozen: names of parts of the backbone that never change.

    Raises:
        InputError: the backbone has no such part.
    """

    def __init__(self, network: ReidNetwork, objectives: Objectives, *, frozen: Sequence[str] = ()) -> None:
        super().__init__()
        self.network = network
        self.objectives = objectives
        self._frozen = [network.backbone.part(name) for name in frozen]
        self.freeze_backbone(False)

    def forward(self, images: Tensor, persons: Tensor, targets: Sequence[Tensor] = ()) -> Learned:
        features = self.network.features(images)
        losses = self.objectives(features.pooled, features.final, persons, targets)
        with torch.no_grad():
            distances = pair_distances(features.final, persons)  # as they are searched by
        return Learned(
            total=losses.total,
            terms=losses.terms,
            active=losses.active,
            positive=distances.positive,
            negative=distances.negative,
        )

    def freeze_backbone(self, frozen: bool) -> None:
        """Freeze or free the backbone's weights and the statistics of its normalisations.

        The parts that never change do in any case.
        """
        self._freeze(self.network.backbone, frozen)
        for part in self._frozen:
            self._freeze(part, True)

    @staticmethod
    def _freeze(part: nn.Module, frozen: bool) -> None:
        for parameter in part.parameters():
            parameter.requires_grad_(not frozen)
        part.train(not frozen)
