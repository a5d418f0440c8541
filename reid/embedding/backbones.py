"""Backbones by name."""

import difflib
import re

import torch
import torchvision
from torch import nn
from torchvision.models import get_model, list_models
from torchvision.models.resnet import Bottleneck

from reid.efficientnet_lite import HEAD, efficientnet_lite0_parts
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
    "efficientnet_lite0",
)
_RESNET = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")
_RESNETS = re.compile(r"(wide_)?resnex?t\d+.*")  # torchvision's, which are all built alike


def build_backbone(config: NetworkConfig, size: tuple[int, int] | None = None) -> Backbone:
    """An untrained backbone, from torch's own random numbers: seed them before.

    Args:
        size: height and width of the images, if known; vision transformers must know, others are tried with it.

    Raises:
        InputError: no such network, or one that cannot be a backbone, or not of images so small.
    """
    backbone = _untrained(config, size)
    if size is not None:
        _try(backbone, config.backbone, size)
    return backbone


def _untrained(config: NetworkConfig, size: tuple[int, int] | None) -> Backbone:
    name = config.backbone
    if (found := _OSNET.fullmatch(name)) is not None:
        width = float(found["width"].replace("_", "."))
        return _osnet(width, ain=found["ain"] is not None)
    if name == "resnet50_ibn":
        return _resnet(resnet50_ibn(), config.last_stride)
    if name == "efficientnet_lite0":
        return Backbone(efficientnet_lite0_parts(config.last_stride), channels=HEAD)
    if name.startswith("timm/"):
        body = TimmBody(name.removeprefix("timm/"), size)
        return Backbone({"body": body}, channels=body.channels)
    known = list_models(module=torchvision.models)
    if name not in known:
        near = difflib.get_close_matches(name, dict.fromkeys([*OWN, *known]), n=3, cutoff=0.5)
        better = f"did you mean {' or '.join(near)}?" if near else f"choose {', '.join(OWN)}"
        raise InputError(f"network.backbone is {name!r}, which is no network known here; {better}")
    if _RESNETS.fullmatch(name):
        return _resnet(get_model(name, weights=None), config.last_stride)
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
    block = parts["layer4"][0]
    for part in (block.conv2 if isinstance(block, Bottleneck) else block.conv1, block.downsample[0]):
        part.stride = (last_stride, last_stride)
    stages = {f"layer{stage}": 64 * block.expansion * 2 ** (stage - 1) for stage in range(1, 5)}
    return Backbone(parts, channels=stages["layer4"], stages=stages)


def _try(backbone: Backbone, name: str, size: tuple[int, int]) -> None:
    """Raises InputError where nothing is left of the images, or one place only, which has no variance."""
    try:
        with torch.no_grad():
            backbone.eval()(torch.zeros(1, 3, *size))
    except (RuntimeError, ValueError) as error:
        raise InputError(
            f"network.backbone is {name}, which makes no feature map of images of {size[0]} x {size[1]} pixels; "
            "make data.height and data.width larger"
        ) from error
    backbone.train()
