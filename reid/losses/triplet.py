"""The triplet objective (Schroff et al. 2015, equation 3; Hermans et al. 2017, equations 4 to 8)."""

from torch import Tensor, nn
from torch.nn.functional import relu, softplus

from reid.losses.compared import Compared
from reid.losses.config import TripletConfig
from reid.losses.distances import distances
from reid.losses.miners import batch_hard, every_triplet, informative_positive, semi_hard
from reid.losses.objective import Cost, share

SOFT_MARGIN_WINDOW = 1.0  # what semi-hard means where there is no margin


class Triplet(nn.Module):
    """max(0, d(a, p) - d(a, n) + margin), or log(1 + exp(d(a, p) - d(a, n))), over mined triplets.

    The mean is over all mined triplets; with mining `all`, where most cost nothing, over those that cost something
    (Hermans et al. 2017, section 2, "BA != 0"). With a soft margin everything costs something, so the active share is
    of those whose negative is the nearer one.
    """

    def __init__(self, config: TripletConfig) -> None:
        super().__init__()
        self._config = config

    def forward(self, compared: Compared) -> Cost:
        config = self._config
        apart = distances(compared.anchors, compared.references, config.distance)
        anchor, positive, negative = self._mined(apart.detach(), compared).unbind(dim=1)
        if len(anchor) == 0:
            return Cost(compared.nothing, share(anchor))
        gap = apart[anchor, positive] - apart[anchor, negative]
        if config.margin is None:
            return Cost(softplus(gap).mean(), share(gap.detach() > 0))
        costs = relu(gap + config.margin)
        active = costs.detach() > 0
        counted = active.sum().clamp(min=1) if config.mining == "all" else len(costs)
        return Cost(costs.sum() / counted, share(active))

    def _mined(self, apart: Tensor, compared: Compared) -> Tensor:
        match self._config.mining:
            case "batch-hard":
                return batch_hard(apart, compared)
            case "semi-hard":
                margin = self._config.margin
                return semi_hard(apart, compared, SOFT_MARGIN_WINDOW if margin is None else margin)
            case "all":
                return every_triplet(compared)
            case "informative-positive":
                return informative_positive(apart, compared)
