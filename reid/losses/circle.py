"""The circle objective (Sun et al. 2020, "Circle Loss")."""

from pytorch_metric_learning import losses as pml
from torch import nn

from reid.losses.compared import Compared
from reid.losses.config import CircleConfig
from reid.losses.library import over_pairs
from reid.losses.objective import Cost, share


class Circle(nn.Module):
    """Circle loss on pairs (equation 6), mean over anchors that have both kinds of pairs.

    Of such an anchor, every pair costs something.
    """

    def __init__(self, config: CircleConfig) -> None:
        super().__init__()
        self._loss = pml.CircleLoss(m=config.margin, gamma=config.scale)

    def forward(self, compared: Compared) -> Cost:
        both = compared.positive.any(dim=1) & compared.negative.any(dim=1)
        paired = compared.positive | compared.negative
        active = share(both[:, None].expand_as(paired)[paired])
        return Cost(over_pairs(self._loss, compared, compared.pairs), active)
