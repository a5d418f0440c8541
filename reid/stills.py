"""Still images in files: which are read, and how one is decoded without trusting the size that it declares.

A header of a few bytes may declare an image of gigabytes. So the header is read first, by Pillow, which decodes
nothing; only then OpenCV gets the file. What neither is known to size up is not decoded at all.
"""

import io
import struct
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import IMAGELENGTH, IMAGEWIDTH, ImageFileDirectory_v2

from reid.errors import InputError
from reid.types import Image

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
# What people call images too; their number is told where they are left out.
UNREAD = frozenset(
    {".avif", ".dng", ".gif", ".heic", ".heif", ".jfif", ".jp2", ".jxl", ".pgm", ".ppm", ".svg"}
)
MAX_MEGAPIXELS = 200.0
_MEGA = 1_000_000
_BEGIN = 32  # bytes that say the kind, and the size of WebP

# what Pillow's parsers raise for a broken header
_BROKEN = (OSError, SyntaxError, ValueError, IndexError, KeyError, TypeError, struct.error)

Size = tuple[int, int]  # width, height


class TooLarge(InputError):
    """An image that declares more pixels than it may have; it was not decoded."""


def is_image(name: str) -> bool:
    """Whether a file is read as an image, by its name; `._a.jpg` is a note of macOS, and none."""
    return Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")


def left_out(names: Iterable[str]) -> str | None:
    """How many of the files are images of kinds that are not read: `3 images (.heic) ...`; None: none."""
    kinds = Counter(Path(name).suffix.lower() for name in names if not name.startswith("."))
    unread = sorted(kinds.keys() & UNREAD)
    if not unread:
        return None
    count = sum(kinds[kind] for kind in unread)
    readable = ", ".join(sorted(SUFFIXES))
    return (
        f"{count:,} {'image' if count == 1 else 'images'} ({', '.join(unread)}) left out, as only {readable} "
        "are read; convert them"
    )


def check_size(width: int, height: int, max_megapixels: float, what: str, setting: str = "") -> None:
    """Raise TooLarge where `what` declares more pixels than allowed; `setting` is what the user may raise."""
    if width * height <= max_megapixels * _MEGA:
        return
    limit = f"{setting} ({max_megapixels:g})" if setting else f"{max_megapixels:g}"
    raise TooLarge(
        f"{what}: declares {width} x {height} pixels, more than {limit} megapixels, and is not decoded; "
        f"make it smaller{f', or raise {setting}' if setting else ', or take it out'}"
    )


def declared_size(file: BinaryIO) -> Size | None:
    """Width and height that the header of an image of a known kind states; None where there is no such header.

    No more is read of the file than its header.
    """
    begin = file.read(_BEGIN)
    file.seek(0)
    for mark, read in _HEADERS:
        if begin.startswith(mark):
            try:
                return read(file)
            except _BROKEN:
                return None
    return None


def decode(
    data: bytes, what: Path, max_megapixels: float = MAX_MEGAPIXELS, setting: str = ""
) -> Image | None:
    """The image upright, uint8 (H, W, 3) BGR whatever its depth and channels; None if it is damaged.

    Raises:
        TooLarge: it declares more pixels than allowed.
    """
    size = declared_size(io.BytesIO(data))
    if size is None:
        return None
    check_size(*size, max_megapixels, str(what), setting)
    try:
        image = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # OpenCV raises for some damage and returns None for other
        return None
    return None if image is None else np.ascontiguousarray(image, dtype=np.uint8)


def read_still(path: Path, max_megapixels: float = MAX_MEGAPIXELS, setting: str = "") -> Image | None:
    """As `decode`, of a file; cv2.imread would not open every path on Windows.

    Raises:
        TooLarge: it declares more pixels than allowed.
        OSError: the file cannot be read.
    """
    return decode(path.read_bytes(), path, max_megapixels, setting)


def require_still(path: Path, cure: str) -> Image:
    """As `read_still`, where nothing works without it.

    Args:
        cure: what a person can do about a file that cannot be used.

    Raises:
        InputError: the file cannot be read, or is no image of a kind that is read.
    """
    try:
        image = read_still(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); {cure}") from error
    if image is None:
        raise InputError(f"{path}: no image that can be decoded; {cure}")
    return image


def _webp_size(file: BinaryIO) -> Size:
    """By RFC 9649, sections 2.4 to 2.7; Pillow's plugin makes room for the whole image before it tells."""
    data = file.read(_BEGIN)
    kind = data[12:16]
    if data[8:12] != b"WEBP" or len(data) < 30:
        raise ValueError("no WebP header")
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        return (
            int.from_bytes(data[26:28], "little") & 0x3FFF,
            int.from_bytes(data[28:30], "little") & 0x3FFF,
        )
    raise ValueError("no WebP image")


def _tiff_size(header: int, file: BinaryIO) -> Size:
    """Of the first image; Pillow's plugin would refuse kinds of pixels that OpenCV knows."""
    directory = ImageFileDirectory_v2(file.read(header))
    file.seek(directory.next)
    directory.load(file)
    return int(directory[IMAGEWIDTH]), int(directory[IMAGELENGTH])


def _by(plugin: Callable[[BinaryIO], ImageFile]) -> Callable[[BinaryIO], Size]:
    # The plugin itself, as `PIL.Image.open` has a limit of its own that cannot be set for one call.
    return lambda file: plugin(file).size


_HEADERS: tuple[tuple[bytes, Callable[[BinaryIO], Size]], ...] = (
    (b"\xff\xd8\xff", _by(JpegImageFile)),
    (b"\x89PNG\r\n\x1a\n", _by(PngImageFile)),
    (b"BM", _by(BmpImageFile)),
    (b"II*\0", partial(_tiff_size, 8)),
    (b"MM\0*", partial(_tiff_size, 8)),
    (b"II+\0", partial(_tiff_size, 16)),  # BigTIFF
    (b"MM\0+", partial(_tiff_size, 16)),  # BigTIFF
    (b"RIFF", _webp_size),
)
