"""Whether results can be written, found out before anything is computed."""

import os
from pathlib import Path

from reid.errors import InputError


def check_folder(folder: Path) -> None:
    """Make `folder`, which --output names.

    Raises:
        InputError: it cannot be made or written to.
    """
    _probe(folder, f"--output {folder}: cannot be written to", "name another folder")


def check_file(path: Path, suffix: str) -> None:
    """Make the folder of the file `path`, which --output names or would have to.

    Raises:
        InputError: it is a folder, has another suffix, or cannot be written there.
    """
    if path.is_dir() or path.suffix != suffix:
        raise InputError(f"--output {path}: must be a file whose name ends with {suffix}")
    _probe(path.parent, f"--output {path}: cannot be written there", "name another place")


def _probe(folder: Path, complaint: str, advice: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".reid-probe-{os.getpid()}"  # several processes of one training look at once
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise InputError(f"{complaint} ({error.strerror}); {advice}") from None
