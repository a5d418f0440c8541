"""From feature maps (B, C, h, w) to vectors (B, C)."""

import torch
from torch import Tensor, nn

_LEAST = 1e-6  # powers of numbers below it are not differentiable, or not real


class AveragePooling(nn.Module):
    """The mean over all places."""

    def forward(self, maps: Tensor) -> Tensor:
        return maps.mean(dim=(2, 3))


class MaxPooling(nn.Module):
    """The largest value of all places."""

    def forward(self, maps: Tensor) -> Tensor:
        return maps.amax(dim=(2, 3))


class GemPooling(nn.Module):
    """Generalised mean: (mean of x^p)^(1/p), p learned (Radenovic et al. 2018, equation 3).

    p = 1 is the mean, a large p nearly the maximum. Computed as m * (mean of (x/m)^p)^(1/p) with the largest x as m:
    the same, but powers of a channel that is 0 everywhere, or of large numbers, do not leave float32 as p grows.
    """

    def __init__(self, power: float = 3.0) -> None:
        super().__init__()
        self.power = nn.Parameter(torch.tensor([power]))

    def forward(self, maps: Tensor) -> Tensor:
        maps = maps.clamp(min=_LEAST)
        most = maps.detach().amax(dim=(2, 3), keepdim=True)  # cancels, so it has no gradient
        mean = (maps / most).pow(self.power).mean(dim=(2, 3))
        return most.flatten(1) * mean.pow(1 / self.power)


def build_pooling(kind: str) -> nn.Module:
    """average, max or gem."""
    match kind:
        case "average":
            return AveragePooling()
        case "max":
            return MaxPooling()
        case "gem":
            return GemPooling()
        case _:
            raise ValueError(f"pooling must be average, max or gem, got {kind!r}")
