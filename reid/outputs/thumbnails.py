"""Crops small enough to live inside a web page."""

import base64
from pathlib import Path

import cv2
import numpy as np

from reid.stills import decode

_JPEG_QUALITY = 80


def data_uri(jpeg: bytes, max_height_px: int) -> str | None:
    """The image as a `data:` address, shrunk to the height; None for what is not an image."""
    image = decode(jpeg, Path("an image of the page"))
    if image is None:
        return None
    height, width = image.shape[:2]
    scale = min(1.0, max_height_px / height, 2 * max_height_px / width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    _, small = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(small.tobytes()).decode()
