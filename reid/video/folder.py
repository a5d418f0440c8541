"""Images in files, as a recording with a fixed frame rate."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from reid.errors import InputError
from reid.stills import TooLarge, check_size, read_still
from reid.types import Image
from reid.video.container import USUAL, Wanted, display_size
from reid.video.file_frame import FileFrame


def file_frames(
    paths: Sequence[Path], *, fps: float, wanted: Wanted = USUAL, on_damage: Callable[[str], None]
) -> Iterator[FileFrame]:
    """The files as images 1 / `fps` seconds apart; a damaged or too large one keeps its index and its time."""
    for index, path in enumerate(paths):
        load = partial(_load_or_report, path, wanted, on_damage)
        yield FileFrame(index=index, time_s=index / fps, duration_s=1 / fps, image=load)


def first_size(paths: Sequence[Path], wanted: Wanted = USUAL) -> tuple[int, int]:
    """Width and height, as shown, of the first image that can be decoded; InputError where none can."""
    refused: TooLarge | None = None
    for path in paths:
        try:
            image = load_image(path, wanted)
        except TooLarge as error:
            refused = refused or error
            continue
        if image is not None:
            return image.shape[1], image.shape[0]
    raise refused or InputError(
        f"{paths[0].parent}: none of its {len(paths)} images can be decoded; copy them again"
    )


def load_image(path: Path, wanted: Wanted = USUAL) -> Image | None:
    """The image upright and as shown, uint8 (H, W, 3) BGR; None if it is damaged or cannot be read.

    Raises:
        TooLarge: it declares more pixels than wanted.
    """
    try:
        image = read_still(path, wanted.max_megapixels, wanted.setting)
    except OSError:  # gone, or not ours to read: as good as damaged
        return None
    if image is None or wanted.pixel_aspect is None:
        return image
    height, width = image.shape[:2]
    size = display_size(width, height, wanted.pixel_aspect)
    check_size(*size, wanted.max_megapixels, str(path), wanted.setting)
    shown = image if size == (width, height) else cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(shown, dtype=np.uint8)


def _load_or_report(path: Path, wanted: Wanted, on_damage: Callable[[str], None]) -> Image | None:
    try:
        image = load_image(path, wanted)
    except TooLarge as error:
        on_damage(f"{error}; it is left out")
        return None
    if image is None:
        on_damage(f"{path}: this image cannot be decoded and is left out")
    return image
