"""Backbones by name."""

import difflib
import re

import torchvision
from torch import nn
from torchvision.models import list_models, resnet50

from reid.embedding.backbone import Backbone
from reid.embedding.cut import TimmBody, torchvision_body
from reid.embedding.ibn import resnet50_ibn
from reid.embedding.network_config import NetworkConfig
from reid.embedding.osnet import CHANNELS, initialise_weights, osnet_parts
from reid.embedding.osnet_ain import osnet_ain_parts
from reid.errors import InputError

_OSNET = re.compile(r"osnet(?P<ain>_ain)?_x(?P<width>0_25|0_5|0_75|1_0)")
_WIDTHS = ("x0_25", "x0_5", "x0_75", "x1_0")
OWN = (
    *(f"osnet_{width}" for width in _WIDTHS),
    *(f"osnet_ain_{width}" for width in _WIDTHS),
    "resnet50",
    "resnet50_ibn",
)
_RESNET = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")
_RESNET_STAGES = {"layer1": 256, "layer2": 512, "layer3": 1024, "layer4": 2048}


def build_backbone(config: NetworkConfig, size: tuple[int, int] | None = None) -> Backbone:
    """An untrained backbone, from torch's own random numbers: seed them before.

    Args:
        size: height and width of the pictures; only vision transformers must know.

    Raises:
        InputError: no such network, or one that cannot be a backbone.
    """
    name = config.backbone
    if (found := _OSNET.fullmatch(name)) is not None:
        width = float(found["width"].replace("_", "."))
        return _osnet(width, ain=found["ain"] is not None)
    if name in ("resnet50", "resnet50_ibn"):
        return _resnet(resnet50(weights=None) if name == "resnet50" else resnet50_ibn(), config.last_stride)
    if name.startswith("timm/"):
        body = TimmBody(name.removeprefix("timm/"), size)
        return Backbone({"body": body}, channels=body.channels)
    known = list_models(module=torchvision.models)
    if name not in known:
        near = difflib.get_close_matches(name, [*OWN, *known], n=3, cutoff=0.5)
        better = f"did you mean {' or '.join(near)}" if near else f"choose {', '.join(OWN)}"
        raise InputError(f"network.backbone is {name!r}, which is no network known here; {better}?")
    network, channels = torchvision_body(name)
    return Backbone({"body": network}, channels=channels)


def _osnet(width: float, *, ain: bool) -> Backbone:
    parts = osnet_ain_parts(width) if ain else osnet_parts(width)
    first, second, third = (int(channels * width) for channels in CHANNELS[1:])
    stages = {"conv2": first, "conv3": second, "conv4": third}
    backbone = Backbone(parts, channels=third, stages=stages)
    initialise_weights(backbone)
    return backbone


def _resnet(network: nn.Module, last_stride: int) -> Backbone:
    parts = {name: getattr(network, name) for name in _RESNET}
    for part in (parts["layer4"][0].conv2, parts["layer4"][0].downsample[0]):
        part.stride = (last_stride, last_stride)
    return Backbone(parts, channels=_RESNET_STAGES["layer4"], stages=_RESNET_STAGES)
