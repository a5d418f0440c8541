"""The settings that make a network: what training chooses, and what a checkpoint of it states."""

from typing import Annotated, Literal

from pydantic import Field

from reid.section import Section, Share


class NetworkConfig(Section):
    """The network: backbone, attention, pooling, embedding layer, neck."""

    backbone: str = Field(
        "osnet_x0_25",
        description="osnet_x0_25 to osnet_x1_0, osnet_ain_x0_25 to osnet_ain_x1_0, resnet50, resnet50_ibn, "
        "efficientnet_lite0, any classification network of torchvision by its name there, or timm/NAME where timm is "
        "installed",
    )
    last_stride: Annotated[int, Field(ge=1, le=2)] = Field(
        1,
        description="last stride of ResNets and EfficientNet-Lite; 1 keeps twice the resolution (Luo et al. 2019)",
    )
    attention: Literal["none", "se", "cbam", "non-local"] = Field(
        "none", description="attention block (Hu et al. 2018, Woo et al. 2018, Wang et al. 2018)"
    )
    attention_at: Literal["last", "stages"] = Field(
        "last", description="behind the last feature map, or behind every stage of an OSNet or ResNet"
    )
    pooling: Literal["average", "gem", "max"] = Field(
        "average", description="feature map to vector; gem: generalised mean with a learned power"
    )
    dimension: Annotated[int, Field(ge=1)] | None = Field(
        512,
        description="length of the vector, made by a linear layer; null: the backbone's channels, no layer",
    )
    neck: Literal["bnneck", "none"] = Field(
        "bnneck",
        description="bnneck: pairs are compared before a batch normalisation, people classified and searched "
        "behind it (Luo et al. 2019)",
    )
    dropout: Annotated[Share, Field(lt=1)] = Field(
        0.0, description="share of the vector's numbers set to 0 before the classifier, while training"
    )
