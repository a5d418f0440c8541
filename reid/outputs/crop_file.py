"""JPEGs end to end in one file, so that the crops of long recordings stay on the disk and out of memory."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, overload

from reid.errors import InputError

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class LazyCrops(Sequence[bytes]):
    """Consecutive JPEGs of a file, each read when it is asked for; the file is not kept open."""

    path: Path
    offsets: tuple[int, ...]  # where each begins, and where the last one ends

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> bytes: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[bytes, ...]: ...

    def __getitem__(self, index: int | slice) -> bytes | tuple[bytes, ...]:
        if isinstance(index, slice):
            return tuple(self[position] for position in range(len(self))[index])
        position = range(len(self))[index]
        start, length = self.offsets[position], self.offsets[position + 1] - self.offsets[position]
        try:
            with self.path.open("rb") as file:
                file.seek(start)
                jpeg = file.read(length)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read any more ({error.strerror})") from error
        if len(jpeg) != length:
            raise InputError(f"{self.path}: was cut off while it was in use; run the same command again")
        return jpeg


class CropWriter:
    """Puts JPEGs behind each other in `file`; `path` is what the file is going to be called."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path
        self.size = 0
        self.crc32 = 0

    def write(self, crops: Iterable[bytes]) -> LazyCrops:
        """Write them at once; what it returns can be read when the file has got its name."""
        offsets = [self.size]
        for crop in crops:
            self._file.write(crop)
            self.crc32 = zlib.crc32(crop, self.crc32)
            offsets.append(offsets[-1] + len(crop))
        self.size = offsets[-1]
        return LazyCrops(self._path, tuple(offsets))


def crc32(path: Path) -> int:
    """Checksum of a file of any size."""
    value = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            value = zlib.crc32(chunk, value)
    return value
