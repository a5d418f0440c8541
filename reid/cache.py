"""Where exports and measurements are kept between runs; deleting the folder only costs time."""

import hashlib
import json
import logging
import os
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from reid import disk, json_text
from reid.home import can_be_written, temporary_folder, usable_home

log = logging.getLogger(__name__)

_SEAL = "seal.json"  # in a cached folder: what its files were when they were written
NAMES = "backslashreplace"  # what becomes of characters that UTF-8 lacks, see `utf8`


def cache_folder() -> Path:
    """`REID_CACHE`, or the platform's folder for caches; made when first written to.

    Where that cannot be written to, this user's temporary folder.

    Raises:
        InputError: the temporary folder belongs to another user.
    """
    if stated := os.environ.get("REID_CACHE"):
        return Path(stated)
    usable_home()
    if sys.platform == "darwin":
        folder = Path.home() / "Library" / "Caches" / "reid"
    elif sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "reid"
    else:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "reid"
    return folder if can_be_written(folder) else _instead(folder)


@cache
def _instead(folder: Path) -> Path:
    temporary = temporary_folder() / "cache"
    log.warning(
        "%s cannot be written to: %s is used instead, which may not last; set REID_CACHE", folder, temporary
    )
    return temporary


@contextmanager
def filling(folder: Path) -> Iterator[Path]:
    """An empty folder that becomes `folder` when the block ends well, and vanishes when it does not.

    Renaming a folder is atomic, so a reader finds all of its files or none. When two processes fill the same
    folder, the first to finish wins and the other's work is dropped: both hold the same.
    """
    partial = _partial(folder)
    partial.mkdir(parents=True)
    try:
        with disk.naming(folder, partial / ".probe"):
            yield partial
        try:
            partial.rename(folder)
        except OSError:
            if not folder.is_dir():  # not another process' result: a real failure
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def cached(folder: Path, make: Callable[[Path], None]) -> Path:
    """The cached `folder`, filled by `make` where it is not there, or not as it was made.

    Args:
        make: fills the empty folder that it is given.
    """
    if os.path.lexists(folder):
        try:
            if json.loads((folder / _SEAL).read_bytes()) == _contents(folder):
                return folder
            why = "its files are not as they were written"
        except (OSError, ValueError, RecursionError) as error:
            why = f"{_SEAL}: {error}"
        log.warning("%s: damaged, or made by an earlier version; making it anew (%s)", folder, why)
        aside = _partial(folder)
        folder.rename(aside)  # at once, so that no other process finds half of it
        shutil.rmtree(aside, ignore_errors=True)
    with filling(folder) as partial:
        make(partial)
        (partial / _SEAL).write_text(json_text.dumps(_contents(partial)), encoding="utf-8")
    return folder


def _contents(folder: Path) -> dict[str, str]:
    """A digest of every file but the seal itself, by its path in the folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != _SEAL:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "blake2b").hexdigest()[:32]
            found[path.relative_to(folder).as_posix()] = digest
    return found


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
        with disk.naming(path, partial):
            yield partial
            with partial.open("rb+") as file:
                os.fsync(file.fileno())  # else a power cut could leave the new name with no bytes
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _partial(path: Path) -> Path:
    # Not tempfile: its permissions would keep a shared cache from other users.
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}")
