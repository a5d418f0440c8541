"""A contact sheet of a search: the photos, and the sightings with their crops, nearest first."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from reid.outputs import atomic
from reid.stills import decode
from reid.types import Image

TILE_PX = (144, 288)  # width and height of a crop
COLUMNS = 8
_FONT_PX = 13
_LINE_PX = 17
_GAP_PX = 8
_PAPER, _INK, _EMPTY, _MARK = (255, 255, 255), (40, 40, 40), (225, 225, 225), (0, 110, 200)
ENDINGS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SheetTile:
    """One field of a contact sheet."""

    image: Image | None  # (H, W, 3) BGR; None: no crop is kept
    lines: tuple[str, ...]
    photo: bool = False  # it is searched for


def decoded(jpeg: bytes | None, name: str) -> Image | None:
    """A kept crop as an image."""
    return None if jpeg is None else decode(jpeg, Path(name))


def write_sheet(path: Path, title: str, tiles: Sequence[SheetTile]) -> None:
    """Write a PNG or a JPEG, by the ending of `path`; COLUMNS fields in a row."""
    font = ImageFont.load_default(_FONT_PX)
    columns = min(COLUMNS, max(len(tiles), 1))
    texts = max((len(one.lines) for one in tiles), default=0)
    width = columns * (TILE_PX[0] + _GAP_PX) + _GAP_PX
    heading = _wrapped(title, width - 2 * _GAP_PX, font)
    top = len(heading) * _LINE_PX + 2 * _GAP_PX
    high = TILE_PX[1] + texts * _LINE_PX + 2 * _GAP_PX
    sheet = Pillow.new("RGB", (width, top + -(-len(tiles) // columns) * high), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, line in enumerate(heading):
        draw.text((_GAP_PX, _GAP_PX + number * _LINE_PX), line, fill=_INK, font=font)
    for at, tile in enumerate(tiles):
        x = _GAP_PX + at % columns * (TILE_PX[0] + _GAP_PX)
        y = top + at // columns * high
        frame = (x, y, x + TILE_PX[0] - 1, y + TILE_PX[1] - 1)
        draw.rectangle(frame, fill=_EMPTY)
        if tile.image is not None:
            small = _fitted(tile.image)
            sheet.paste(small, (x + (TILE_PX[0] - small.width) // 2, y + (TILE_PX[1] - small.height) // 2))
        if tile.photo:
            draw.rectangle(frame, outline=_MARK, width=3)
        for number, line in enumerate(tile.lines):
            place = (x, y + TILE_PX[1] + 2 + number * _LINE_PX)
            draw.text(place, _cut(line, TILE_PX[0], font), fill=_INK, font=font)
    data = io.BytesIO()
    sheet.save(data, ENDINGS[path.suffix.lower()], quality=90)
    atomic.write_bytes(path, data.getvalue())


def with_boxes(image: Image, boxes: Sequence[tuple[float, float, float, float]]) -> Image:
    """A photo with numbered boxes: left, top, width and height in pixels."""
    drawn = image.copy()
    scale = max(image.shape[:2]) / 640
    thick = max(1, round(2 * scale))
    for number, (left, top, width, height) in enumerate(boxes, start=1):
        x, y = round(left), round(top)
        cv2.rectangle(drawn, (x, y), (round(left + width), round(top + height)), _MARK[::-1], thick)
        (wide, high), _ = cv2.getTextSize(str(number), cv2.FONT_HERSHEY_SIMPLEX, 0.5 * scale, thick)
        foot = max(y, high + 4 * thick)  # above the box, where there is room
        cv2.rectangle(
            drawn, (x, foot - high - 4 * thick), (x + wide + 4 * thick, foot), _MARK[::-1], cv2.FILLED
        )
        place = (x + 2 * thick, foot - 2 * thick)
        cv2.putText(drawn, str(number), place, cv2.FONT_HERSHEY_SIMPLEX, 0.5 * scale, _PAPER, thick)
    return drawn


def write_photo(path: Path, image: Image) -> None:
    """Write an image as a PNG or a JPEG, by the ending of `path`."""
    data = io.BytesIO()
    _rgb(image).save(data, ENDINGS[path.suffix.lower()], quality=90)
    atomic.write_bytes(path, data.getvalue())


def _fitted(image: Image) -> Pillow.Image:
    height, width = image.shape[:2]
    scale = min(TILE_PX[0] / width, TILE_PX[1] / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return _rgb(np.asarray(cv2.resize(image, size, interpolation=way), dtype=np.uint8))


def _rgb(image: Image) -> Pillow.Image:
    return Pillow.fromarray(np.ascontiguousarray(image[:, :, ::-1]))


def _wrapped(text: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _cut(text: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    while font.getlength(text) > width:
        text = text.rstrip("…")[:-1] + "…"
    return text
