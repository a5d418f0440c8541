"""Where an encoder looks in a crop.

A checkpoint's network is asked for its last feature map. A file that only runs (ONNX, OpenVINO) cannot be asked,
so parts of the crop are covered and the vector is watched; that also works for any `Encoder`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reid.embedding.crops import Preprocessing, prepare
from reid.embedding.encoder import Encoder
from reid.embedding.weights import open_weights
from reid.types import Array, Image

if TYPE_CHECKING:
    from torch import Tensor, nn

FEATURE_MAP = (
    "The squared channels of the network's last feature map, summed (Zagoruyko and Komodakis 2017, as torchreid "
    "does)."
)
OCCLUSION = (
    "How far the vector moves when a grey square covers the place, as a mean over the squares that do (Zeiler and "
    "Fergus 2014)."
)
_BATCH = 16
_GRID = (16, 8)  # rows and columns of an occlusion map
_PATCH = 3  # cells of it along the side of the grey square
_GREY = 118  # about the mean of ImageNet, which networks of the field take for nothing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ActivationMaps:
    """A map (h, w) float32 in [0, 1] for every crop, each scaled by itself, and the sentence that names the method.

    A map without differences is all 0.
    """

    maps: Sequence[Array]
    method: str


def activation_maps(crops: Sequence[Image], weights: Path, encoder: Encoder) -> ActivationMaps:
    """Maps of crops (h, w, 3) BGR of any size.

    Args:
        weights: what `encoder` was made from; a checkpoint is run by PyTorch on the CPU, whatever runs `encoder`.
        encoder: encodes 85 images for each crop where the weights are not a checkpoint.

    Raises:
        InputError: the weights cannot be used.
        ValueError: a crop is empty or not uint8 BGR.
    """
    opened = open_weights(weights)
    if opened.network is None:
        return ActivationMaps(maps=occlusion_maps(crops, encoder), method=OCCLUSION)
    maps = feature_maps(crops, opened.network, opened.preprocessing)
    return ActivationMaps(maps=maps, method=FEATURE_MAP)


def feature_maps(crops: Sequence[Image], network: "nn.Module", preprocessing: Preprocessing) -> list[Array]:
    """Sums over the squared channels of the last feature map of an OSNet or a ResNet-50.

    After Zagoruyko and Komodakis 2017, "Paying More Attention to Attention", ICLR, section 3.1 (p = 2).
    """
    import torch

    seen: list[Tensor] = []

    def keep(_module: "nn.Module", _inputs: Any, output: "Tensor") -> None:
        seen.append(output.detach().square().sum(dim=1))

    handle = _last_layer(network).register_forward_hook(keep)
    try:
        with torch.inference_mode():
            for start in range(0, len(crops), _BATCH):
                network(torch.from_numpy(prepare(crops[start : start + _BATCH], preprocessing)))
    finally:
        handle.remove()
    return [_scaled(heat) for batch in seen for heat in batch.float().numpy()]


def occlusion_maps(crops: Sequence[Image], encoder: Encoder) -> list[Array]:
    """Distances between the vector of the whole crop and those with a grey square in it.

    After Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks", ECCV, section 4.2.
    """
    return [_occlusion(crop, encoder) for crop in crops]


def _occlusion(crop: Image, encoder: Encoder) -> Array:
    rows, columns = min(_GRID[0], crop.shape[0]), min(_GRID[1], crop.shape[1])
    tops = np.linspace(0, crop.shape[0], rows + 1).round().astype(int)
    lefts = np.linspace(0, crop.shape[1], columns + 1).round().astype(int)
    tall, wide = min(_PATCH, rows), min(_PATCH, columns)
    places = [(r, c) for r in range(rows - tall + 1) for c in range(columns - wide + 1)]
    covered = []
    for row, column in places:
        copy = crop.copy()
        copy[tops[row] : tops[row + tall], lefts[column] : lefts[column + wide]] = _GREY
        covered.append(copy)
    vectors = encoder.encode([crop, *covered]).vectors.astype(np.float64)  # small moves, not lost to rounding
    moved = 1 - vectors[1:] @ vectors[0]
    total, times = np.zeros((rows, columns)), np.zeros((rows, columns))
    for (row, column), distance in zip(places, moved.tolist(), strict=True):
        total[row : row + tall, column : column + wide] += distance
        times[row : row + tall, column : column + wide] += 1
    return _scaled(total / times)


def _last_layer(network: "nn.Module") -> "nn.Module":
    from reid.embedding.network import ReidNetwork
    from reid.embedding.osnet import OSNet
    from reid.embedding.resnet import ResNet50

    match network:
        case OSNet():
            return network.get_submodule("conv5")
        case ReidNetwork():
            return network.backbone.last
        case ResNet50():
            return network.backbone.layer4  # type: ignore[no-any-return]
        case _:
            raise ValueError(f"the last feature map of {type(network).__name__} is not known")


def _scaled(heat: NDArray[np.floating[Any]]) -> Array:
    """To [0, 1]; differences that rounding makes are none."""
    low, high = float(heat.min()), float(heat.max())
    if high - low <= 1e-6 * max(1.0, abs(high)):
        return np.zeros(heat.shape, dtype=np.float32)
    return np.asarray((heat - low) / (high - low), dtype=np.float32)
