"""ResNet-50 with the batch normalisation neck (Luo et al. 2019, "Bag of Tricks and a Strong Baseline for Deep
Person Re-Identification", CVPRW): last stride 1, global average pooling, BNNeck."""

from torch import Tensor, nn
from torchvision.models import resnet50


class ResNet50(nn.Module):
    """Crops (B, 3, H, W), normalised, to features (B, 2048) before L2 normalisation.

    Checkpoint keys are our own: `backbone.*` are torchvision's ResNet-50 without `fc`, `bnneck.*` the neck.
    They are deliberately not those of reid-strong-baseline (`base.*`, `bottleneck.*`): its stem has no ReLU,
    so its weights would load here and give other vectors.
    """

    dimension = 2048

    def __init__(self) -> None:
        super().__init__()
        backbone = resnet50(weights=None)
        backbone.fc = nn.Identity()
        # Last stride 1 (section 3.4 of the paper): twice the resolution in stage 4, for no parameters.
        backbone.layer4[0].conv2.stride = (1, 1)
        backbone.layer4[0].downsample[0].stride = (1, 1)
        self.backbone = backbone
        self.bnneck = nn.BatchNorm1d(self.dimension)
        self.bnneck.bias.requires_grad_(False)  # no shift: section 3.5

    def pooled(self, images: Tensor) -> Tensor:
        """Features (B, 2048) before the neck: what the triplet loss wants."""
        features: Tensor = self.backbone(images)
        return features

    def forward(self, images: Tensor) -> Tensor:
        """Features (B, 2048) after the neck: what retrieval and the classifier want."""
        features: Tensor = self.bnneck(self.pooled(images))
        return features
