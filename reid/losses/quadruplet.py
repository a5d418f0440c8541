"""The quadruplet objective (Chen et al. 2017, "Beyond triplet loss", equations 5 and 6)."""

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from reid.losses.compared import Compared
from reid.losses.config import QuadrupletConfig
from reid.losses.distances import distances
from reid.losses.miners import batch_hard, every_triplet
from reid.losses.objective import Cost, share


class Quadruplet(nn.Module):
    """max(0, d(a,p) - d(a,n) + margin) + max(0, d(a,p) - d(n1,n2) + margin of others), each as a mean.

    a and p show one person, n1 and n2 two others. Hard: every anchor with its farthest positive, its nearest
    negative, and the nearest pair of two others; else all triplets and all quadruplets, with means over those that
    cost something. The active share is of both terms together.
    """

    def __init__(self, config: QuadrupletConfig) -> None:
        super().__init__()
        self._config = config

    def forward(self, compared: Compared) -> Cost:
        config = self._config
        apart = distances(compared.anchors, compared.references, config.distance)
        triplets = batch_hard(apart.detach(), compared) if config.hard else every_triplet(compared)
        anchor, positive, negative = triplets.unbind(dim=1)
        if len(anchor) == 0:
            return Cost(compared.nothing, share(anchor))
        first = relu(apart[anchor, positive] - apart[anchor, negative] + config.margin)
        anchor, positive, one, other = self._others(apart.detach(), compared, triplets)
        second = relu(apart[anchor, positive] - apart[one, other] + config.margin_of_others)
        loss = _mean(first, active=not config.hard)
        if len(second):
            loss = loss + _mean(second, active=not config.hard)
        return Cost(loss, share(torch.cat([first, second]).detach() > 0))

    def _others(self, apart: Tensor, compared: Compared, triplets: Tensor) -> tuple[Tensor, ...]:
        """Anchor, positive, and two others who are different people and neither is the anchor's."""
        people = compared.persons
        two = compared.negative & torch.ones_like(apart, dtype=torch.bool).triu(1)  # each pair once
        one, other = torch.where(two)
        anchor, positive = triplets[:, 0], triplets[:, 1]
        if not self._config.hard:
            anchor, positive = torch.unique(triplets[:, :2], dim=0).unbind(dim=1)
        fits = (people[one] != people[anchor][:, None]) & (people[other] != people[anchor][:, None])
        if not self._config.hard:
            row, pair = torch.where(fits)
            return anchor[row], positive[row], one[pair], other[pair]
        able = fits.any(dim=1)
        nearest = torch.where(fits, apart[one, other], torch.inf).argmin(dim=1)[able]
        return anchor[able], positive[able], one[nearest], other[nearest]


def _mean(costs: Tensor, *, active: bool) -> Tensor:
    """Mean over all costs, or over those above 0."""
    return costs.sum() / ((costs.detach() > 0).sum().clamp(min=1) if active else len(costs))
