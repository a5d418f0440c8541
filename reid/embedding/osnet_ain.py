"""OSNet-AIN: OSNet with instance normalisation where a search put it, for cameras that were not trained on.

Zhou et al. 2021, "Learning Generalisable Omni-Scale Representations for Person Re-Identification", TPAMI, figure 5
and table 1. Attribute names follow the checkpoints of the field (torchreid's).
"""

import torch
from torch import Tensor, nn

from reid.embedding.osnet import CHANNELS, WIDTHS, AggregationGate, ConvBlock, LiteConv3x3

# Whether each stage's two blocks end with an instance normalisation.
_NORMALISED = {"conv2": (True, True), "conv3": (False, True), "conv4": (True, False)}


class InstanceStem(nn.Module):
    """The 7 x 7 convolution of the stem, instance-normalised."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, outputs, 7, stride=2, padding=3, bias=False)
        self.bn = nn.InstanceNorm2d(outputs, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.bn(self.conv(x)))


class LiteStream(nn.Module):
    """So many "Lite 3x3" one after the other."""

    def __init__(self, channels: int, depth: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(LiteConv3x3(channels) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.layers(x)
        return features


class OmniScaleBlockAin(nn.Module):
    """A residual bottleneck of four streams; with `normalised`, instance-normalised before the sum (figure 5b)."""

    def __init__(self, inputs: int, outputs: int, *, normalised: bool) -> None:
        super().__init__()
        middle = outputs // 4
        self.conv1 = ConvBlock(inputs, middle)
        self.conv2 = nn.ModuleList(LiteStream(middle, depth) for depth in range(1, 5))
        self.gate = AggregationGate(middle)
        self.conv3 = Pointwise(middle, outputs) if normalised else ConvBlock(middle, outputs, linear=True)
        self.downsample = None if inputs == outputs else ConvBlock(inputs, outputs, linear=True)
        self.IN = nn.InstanceNorm2d(outputs, affine=True) if normalised else None

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.conv1(x)
        fused = torch.stack([self.gate(stream(x)) for stream in self.conv2]).sum(dim=0)
        x = self.conv3(fused)
        return torch.relu((x if self.IN is None else self.IN(x)) + shortcut)


class Pointwise(nn.Module):
    """A 1 x 1 convolution alone."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.conv(x)
        return features


def osnet_ain_parts(width: float) -> dict[str, nn.Module]:
    """What makes the last feature map of images, in order.

    Raises:
        ValueError: `width` is none of OSNet's.
    """
    if width not in WIDTHS:
        raise ValueError(f"width must be one of {WIDTHS}, got {width}")
    stem, first, second, third = (int(channels * width) for channels in CHANNELS)
    return {
        "conv1": InstanceStem(stem),
        "maxpool": nn.MaxPool2d(3, stride=2, padding=1),
        "conv2": _stage("conv2", stem, first),
        "pool2": _transition(first),
        "conv3": _stage("conv3", first, second),
        "pool3": _transition(second),
        "conv4": _stage("conv4", second, third),
        "conv5": ConvBlock(third, third),
    }


def _stage(name: str, inputs: int, outputs: int) -> nn.Sequential:
    one, other = _NORMALISED[name]
    return nn.Sequential(
        OmniScaleBlockAin(inputs, outputs, normalised=one),
        OmniScaleBlockAin(outputs, outputs, normalised=other),
    )


def _transition(channels: int) -> nn.Sequential:
    return nn.Sequential(ConvBlock(channels, channels), nn.AvgPool2d(2, stride=2))
