"""Commands that write one file, and maybe one beside it: what is there is replaced only if it is of that kind."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pipelines.runtime.ownership import OwnedFolder, make_folders, marked_job, unmake_folders
from reid.errors import Busy, InputError
from reid.lock import Lock


@contextmanager
def single_file(
    path: Path,
    suffix: str,
    *,
    work: str,
    what: str,
    ours: Callable[[Path], bool],
    beside: Sequence[Path] = (),
) -> Iterator[OwnedFolder | None]:
    """Keep `path` for this process; in a folder that the program owns it is listed, and that folder given.

    Args:
        suffix: that the name must have.
        work: the command, such as "reid calibrate".
        what: what such a file is, such as "a calibration".
        ours: whether a file that is there is one that the command wrote.
        beside: written with it, and replaced only with it.

    Raises:
        InputError: it is a folder, has another suffix, is something else, in use, or cannot be written there.
            Nothing has been touched then.
    """
    if path.is_dir() or path.suffix != suffix:
        raise InputError(f"--output {path}: must be a file whose name ends with {suffix}")
    _refuse(path, what, ours, beside)
    with ExitStack() as held:
        folder, job = None, marked_job(path.parent)
        if job is not None:
            folder = held.enter_context(OwnedFolder.open(path.parent, job=job))
            there = [one for one in (path, *beside) if one.exists()]
            folder.files.record(*there)
            folder.files.claim(path, *beside)
        else:
            try:
                held.callback(unmake_folders, make_folders(path.parent))
            except OSError as error:
                raise _unwritable(path, error) from None
            held.callback(_locked(path, work).release)
            _refuse(path, what, ours, beside)  # another process may have been quicker
        yield folder


def _refuse(path: Path, what: str, ours: Callable[[Path], bool], beside: Sequence[Path]) -> None:
    known = path.exists() and ours(path)
    for one in (path, *beside):
        if os.path.lexists(one) and (one.is_symlink() or not known):
            raise InputError(
                f"{one}: is there already and is not {what} that reid wrote; move it elsewhere, or "
                "name another --output"
            )


def _locked(path: Path, work: str) -> Lock:
    try:
        return Lock(path.with_name(f".{path.name}.lock"), work)
    except Busy as busy:
        raise Busy(
            f"--output {path} is in use by {busy}; wait for it, or name another file", process=busy.process
        ) from None
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(f"--output {path}: cannot be written there ({error.strerror}); name another place")
