"""Where exports and measurements are kept between runs; deleting the folder only costs time."""

import os
import shutil
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_folder() -> Path:
    """`REID_CACHE`, or the platform's folder for caches; made when first written to."""
    if stated := os.environ.get("REID_CACHE"):
        return Path(stated)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "reid"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "reid"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "reid"


@contextmanager
def filling(folder: Path) -> Iterator[Path]:
    """An empty folder that becomes `folder` when the block ends well, and vanishes when it does not.

    Renaming a folder is atomic, so a reader finds all of its files or none. When two processes fill the same
    folder, the first to finish wins and the other's work is dropped: both hold the same.
    """
    partial = _partial(folder)
    partial.mkdir(parents=True)
    try:
        yield partial
        try:
            partial.rename(folder)
        except OSError:
            if not folder.is_dir():  # not another process' result: a real failure
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


NAMES = "backslashreplace"  # what becomes of characters that UTF-8 lacks, see `utf8`


def write_text(path: Path, text: str) -> None:
    """Write a small file so that readers see the old text or the new one, never a part; see `utf8`."""
    with replacing(path) as partial:
        partial.write_bytes(utf8(text))


def utf8(text: str) -> bytes:
    """`text` as UTF-8, whatever files it names.

    A file name may be any bytes; Python reads those that are not UTF-8 as lone halves of surrogate pairs, which UTF-8
    lacks. They become `\\udce9`, which is JSON's own way to write them: whoever reads JSON gets the name back.
    """
    return text.encode("utf-8", NAMES)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to that becomes `path` when the block ends well, and vanishes when it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _partial(path)
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())  # else a power cut could leave the new name with no bytes
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _partial(path: Path) -> Path:
    # Not tempfile: its permissions would keep a shared cache from other users.
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}")
