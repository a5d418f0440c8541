"""Text on images in a real typeface: OpenCV's stroke fonts are hard to read when small, and ASCII only."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from reid.types import Image


def text_size(text: str, size_px: int) -> tuple[int, int]:
    """Width and height in pixels that `text` takes; the height depends on the size alone."""
    mask = _mask(text, size_px)
    return mask.shape[1], mask.shape[0]


def draw_text(
    canvas: Image, text: str, at: tuple[int, int], size_px: int, colour: tuple[int, int, int]
) -> None:
    """Blends `text` into the BGR canvas, its top left corner at `at` (x, y); what lies outside is cut off."""
    mask = _mask(text, size_px)
    (x, y), (height, width) = at, canvas.shape[:2]
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + mask.shape[1], width), min(y + mask.shape[0], height)
    if right <= left or bottom <= top:
        return
    share = mask[top - y : bottom - y, left - x : right - x, None]
    region = canvas[top:bottom, left:right]
    blended = region * (1 - share) + np.array(colour, dtype=np.float32) * share
    region[:] = np.rint(blended).astype(np.uint8)


@lru_cache(maxsize=64)
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)


@lru_cache(maxsize=1024)  # the names of the people in view come back in every frame
def _mask(text: str, size_px: int) -> NDArray[np.float32]:
    """Coverage (H, W) in [0, 1], from the top of the capitals to the bottom of the descenders."""
    font = _font(size_px)
    _, top, _, bottom = font.getbbox("Hg")
    left, _, right, _ = font.getbbox(text) if text else (0, 0, 0, 0)
    width, height = max(1, round(right - left) + 1), max(1, round(bottom - top) + 1)
    image = PillowImage.new("L", (width, height))
    ImageDraw.Draw(image).text((-left, -top), text, fill=255, font=font)
    return np.asarray(image, dtype=np.float32) / np.float32(255)
