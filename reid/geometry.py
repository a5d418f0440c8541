"""Boxes are float32 (N, 4) `x1, y1, x2, y2` in pixels, the origin at the image's top left corner."""

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]


def clip(boxes: Boxes, width: int, height: int) -> Boxes:
    """Boxes cut at the borders of an image; idempotent."""
    limits = np.array([width, height, width, height], dtype=np.float32)
    return np.asarray(np.clip(boxes, 0, limits), dtype=np.float32)


def area(boxes: Boxes) -> NDArray[np.float32]:
    """Areas (N,) in square pixels; 0 for boxes turned inside out."""
    return np.asarray(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1), dtype=np.float32)


def intersection(a: Boxes, b: Boxes) -> NDArray[np.float32]:
    """Intersection areas (N, M)."""
    top_left = np.maximum(a[:, None, :2], b[None, :, :2])
    bottom_right = np.minimum(a[:, None, 2:], b[None, :, 2:])
    return np.asarray(np.prod(np.maximum(bottom_right - top_left, 0), axis=2), dtype=np.float32)


def iou(a: Boxes, b: Boxes) -> NDArray[np.float32]:
    """Intersection over union (N, M) in [0, 1]; 0 where both boxes are empty."""
    shared = intersection(a, b)
    union = area(a)[:, None] + area(b)[None, :] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))


def covered(boxes: Boxes) -> NDArray[np.float32]:
    """For each box (N,) the largest share of its area that one other box covers, in [0, 1]."""
    if len(boxes) < 2:
        return np.zeros(len(boxes), dtype=np.float32)
    shared = intersection(boxes, boxes)
    np.fill_diagonal(shared, 0)
    own = area(boxes)
    return np.asarray(np.divide(shared.max(axis=1), own, out=np.zeros_like(own), where=own > 0))
