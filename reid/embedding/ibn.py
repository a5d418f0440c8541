"""ResNet-50 with instance and batch normalisation mixed (IBN-a, Pan et al. 2018, "Two at Once")."""

import torch
from torch import Tensor, nn
from torchvision.models import ResNet, resnet50


class IbnNorm(nn.Module):
    """Instance normalisation of the first half of the channels, batch normalisation of the rest (figure 3a).

    Attribute names are those of the published checkpoints.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = channels // 2
        self.IN = nn.InstanceNorm2d(self.first, affine=True)
        self.BN = nn.BatchNorm2d(channels - self.first)

    def forward(self, x: Tensor) -> Tensor:
        first, second = x[:, : self.first], x[:, self.first :]
        return torch.cat([self.IN(first.contiguous()), self.BN(second.contiguous())], dim=1)


def resnet50_ibn() -> ResNet:
    """torchvision's ResNet-50 whose blocks begin with `IbnNorm`, but for the last stage, which tells people apart."""
    network = resnet50(weights=None)
    for stage in (network.layer1, network.layer2, network.layer3):
        for block in stage:
            block.bn1 = IbnNorm(block.bn1.num_features)
    return network
