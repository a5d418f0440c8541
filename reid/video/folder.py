"""Pictures in files, as a recording with a fixed frame rate."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from reid.errors import InputError
from reid.types import Image
from reid.video.picture import Picture


def pictures(paths: Sequence[Path], *, fps: float, on_damage: Callable[[str], None]) -> Iterator[Picture]:
    """The files as pictures 1 / `fps` seconds apart; a damaged one keeps its index and its time."""
    for index, path in enumerate(paths):
        load = partial(_load_or_report, path, on_damage)
        yield Picture(index=index, time_s=index / fps, duration_s=1 / fps, image=load)


def first_size(paths: Sequence[Path]) -> tuple[int, int]:
    """Width and height of the first picture that can be decoded; InputError where none can."""
    for path in paths:
        image = load_picture(path)
        if image is not None:
            return image.shape[1], image.shape[0]
    raise InputError(f"{paths[0].parent}: none of its {len(paths)} pictures can be decoded; copy them again")


def load_picture(path: Path) -> Image | None:
    """The picture upright, uint8 (H, W, 3) BGR whatever its depth and channels; None if it is damaged."""
    data = np.fromfile(path, dtype=np.uint8)  # cv2.imread cannot open every path on Windows
    if data.size == 0:
        return None
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except cv2.error:  # OpenCV raises for some damage, such as absurd sizes, and returns None for other
        return None
    return None if image is None else np.ascontiguousarray(image, dtype=np.uint8)


def _load_or_report(path: Path, on_damage: Callable[[str], None]) -> Image | None:
    image = load_picture(path)
    if image is None:
        on_damage(f"{path}: this picture cannot be decoded and is left out")
    return image
