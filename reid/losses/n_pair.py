"""The N-pair objective (Sohn 2016, "Improved Deep Metric Learning with Multi-class N-pair Loss Objective")."""

from pytorch_metric_learning import losses as pml
from pytorch_metric_learning.distances import DotProductSimilarity
from torch import nn

from reid.losses.compared import Compared
from reid.losses.config import NPairConfig
from reid.losses.objective import Cost


class NPair(nn.Module):
    """Multi-class N-pair loss (equation 7): the first two images of every person in the batch, mean over persons.

    Plus `l2` times the mean squared length of the batch's vectors (section 3.2.2): they are not normalised. Where
    fewer than two persons have a pair, there is nothing to tell apart and the loss is 0; else every pair costs.
    """

    def __init__(self, config: NPairConfig) -> None:
        super().__init__()
        self._loss = pml.NPairsLoss(distance=DotProductSimilarity(normalize_embeddings=False))
        self._l2 = config.l2

    def forward(self, compared: Compared) -> Cost:
        nothing = compared.nothing
        loss = self._loss(compared.anchors, compared.persons)
        if self._loss.num_pairs < 2:
            return Cost(nothing, nothing.detach())
        length = compared.anchors.square().sum(dim=1).mean()
        return Cost(loss + self._l2 * length, nothing.detach() + 1)
