"""Files that are either the old one or the new one, never half of one, whatever kills the program."""

import itertools
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reid import disk
from reid.cache import utf8

_PARTIAL = re.compile(r"\..+\.\d+-\d+\.partial(\.[^.]+)?")
_counter = itertools.count()


@contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """A temporary path beside `path`, same suffix, to write to; it becomes `path` when the block ends well.

    Missing folders are made. If the block raises, `path` stays as it was and the temporary file is removed.
    `durable` waits for the disk, so that a power cut cannot lose the file either; thousands of small files
    that can be made again do without.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not tempfile: its files are readable by their owner only, and results should follow the umask.
    partial = path.with_name(f".{path.stem}.{os.getpid()}-{next(_counter)}.partial{path.suffix}")
    try:
        with disk.naming(path, partial):
            yield partial
            if durable:
                with partial.open("rb+") as file:
                    os.fsync(file.fileno())
            os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    if durable and os.name == "posix":  # the new name itself is durable only once its folder is
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_bytes(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write a whole file at once."""
    with replacing(path, durable=durable) as partial:
        partial.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a whole UTF-8 file at once, with the line ends that `text` has; names of files may be any bytes."""
    write_bytes(path, utf8(text))


def is_partial(path: Path) -> bool:
    """Whether a killed program left this file behind in `replacing`."""
    return _PARTIAL.fullmatch(path.name) is not None
