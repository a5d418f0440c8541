"""Objectives that weigh all pairs of a batch against each other: circle, multi-similarity, N-pair."""

import torch
from pytorch_metric_learning import losses as pml
from torch import Tensor, nn
from torch.nn.functional import normalize

from reid.losses.compared import Compared
from reid.losses.config import CircleConfig, MultiSimilarityConfig, NPairConfig
from reid.losses.objective import Cost

Pairs = tuple[Tensor, Tensor, Tensor, Tensor]


class Circle(nn.Module):
    """Circle loss on pairs (Sun et al. 2020, equation 6), mean over anchors that have both kinds of pairs."""

    def __init__(self, config: CircleConfig) -> None:
        super().__init__()
        self._loss = pml.CircleLoss(m=config.margin, gamma=config.scale)

    def forward(self, compared: Compared) -> Cost:
        return Cost(_over(self._loss, compared, compared.pairs))


class MultiSimilarity(nn.Module):
    """Multi-similarity loss (Wang et al. 2019, equations 10 to 12), mean over anchors."""

    def __init__(self, config: MultiSimilarityConfig) -> None:
        super().__init__()
        self._loss = pml.MultiSimilarityLoss(alpha=config.alpha, beta=config.beta, base=config.base)
        self._epsilon = config.epsilon if config.mining else None

    def forward(self, compared: Compared) -> Cost:
        pairs = compared.pairs
        if self._epsilon is None:
            return Cost(_over(self._loss, compared, pairs))
        mined = _mined(compared, self._epsilon)
        kept, all_of_them = len(mined[0]) + len(mined[2]), len(pairs[0]) + len(pairs[2])
        active = torch.tensor(kept / max(1, all_of_them), device=compared.anchors.device)
        return Cost(_over(self._loss, compared, mined), active)


class NPair(nn.Module):
    """Multi-class N-pair loss (Sohn 2016, equation 7): the first two pictures of every person in the batch.

    Plus `l2` times the mean squared length of the vectors, as in its section 3.2.2: they are not normalised.
    """

    def __init__(self, config: NPairConfig) -> None:
        super().__init__()
        self._loss = pml.NPairsLoss()
        self._l2 = config.l2

    def forward(self, compared: Compared) -> Cost:
        length = compared.anchors.square().sum(dim=1).mean()
        return Cost(_zero_safe(self._loss(compared.anchors, compared.persons), compared) + self._l2 * length)


def _over(loss: nn.Module, compared: Compared, pairs: Pairs) -> Tensor:
    found: Tensor = loss(
        compared.anchors,
        compared.persons,
        pairs,
        ref_emb=compared.references,
        ref_labels=compared.reference_persons,
    )
    return _zero_safe(found, compared)


def _zero_safe(loss: Tensor, compared: Compared) -> Tensor:
    """The library gives a constant where there is no pair."""
    return loss + compared.nothing


def _mined(compared: Compared, epsilon: float) -> Pairs:
    """Pairs of one person that are less alike than the likest two people plus epsilon, and the other way round.

    Wang et al. 2019, equations 7 and 8. Not the library's miner itself, which takes a vector's pair with itself in a
    memory for one of the person's.
    """
    cosines = normalize(compared.anchors.detach()) @ normalize(compared.references.detach()).T
    likest = cosines.masked_fill(~compared.negative, -torch.inf).amax(dim=1, keepdim=True)
    least = cosines.masked_fill(~compared.positive, torch.inf).amin(dim=1, keepdim=True)
    positive = torch.where(compared.positive & (cosines - epsilon < likest))
    negative = torch.where(compared.negative & (cosines + epsilon > least))
    return positive[0], positive[1], negative[0], negative[1]
