"""A labelled contact sheet of images, small enough to be committed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from reid.outputs.atomic import replacing
from reid.types import Image

Colour = tuple[int, int, int]

PAPER, INK, FAINT = (255, 255, 255), (30, 30, 30), (110, 110, 110)
_GAP, _FONT, _LINE, _FRAME = 8, 13, 17, 4
_COLOURS = (None, 256, 128, 64, 32)  # fewer until the file is small enough; None: all


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tile:
    image: Image | None  # (H, W, 3) BGR; None: only text
    lines: tuple[str, ...] = ()  # below it
    frame: Colour | None = None  # RGB


def sheet(heading: Sequence[str], rows: Sequence[Sequence[Tile]], *, tile: tuple[int, int]) -> Pillow.Image:
    """Rows of tiles under a heading; every image is fitted into `tile` (width, height) pixels."""
    width, height = tile
    lines = max((len(one.lines) for row in rows for one in row), default=0)
    cell = (width + 2 * _FRAME + _GAP, height + 2 * _FRAME + lines * _LINE + _GAP)
    font = ImageFont.load_default(_FONT)
    across = max(
        [len(row) * cell[0] for row in rows] + [int(font.getlength(line)) + _GAP for line in heading]
    )
    top = _GAP + len(heading) * _LINE + _GAP
    drawn = Pillow.new("RGB", (across + _GAP, top + len(rows) * cell[1] + _GAP), PAPER)
    draw = ImageDraw.Draw(drawn)
    for number, line in enumerate(heading):
        draw.text((_GAP, _GAP + number * _LINE), line, fill=FAINT if number else INK, font=font)
    for r, row in enumerate(rows):
        for c, one in enumerate(row):
            _draw(drawn, draw, font, one, (_GAP + c * cell[0], top + r * cell[1]), tile)
    return drawn


def _draw(
    drawn: Pillow.Image,
    draw: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    one: Tile,
    at: tuple[int, int],
    tile: tuple[int, int],
) -> None:
    (x, y), (width, height) = at, tile
    below = y
    if one.image is not None:
        fitted = Pillow.fromarray(np.ascontiguousarray(_fitted(one.image, width, height)[..., ::-1]))
        left = x + _FRAME + (width - fitted.width) // 2
        up = y + _FRAME + (height - fitted.height) // 2
        if one.frame:
            corner = (left + fitted.width + _FRAME - 1, up + fitted.height + _FRAME - 1)
            draw.rectangle((left - _FRAME, up - _FRAME, *corner), fill=one.frame)
        drawn.paste(fitted, (left, up))
        below = y + height + 2 * _FRAME
    for number, line in enumerate(one.lines):
        draw.text((x + _FRAME, below + 1 + number * _LINE), line, fill=FAINT if number else INK, font=font)


def _fitted(image: Image, width: int, height: int) -> Image:
    scale = min(width / image.shape[1], height / image.shape[0])
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=kind), np.uint8)


def save(drawn: Pillow.Image, path: Path, *, most_bytes: int = 400_000) -> int:
    """Writes a PNG of at most so many bytes, with fewer colours where that is needed; its size.

    Raises:
        ValueError: it does not get small enough.
    """
    for colours in _COLOURS:
        coloured = drawn if colours is None else drawn.quantize(colours, kmeans=1, dither=Pillow.Dither.NONE)
        with replacing(path) as partial:
            coloured.save(partial, optimize=True)
        if path.stat().st_size <= most_bytes:
            return path.stat().st_size
    raise ValueError(
        f"{path}: {path.stat().st_size} bytes with {_COLOURS[-1]} colours; draw fewer or smaller images"
    )
