"""How much a crop says about who a person is, in [0, 1]."""

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.geometry import covered
from reid.types import Array, Detections, Image

GOOD_HEIGHT_PX = 128.0  # half of what the encoders see; larger boxes add nothing
GOOD_ASPECT = 1.6  # height / width of a person who is not cut by something
BORDER_PX = 2.0


def qualities(image: Image, detections: Detections) -> Array:
    """Quality (N,) of each detection's crop: size, confidence, free of others, whole, not at the border.

    A product, because one defect is enough to spoil a crop; never quite 0, so that a track of poor crops still
    has a mean.
    """
    boxes = detections.boxes
    if not len(boxes):
        return np.zeros(0, dtype=np.float32)
    height, width = image.shape[:2]
    tall = boxes[:, 3] - boxes[:, 1]
    wide = np.maximum(boxes[:, 2] - boxes[:, 0], 1)
    size = np.clip(tall / GOOD_HEIGHT_PX, 0, 1)
    shape = np.clip(tall / wide / GOOD_ASPECT, 0, 1)
    cut = (boxes[:, :2] <= BORDER_PX).any(axis=1) | (
        boxes[:, 2:] >= np.array([width, height]) - BORDER_PX
    ).any(axis=1)
    free = 1 - covered(boxes)
    quality = np.sqrt(size) * shape * detections.scores * free**2 * np.where(cut, 0.3, 1.0)
    return np.asarray(np.maximum(quality, 1e-3), dtype=np.float32)


def sharpness(crop: Image) -> float:
    """Standard deviation of the Laplacian of the crop at 64x128, so that large crops do not look blurred."""
    small = cv2.resize(crop, (64, 128), interpolation=cv2.INTER_AREA)
    gray: NDArray[np.uint8] = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.uint8)
    return float(cv2.Laplacian(gray, cv2.CV_32F).std())
