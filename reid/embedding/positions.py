"""Learned positions of vision transformers, for images of another size than those they were learned on."""

import math
from typing import Any

from torch import Tensor, nn

from reid.embedding.cut import TimmBody


def resized_positions(
    backbone: nn.Module, key: str, value: Tensor, wanted: Tensor, size: tuple[int, int] | None
) -> Tensor:
    """Positions (1, N, C) of a file, interpolated to the N of `wanted`; any other tensor as it is.

    Args:
        key: of the tensor in the network.
        size: height and width of the file's images; None: unknown, taken for square.
    """
    body = getattr(backbone, "body", None)
    if not (isinstance(body, TimmBody) and key.endswith(".pos_embed") and value.ndim == wanted.ndim == 3):
        return value
    patches: Any = getattr(body.body, "patch_embed", None)
    if value.shape == wanted.shape or value.shape[2] != wanted.shape[2] or patches is None:
        return value
    rows, columns = patches.grid_size
    extra = wanted.shape[1] - rows * columns  # class tokens have positions too
    places = value.shape[1] - extra
    side = math.isqrt(max(0, places))
    tall, wide = patches.patch_size
    before = (side, side) if size is None else (size[0] // tall, size[1] // wide)
    if extra < 0 or before[0] * before[1] != places:
        return value
    from timm.layers import resample_abs_pos_embed

    resized: Tensor = resample_abs_pos_embed(value, [rows, columns], list(before), num_prefix_tokens=extra)
    return resized
