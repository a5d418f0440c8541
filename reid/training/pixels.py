"""Decoded images, resized as serving does it, and the network's input made of them."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from reid.datasets.records import Labels, Split
from reid.embedding.crops import Preprocessing, resize, scale_and_shift
from reid.errors import InputError
from reid.stills import TooLarge, decode
from reid.types import Image

_READERS = max(4, os.cpu_count() or 1)  # reading waits for the disk, and decoding lets other threads run
_AT_ONCE = 256  # images between reports of progress, and in memory beyond those that are kept

Planes = NDArray[np.uint8]  # (3, height, width) in the network's channel order


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableImage:
    """An image that cannot be trained on, and why."""

    path: Path
    why: str


class Pixels:
    """Images of one size by row, as far as memory goes; the others are read from the disk again each time."""

    def __init__(
        self,
        *,
        paths: tuple[Path, ...],
        kept: Planes,
        preprocessing: Preprocessing,
        mean: NDArray[np.float64],
    ) -> None:
        self._paths = paths
        self._kept = kept  # (M, 3, height, width) of the first M rows
        self._preprocessing = preprocessing
        self.mean = mean  # (3,) mean colour of all images, from 0 to 255 in the network's channel order

    def __len__(self) -> int:
        return len(self._paths)

    def get(self, rows: Labels) -> torch.Tensor:
        """Copies of the images in `rows` (n,): (n, 3, height, width) uint8.

        Raises:
            InputError: an image that is not in memory has become unreadable.
        """
        planes = np.empty((len(rows), 3, *self._preprocessing.size), dtype=np.uint8)
        for target, row in zip(planes, rows.tolist(), strict=True):
            if row < len(self._kept):
                target[:] = self._kept[row]
                continue
            image = _read(self._paths[row])
            if isinstance(image, str):
                raise InputError(f"{self._paths[row]}: {image}, though it was an image before; put it back")
            resize(image, self._preprocessing, out=target)
        return torch.from_numpy(planes)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loaded:
    """Images that can be trained on: row i of `split` is row i of `pixels`."""

    pixels: Pixels
    split: Split
    left_out: tuple[UnreadableImage, ...]


def load_pixels(
    split: Split,
    preprocessing: Preprocessing,
    *,
    min_px: int,
    memory_mib: int,
    advance: Callable[[int], None],
) -> Loaded:
    """Read every image once: broken, empty and tiny ones are left out and reported, the others kept.

    `min_px`: least height and width before resizing. `memory_mib`: what may be kept, the first images first.
    `advance` is told how many more have been read.

    Raises:
        InputError: no image is left.
    """
    image_bytes = 3 * preprocessing.height * preprocessing.width
    room = min(len(split), memory_mib * 2**20 // image_bytes)
    kept = np.empty((room, 3, *preprocessing.size), dtype=np.uint8)
    good: list[int] = []
    left_out: list[UnreadableImage] = []
    total = np.zeros(3)
    with ThreadPoolExecutor(_READERS) as pool:
        for start in range(0, len(split), _AT_ONCE):
            paths = split.paths[start : start + _AT_ONCE]
            read = pool.map(lambda path: _planes(path, preprocessing, min_px), paths)
            for row, image in enumerate(read, start):
                if isinstance(image, str):
                    left_out.append(UnreadableImage(path=split.paths[row], why=image))
                    continue
                planes, mean = image
                if len(good) < room:
                    kept[len(good)] = planes
                good.append(row)
                total += mean
            advance(len(paths))
    if not good:
        raise InputError(_nothing_left(split, left_out))
    usable = split.select(good)
    pixels = Pixels(
        paths=usable.paths, kept=kept[: len(good)], preprocessing=preprocessing, mean=total / len(good)
    )
    return Loaded(pixels=pixels, split=usable, left_out=tuple(left_out))


def normalise(images: torch.Tensor, preprocessing: Preprocessing) -> torch.Tensor:
    """Images (n, 3, height, width) uint8 to the network's input, float32 with channels last in memory.

    The values are those of `reid.embedding.crops.prepare`, to the last bit.
    """
    scale, shift = scale_and_shift(preprocessing)
    count, _, height, width = images.shape
    batch = np.empty((count, height, width, 3), dtype=np.float32)
    planes = np.empty((3, height, width), dtype=np.float32)
    # By image through a buffer that stays in the processor's cache: half the time of torch on the whole batch.
    for source, target in zip(images.numpy(), batch, strict=True):
        np.multiply(source, scale, out=planes, dtype=np.float32)
        planes += shift
        cv2.merge(list(planes), target)
    return torch.from_numpy(batch).permute(0, 3, 1, 2)


def _planes(
    path: Path, preprocessing: Preprocessing, min_px: int
) -> tuple[Planes, NDArray[np.float64]] | str:
    """The image and its mean colour (3,), or why there is none."""
    image = _read(path)
    if isinstance(image, str):
        return image
    height, width = image.shape[:2]
    if min(height, width) < min_px:
        return f"{width} x {height} pixels, less than data.min_px ({min_px})"
    planes = np.empty((3, *preprocessing.size), dtype=np.uint8)
    resize(image, preprocessing, out=planes)
    return planes, planes.mean(axis=(1, 2))


def _read(path: Path) -> Image | str:
    """The image in BGR, or what is wrong with the file."""
    if path.exists() and not path.is_file():
        return "a pipe or a device, not a file"
    try:
        data = path.read_bytes()
        image = decode(data, path)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    except TooLarge as error:
        return str(error).removeprefix(f"{path}: ")
    if image is None:
        return "not a readable image" if data else "an empty file"
    return image


def _nothing_left(split: Split, left_out: list[UnreadableImage]) -> str:
    if not left_out:
        return f"{split.name}: there are no images in it; name another source"
    count, first = len(left_out), left_out[0]
    return (
        f"{split.name}: none of its images ({count}) can be used, the first, {first.path}, because: {first.why}; "
        "name another source, or lower data.min_px where they are too small"
    )
