"""Attention blocks: feature maps (B, C, h, w) to maps of the same shape."""

import torch
from torch import Tensor, nn

_REDUCTION = 16
_LEAST_CHANNELS = 4  # of the bottleneck, where there are few


class SqueezeExcitation(nn.Module):
    """Weighs channels by the whole image (Hu et al. 2018, equations 2 and 3)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weigh = _bottleneck(channels)

    def forward(self, maps: Tensor) -> Tensor:
        return maps * torch.sigmoid(self.weigh(maps.mean(dim=(2, 3), keepdim=True)))


class Cbam(nn.Module):
    """Weighs channels by mean and maximum, then places by mean and maximum over channels (Woo et al. 2018)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weigh = _bottleneck(channels)  # one for both, equation 2
        self.place = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        mean, most = maps.mean(dim=(2, 3), keepdim=True), maps.amax(dim=(2, 3), keepdim=True)
        maps = maps * torch.sigmoid(self.weigh(mean) + self.weigh(most))
        seen = torch.cat([maps.mean(dim=1, keepdim=True), maps.amax(dim=1, keepdim=True)], dim=1)
        return maps * torch.sigmoid(self.place(seen))


class NonLocal(nn.Module):
    """Every place sees all others (Wang et al. 2018, embedded Gaussian, equation 6).

    The last normalisation begins at 0, so that the block begins as the identity (its section 4.1).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(1, channels // 2)
        self.query = nn.Conv2d(channels, inner, 1)
        self.key = nn.Conv2d(channels, inner, 1)
        self.value = nn.Conv2d(channels, inner, 1)
        self.out = nn.Conv2d(inner, channels, 1)
        self.bn = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.bn.weight)
        nn.init.zeros_(self.bn.bias)

    def forward(self, maps: Tensor) -> Tensor:
        query, key, value = (part(maps).flatten(2) for part in (self.query, self.key, self.value))
        weights = torch.softmax(query.transpose(1, 2) @ key, dim=-1)  # (B, h * w, h * w)
        seen = (value @ weights.transpose(1, 2)).unflatten(2, maps.shape[2:])
        attended: Tensor = maps + self.bn(self.out(seen))
        return attended


def build_attention(kind: str, channels: int) -> nn.Module:
    """se, cbam or non-local, for maps of so many channels."""
    match kind:
        case "se":
            return SqueezeExcitation(channels)
        case "cbam":
            return Cbam(channels)
        case "non-local":
            return NonLocal(channels)
        case _:
            raise ValueError(f"attention must be se, cbam or non-local, got {kind!r}")


def _bottleneck(channels: int) -> nn.Sequential:
    inner = max(_LEAST_CHANNELS, channels // _REDUCTION)
    return nn.Sequential(nn.Conv2d(channels, inner, 1), nn.ReLU(), nn.Conv2d(inner, channels, 1))
