"""The multi-similarity objective (Wang et al. 2019, "Multi-Similarity Loss with General Pair Weighting")."""

import torch
from pytorch_metric_learning import losses as pml
from torch import nn
from torch.nn.functional import normalize

from reid.losses.compared import Compared
from reid.losses.config import MultiSimilarityConfig
from reid.losses.library import Pairs, over_pairs
from reid.losses.objective import Cost


class MultiSimilarity(nn.Module):
    """Multi-similarity loss (equation 12), mean over all anchors; those without a mined pair count as 0.

    Every mined pair costs something, so the active share is that of the mined among all pairs.
    """

    def __init__(self, config: MultiSimilarityConfig) -> None:
        super().__init__()
        self._loss = pml.MultiSimilarityLoss(alpha=config.alpha, beta=config.beta, base=config.base)
        self._epsilon = config.epsilon if config.mining else None

    def forward(self, compared: Compared) -> Cost:
        pairs = compared.pairs
        mined = pairs if self._epsilon is None else _mined(compared, self._epsilon)
        kept, all_of_them = len(mined[0]) + len(mined[2]), len(pairs[0]) + len(pairs[2])
        active = torch.tensor(kept / max(1, all_of_them), device=compared.anchors.device)
        return Cost(over_pairs(self._loss, compared, mined), active)


def _mined(compared: Compared, epsilon: float) -> Pairs:
    """Pairs of one person that are less alike than the likest two people plus epsilon, and the other way round.

    Equations 7 and 8. Not the library's miner, which takes a vector's pair with itself in a memory for one of the
    person's.
    """
    cosines = normalize(compared.anchors.detach()) @ normalize(compared.references.detach()).T
    likest = cosines.masked_fill(~compared.negative, -torch.inf).amax(dim=1, keepdim=True)
    least = cosines.masked_fill(~compared.positive, torch.inf).amin(dim=1, keepdim=True)
    positive = torch.where(compared.positive & (cosines - epsilon < likest))
    negative = torch.where(compared.negative & (cosines + epsilon > least))
    return positive[0], positive[1], negative[0], negative[1]
