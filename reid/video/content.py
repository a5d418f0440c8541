"""Hash of a recording's content: an interrupted run goes on where the recordings are the same."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from reid.video.source import Source, image_files_of

_MEBIBYTE = 1 << 20


def content_key(source: Source) -> str:
    """A hash (32 hex digits) that changes when the recording's content does; names and dates do not count.

    The streams that were chosen are part of the content.

    Files above 64 MiB are hashed by their size, first and last 8 MiB and 16 blocks of 1 MiB spread evenly
    between: enough to tell recordings apart, not to notice a few edited bytes.
    """
    key = hashlib.blake2b(digest_size=16)
    for path in image_files_of(source) if source.is_images else source.files:
        size = path.stat().st_size
        key.update(size.to_bytes(8, "little"))
        if (stream := source.streams.get(path)) is not None:
            key.update(b"#%d" % stream)
        for block in _blocks(path, size):
            key.update(block)
    return key.hexdigest()


def _blocks(path: Path, size: int) -> Iterator[bytes]:
    ends, samples = 8 * _MEBIBYTE, 16
    with path.open("rb") as file:
        if size <= 64 * _MEBIBYTE:
            while block := file.read(_MEBIBYTE):
                yield block
            return
        yield file.read(ends)
        step = (size - 2 * ends - _MEBIBYTE) // (samples - 1)
        for sample in range(samples):
            file.seek(ends + sample * step)
            yield file.read(_MEBIBYTE)
        file.seek(size - ends)
        yield file.read(ends)
