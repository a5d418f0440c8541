"""Building of the optimiser: groups of weights by decay and by learning rate."""

from collections.abc import Iterator

import torch
from torch import nn

from reid.training.config import OptimiserConfig
from reid.training.learner import Learner


def build_optimiser(learner: Learner, config: OptimiserConfig) -> torch.optim.Optimizer:
    """An optimiser with a group for backbone and others, each with and without weight decay.

    Biases, and weights of one dimension (normalisation layers, GeM's power), do not decay: decay there does not
    regularise, it only rescales (Goyal et al. 2017, section 5.3).
    """
    groups = list(_groups(learner, config))
    rate, momentum = config.learning_rate, config.momentum
    # fused: one pass over all weights instead of one a tensor, of which small networks have many
    match config.kind:
        case "adam":
            return torch.optim.Adam(groups, lr=rate, fused=True)
        case "adamw":
            return torch.optim.AdamW(groups, lr=rate, fused=True)
        case "sgd":
            return torch.optim.SGD(groups, lr=rate, momentum=momentum, nesterov=momentum > 0, fused=True)
        case "rmsprop":
            return torch.optim.RMSprop(groups, lr=rate, momentum=momentum)


def _groups(learner: Learner, config: OptimiserConfig) -> Iterator[dict[str, object]]:
    backbone = {id(parameter) for parameter in learner.network.backbone_parameters()}
    # The neck's bias is fixed at 0; a backbone that is frozen for some epochs is not fixed, so this is asked first.
    trained: list[nn.Parameter] = [parameter for parameter in learner.parameters() if parameter.requires_grad]
    for name, factor, inside in (("backbone", config.backbone_factor, True), ("rest", 1.0, False)):
        for decays in (True, False):
            chosen = [p for p in trained if (id(p) in backbone) == inside and (p.ndim > 1) == decays]
            if chosen:
                yield {
                    "params": chosen,
                    "name": name,
                    "factor": factor,
                    "lr": config.learning_rate * factor,
                    "weight_decay": config.weight_decay if decays else 0.0,
                }


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Give every group its multiple of the learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["factor"]
