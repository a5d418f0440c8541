"""OSNet: a small convolutional network made for re-identification (Zhou et al. 2019, "Omni-Scale Feature
Learning for Person Re-Identification", ICCV).

Attribute names follow the checkpoints of the field (torchreid's), so that their state dicts fit as they are.
"""

import torch
from torch import Tensor, nn

WIDTHS = (0.25, 0.5, 0.75, 1.0)
CHANNELS = (64, 256, 384, 512)  # stem, then the three stages, at width 1 (table 1 of the paper)


class ConvBlock(nn.Module):
    """Convolution, batch normalisation and, unless `linear`, ReLU."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 1, *, stride: int = 1, linear: bool = False
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.linear = linear

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn(self.conv(x))
        return x if self.linear else torch.relu(x)


class LiteConv3x3(nn.Module):
    """The "Lite 3x3" of figure 3b: pointwise, then depthwise 3x3, then normalisation and ReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.bn(self.conv2(self.conv1(x))))


class AggregationGate(nn.Module):
    """Weighs a stream's channels by the whole image (equation 3); one gate serves all streams."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.relu(self.fc1(x.mean(dim=(2, 3), keepdim=True)))
        return x * torch.sigmoid(self.fc2(weights))


class OmniScaleBlock(nn.Module):
    """A residual bottleneck of four streams that see 3, 5, 7 and 9 pixels, fused by one gate (figure 4)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        middle = outputs // 4
        self.conv1 = ConvBlock(inputs, middle)
        self.conv2a = LiteConv3x3(middle)
        self.conv2b = nn.Sequential(*(LiteConv3x3(middle) for _ in range(2)))
        self.conv2c = nn.Sequential(*(LiteConv3x3(middle) for _ in range(3)))
        self.conv2d = nn.Sequential(*(LiteConv3x3(middle) for _ in range(4)))
        self.gate = AggregationGate(middle)
        self.conv3 = ConvBlock(middle, outputs, linear=True)
        self.downsample = None if inputs == outputs else ConvBlock(inputs, outputs, linear=True)

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.conv1(x)
        fused = self.gate(self.conv2a(x)) + self.gate(self.conv2b(x)) + self.gate(self.conv2c(x))
        fused = fused + self.gate(self.conv2d(x))
        return torch.relu(self.conv3(fused) + shortcut)


class OSNet(nn.Module):
    """Crops (B, 3, H, W), normalised, to features (B, dimension) before L2 normalisation.

    Args:
        width: channel multiplier: 0.25, 0.5, 0.75 or 1.0.
        dimension: length of the feature; 512 in the paper.

    Raises:
        ValueError: `width` is none of the four.
    """

    def __init__(self, width: float = 1.0, dimension: int = 512) -> None:
        super().__init__()
        self.width = width
        self.dimension = dimension
        for name, part in osnet_parts(width).items():
            self.add_module(name, part)
        self.fc = nn.Sequential(
            nn.Linear(int(CHANNELS[-1] * width), dimension), nn.BatchNorm1d(dimension), nn.ReLU()
        )
        initialise_weights(self)

    def forward(self, images: Tensor) -> Tensor:
        x = images
        for name, part in self.named_children():
            if name != "fc":
                x = part(x)
        features: Tensor = self.fc(x.mean(dim=(2, 3)))
        return features


def osnet_parts(width: float) -> dict[str, nn.Module]:
    """What makes the last feature map of images, in order.

    Raises:
        ValueError: `width` is none of the four.
    """
    if width not in WIDTHS:
        raise ValueError(f"width must be one of {WIDTHS}, got {width}")
    stem, first, second, third = (int(channels * width) for channels in CHANNELS)
    return {
        "conv1": ConvBlock(3, stem, 7, stride=2),
        "maxpool": nn.MaxPool2d(3, stride=2, padding=1),
        "conv2": _stage(stem, first, shrink=True),
        "conv3": _stage(first, second, shrink=True),
        "conv4": _stage(second, third, shrink=False),
        "conv5": ConvBlock(third, third),
    }


def initialise_weights(network: nn.Module) -> None:
    """He's normal weights in convolutions, small normal ones in linear layers."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.01)
            nn.init.zeros_(module.bias)


def _stage(inputs: int, outputs: int, *, shrink: bool) -> nn.Sequential:
    """Two omni-scale blocks and, between stages, a transition that halves height and width."""
    blocks = [OmniScaleBlock(inputs, outputs), OmniScaleBlock(outputs, outputs)]
    if not shrink:
        return nn.Sequential(*blocks)
    return nn.Sequential(*blocks, nn.Sequential(ConvBlock(outputs, outputs), nn.AvgPool2d(2, stride=2)))
