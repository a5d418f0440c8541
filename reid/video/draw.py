"""Drawing of people: boxes, names, paths, and a caption with camera and time."""

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.types import Image, person_name
from reid.video.text import draw_text, text_size

Colour = tuple[int, int, int]  # blue, green, red

_GREY: Colour = (190, 190, 190)
_SHADOW: Colour = (25, 25, 25)
_CAPTION: Colour = (250, 250, 250)
_DARKEST = 0.45  # least luma of a colour, so that it can be seen on a dark floor
_GOLDEN_RATIO = 0.618033988749895
# Saturation and value: people with near hues still differ. Five, because hues come near again at Fibonacci
# distances, and 5 does not divide 8, 13, 21 and 34.
_TONES = ((0.72, 0.98), (0.45, 1.0), (0.9, 0.8), (0.55, 0.8), (1.0, 1.0))
_CAMERA_COLOURS = (
    "#3b82f6", "#f59e0b", "#10b981", "#ec4899", "#8b5cf6",
    "#06b6d4", "#ef4444", "#84cc16", "#b45309", "#64748b",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mark:
    """Drawing of one person in one frame."""

    box: NDArray[np.float32]  # (4,) xyxy pixels
    person_id: int | None  # None: not known who it is
    trail: NDArray[np.float32] | None = None  # (K, 2) where the feet were, oldest first


def person_colour(person_id: int) -> Colour:
    """A bright colour, blue green red, that is this person's everywhere; successive ids get far hues."""
    hue = (0.02 + person_id * _GOLDEN_RATIO) % 1.0
    red, green, blue = colorsys.hsv_to_rgb(hue, *_TONES[person_id % len(_TONES)])
    luma = _luma(blue, green, red)
    lift = max(0.0, (_DARKEST - luma) / (1 - luma))  # pure blue and red are dark: mix in white
    blue, green, red = (value + lift * (1 - value) for value in (blue, green, red))
    return round(blue * 255), round(green * 255), round(red * 255)


def person_colour_hex(person_id: int) -> str:
    """Colour of a person for HTML: #rrggbb."""
    blue, green, red = person_colour(person_id)
    return f"#{red:02x}{green:02x}{blue:02x}"


def camera_colour_hex(number: int) -> str:
    """Colour of a camera for HTML, by its number among the cameras."""
    if number < len(_CAMERA_COLOURS):
        return _CAMERA_COLOURS[number]
    return f"hsl({number * 137.508 % 360:.0f} 60% 55%)"  # the golden angle: neighbours differ most


def annotate(image: Image, marks: Sequence[Mark], *, camera: str, time_s: float) -> Image:
    """A copy of the BGR image with every mark, and camera and time in its top left corner.

    Sizes follow the image's height. Boxes may lie outside the image; ones that are not finite are left out.
    """
    canvas = np.array(image, dtype=np.uint8, order="C")
    scale = max(canvas.shape[0], 1) / 720
    finite = [mark for mark in marks if np.isfinite(mark.box).all()]
    # Nearer people, whose feet are lower, are drawn over farther ones, and known people over unknown ones.
    ordered = sorted(finite, key=lambda mark: (mark.person_id is not None, float(mark.box[3])))
    for mark in ordered:
        _draw_trail(canvas, mark, scale)
    for mark in ordered:
        _draw_box(canvas, mark, scale)
    for mark in ordered:
        _draw_label(canvas, mark, scale)
    _draw_caption(canvas, f"{camera}   {clock_text(time_s)}", scale)
    return canvas


def clock_text(time_s: float) -> str:
    """Seconds as hh:mm:ss.s."""
    tenths = round(abs(time_s) * 10)
    sign = "-" if time_s < 0 and tenths else ""
    minutes, seconds = divmod(tenths, 600)
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}:{seconds / 10:04.1f}"


def _colour(mark: Mark) -> Colour:
    return _GREY if mark.person_id is None else person_colour(mark.person_id)


def _corners(canvas: Image, box: NDArray[np.float32]) -> tuple[int, int, int, int]:
    """Whole pixels, at most one image outside: OpenCV's coordinates are 32 bit, and lines cost by length."""
    height, width = canvas.shape[:2]
    low, high = np.array([-width, -height] * 2), np.array([2 * width, 2 * height] * 2)
    left, top, right, bottom = np.clip(np.rint(box), low, high).astype(int).tolist()
    return left, top, right, bottom


def _draw_box(canvas: Image, mark: Mark, scale: float) -> None:
    left, top, right, bottom = _corners(canvas, mark.box)
    width = max(1, round(1.2 * scale)) if mark.person_id is None else max(2, round(3 * scale))
    # The dark rim keeps a bright box visible on a bright wall.
    cv2.rectangle(canvas, (left, top), (right, bottom), _SHADOW, width + 2, cv2.LINE_AA)
    cv2.rectangle(canvas, (left, top), (right, bottom), _colour(mark), width, cv2.LINE_AA)


def _draw_trail(canvas: Image, mark: Mark, scale: float) -> None:
    if mark.trail is None:
        return
    height, width = canvas.shape[:2]
    points = mark.trail[np.isfinite(mark.trail).all(axis=1)]
    points = np.clip(np.rint(points), (-width, -height), (2 * width, 2 * height)).astype(int)
    colour = np.array(_colour(mark), dtype=float)
    for step, (start, end) in enumerate(pairwise(points), 1):
        age = step / len(points)  # the path fades and thins towards its beginning
        tone = [round(value) for value in (0.35 + 0.65 * age) * colour]
        line = max(1, round((0.8 + 2.2 * age) * scale))
        cv2.line(canvas, start.tolist(), end.tolist(), tone, line, cv2.LINE_AA)


def _draw_label(canvas: Image, mark: Mark, scale: float) -> None:
    """The name on a filled tag above the box, or inside it where there is no room above."""
    if mark.person_id is None:
        return
    height, width = canvas.shape[:2]
    left, top, right, bottom = _corners(canvas, mark.box)
    if right < 0 or bottom < 0 or left >= width or top >= height:
        return
    name, size = person_name(mark.person_id), max(11, round(19 * scale))
    pad = max(2, round(4 * scale))
    text_width, text_height = text_size(name, size)
    tag_width, tag_height = text_width + 2 * pad, text_height + pad
    x = min(max(left - 1, 0), max(width - tag_width, 0))
    y = top - tag_height if top >= tag_height else max(top, 0)
    colour = person_colour(mark.person_id)
    cv2.rectangle(canvas, (x, y), (x + tag_width - 1, y + tag_height - 1), colour, cv2.FILLED)
    draw_text(canvas, name, (x + pad, y + pad), size, _text_colour(colour))


def _text_colour(background: Colour) -> Colour:
    """Black or white, whichever contrasts more."""
    return (20, 20, 20) if _luma(*background) > 140 else (255, 255, 255)


def _luma(blue: float, green: float, red: float) -> float:
    """Luma of a colour (ITU-R BT.601), in the unit of the colour."""
    return 0.114 * blue + 0.587 * green + 0.299 * red


def _draw_caption(canvas: Image, text: str, scale: float) -> None:
    size, pad = max(11, round(20 * scale)), max(3, round(8 * scale))
    text_width, text_height = text_size(text, size)
    corner = canvas[: text_height + 2 * pad, : text_width + 2 * pad]
    corner[:] = corner // 3  # a darkened glass that keeps what is behind it visible
    draw_text(canvas, text, (pad, pad), size, _CAPTION)
