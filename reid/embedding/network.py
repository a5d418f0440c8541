"""The network that `reid train` makes: backbone, attention, pooling, embedding layer, neck."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from reid.embedding.attention import build_attention
from reid.embedding.backbone import Backbone
from reid.embedding.backbones import build_backbone
from reid.embedding.network_config import NetworkConfig
from reid.embedding.pooling import build_pooling
from reid.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Features:
    """A batch's vectors on both sides of the neck; the same ones where there is no neck."""

    pooled: Tensor  # (B, D) before it: what pairs are compared by
    final: Tensor  # (B, D) behind it: what people are classified and searched by


class ReidNetwork(nn.Module):
    """Crops (B, 3, H, W), normalised, to features (B, dimension) before L2 normalisation.

    Random weights come from torch's own random numbers: seed them before.

    Args:
        size: height and width of the crops; only vision transformers must know.

    Raises:
        InputError: no such backbone, or one without what the config wants.
    """

    def __init__(self, config: NetworkConfig, size: tuple[int, int] | None = None) -> None:
        super().__init__()
        self.config = config
        self.backbone = build_backbone(config, size)
        _attend(self.backbone, config)
        self.pooling = build_pooling(config.pooling)
        channels = self.backbone.channels
        self.dimension = channels if config.dimension is None else config.dimension
        # Linear alone: a ReLU before the neck would fold the vectors into one corner of their space.
        self.embedding = nn.Identity() if config.dimension is None else nn.Linear(channels, self.dimension)
        self.neck: nn.Module = nn.Identity()
        if config.neck == "bnneck":
            self.neck = nn.BatchNorm1d(self.dimension)
            self.neck.bias.requires_grad_(False)  # no shift: Luo et al. 2019, section 3.5
        self.dropout = nn.Dropout(config.dropout)
        if isinstance(self.embedding, nn.Linear):
            # Vectors as long as the map's own (He et al. 2015). With weights of 0.01, as a classifier has them, all
            # distances begin far below the margin, and batch-hard triplets pull everything into one point.
            nn.init.kaiming_normal_(self.embedding.weight, nonlinearity="linear")
            nn.init.zeros_(self.embedding.bias)

    def features(self, images: Tensor) -> Features:
        """Vectors before and behind the neck."""
        pooled: Tensor = self.embedding(self.pooling(self.backbone(images)))
        return Features(pooled=pooled, final=self.dropout(self.neck(pooled)))

    def forward(self, images: Tensor) -> Tensor:
        """What people are searched by."""
        return self.features(images).final

    def backbone_parameters(self) -> Iterator[nn.Parameter]:
        """Of the backbone, attention included."""
        return self.backbone.parameters()


def _attend(backbone: Backbone, config: NetworkConfig) -> None:
    """Put the config's attention where it wants it."""
    if config.attention == "none":
        return
    if config.attention_at == "last":
        places = {backbone.last_name: backbone.channels}
    elif backbone.stages:
        places = backbone.stages
    else:
        raise InputError(
            f"network.attention_at is stages, but {config.backbone} has no stages known here; use last"
        )
    for name, channels in places.items():
        backbone.attend(name, build_attention(config.attention, channels))
