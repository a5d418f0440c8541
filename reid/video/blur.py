"""Blurring of people: a mosaic too coarse to tell who is shown. Colours of clothes can still be seen."""

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.geometry import Boxes
from reid.types import Image

BLOCKS = 6  # of the mosaic, along the height of a box
MARGIN = (
    0.15  # of a box's width and height, on each side: boxes of detectors are tight, and feet and hands move
)
LEAST_PX = 6  # of a block
FRAME_BLOCKS = 24  # along the height of a frame whose surroundings are blurred


def blur_boxes(image: Image, boxes: Boxes) -> Image:
    """A copy of a BGR image (H, W, 3) with the boxes (N, 4) and a margin around each blurred.

    Boxes may lie outside the image.
    """
    canvas = np.array(image, dtype=np.uint8, order="C")
    for left, top, right, bottom in _widened(boxes, canvas.shape[1], canvas.shape[0]):
        region = canvas[top:bottom, left:right]
        region[:] = _mosaic(region, max(LEAST_PX, (bottom - top) // BLOCKS))
    return canvas


def blur_surroundings(image: Image, keep: Boxes, others: Boxes) -> Image:
    """A copy of a BGR image (H, W, 3) with all blurred but the boxes `keep`.

    Where `others` overlap these, they are blurred too.
    """
    height, width = image.shape[:2]
    canvas = _mosaic(np.ascontiguousarray(image), max(LEAST_PX, height // FRAME_BLOCKS))
    shown = np.zeros((height, width), dtype=bool)
    for left, top, right, bottom in _within(keep, width, height):
        shown[top:bottom, left:right] = True
    shown &= ~blurred_area(others, width, height)
    canvas[shown] = image[shown]
    return blur_boxes(canvas, others)


def blurred_area(boxes: Boxes, width: int, height: int) -> NDArray[np.bool_]:
    """The pixels (H, W) that `blur_boxes` blurs."""
    area = np.zeros((height, width), dtype=bool)
    for left, top, right, bottom in _widened(boxes, width, height):
        area[top:bottom, left:right] = True
    return area


def _mosaic(region: Image, block: int) -> Image:
    height, width = region.shape[:2]
    small = cv2.resize(
        region, (max(1, width // block), max(1, height // block)), interpolation=cv2.INTER_AREA
    )
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _widened(boxes: Boxes, width: int, height: int) -> list[tuple[int, int, int, int]]:
    margin = MARGIN * (boxes[:, 2:] - boxes[:, :2])
    return _within(np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], axis=1), width, height)


def _within(boxes: Boxes, width: int, height: int) -> list[tuple[int, int, int, int]]:
    """Whole pixels of the boxes that show something of the image."""
    finite = boxes[np.isfinite(boxes).all(axis=1)]
    limits = np.array([width, height, width, height])
    first, last = np.floor(finite[:, :2]), np.ceil(finite[:, 2:])
    whole = np.clip(np.concatenate([first, last], axis=1), 0, limits).astype(int)
    return [
        (left, top, right, bottom)
        for left, top, right, bottom in whole.tolist()
        if left < right and top < bottom
    ]
