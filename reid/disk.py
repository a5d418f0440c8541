"""Disks that are full, read-only or broken: which file could not be written, and what a person can do.

Libraries say it in many ways: an OSError without a name, a RuntimeError of a C++ stream, a count of bytes. So who
writes a file wraps it in `naming`, which makes one OSError of all of them, with the name that the file should get.
"""

import errno
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reid.errors import ReidError

ROOM = "make room there, or name another place, and repeat the command; what was finished before is kept"
FAULTS = {
    errno.ENOSPC: ("the disk is full", ROOM),
    errno.EDQUOT: ("this user's share of the disk is used up", ROOM),
    errno.EFBIG: ("the file would be larger than is allowed here", f"raise the limit (ulimit -f) or {ROOM}"),
    errno.EROFS: ("the disk may only be read", "mount it so that it can be written, or name another place"),
    errno.EIO: ("the disk fails", "check it, or name another place"),
    errno.EACCES: ("this user may not do that", "change its permissions, or name another place"),
    errno.EPERM: ("this user may not do that", "change its permissions, or name another place"),
}
_PROBE = bytes(1 << 16)
# what libstdc++, torch, numpy and faiss say when a disk is full
_WORDS = re.compile(
    r"iostream error|unexpected pos \d+ vs|failed writing|requested and \d+ written|write error"
)


@contextmanager
def naming(path: Path, written: Path | None = None) -> Iterator[None]:
    """Have what goes wrong with the disk within the block name `path`.

    Args:
        written: where the block writes instead, for the time being; it may be written to in order to find out
            whether there is room.

    Raises:
        OSError: with number and name, in place of whatever was raised because of the disk. All else passes.
    """
    try:
        yield
    except ReidError:
        raise
    except Exception as error:
        number = error.errno if isinstance(error, OSError) else None
        if number is not None and (number not in FAULTS or _is_elsewhere(error, path, written)):
            raise
        number = number or fault_at(path.parent, written)
        if number is None and _WORDS.search(str(error)):  # it removed the file, so there is room again
            number = errno.ENOSPC
        if number is None:
            raise
        raise OSError(number, os.strerror(number), str(path)) from error


def fault_at(folder: Path, probe: Path | None = None) -> int | None:
    """The number of the error that writing a file in a folder ends with; None where it can be written.

    Args:
        probe: file to write to, which the caller deletes; None: one that is deleted here.
    """
    there = next((one for one in (folder, *folder.absolute().parents) if one.is_dir()), Path.cwd())
    path = there / f".reid-probe-{os.getpid()}" if probe is None else probe
    try:
        with path.open("ab") as file:
            file.write(_PROBE)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error.errno if error.errno in FAULTS else None
    finally:
        if probe is None:
            with suppress(OSError):
                path.unlink()
    return None


def explained(error: Exception, places: Iterable[Path]) -> str | None:
    """One sentence on an error that the disk made: the file, what is wrong, what to do. None: it was not the disk.

    Args:
        places: folders that may be the full one, where the error names no file.
    """
    number, name = None, None
    if isinstance(error, OSError):
        if error.errno is not None and error.errno not in FAULTS:
            return None
        number, name = error.errno, error.filename
    if name is None:
        full = [(place, at) for place in places if (at := fault_at(place)) is not None]
        if number is None and not full:
            return None
        if full:
            name, number = full[0][0], number or full[0][1]
    assert number is not None
    what, advice = FAULTS[number]
    where = _plain(name) if name is not None else "standard output, or a file that nothing names"
    return f"{where}: {what} ({os.strerror(number)}); {advice}"


def _is_elsewhere(error: Exception, path: Path, written: Path | None) -> bool:
    name = error.filename if isinstance(error, OSError) else None
    return name is not None and _plain(name) not in (str(path), str(written))


def _plain(name: object) -> str:
    """FFmpeg's names of files begin with `file:`."""
    return os.fsdecode(name).removeprefix("file:") if isinstance(name, str | bytes) else str(name)
