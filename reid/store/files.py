"""Names of the files that lie beside a gallery."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

INDEX_SUFFIXES = (".faiss", ".faiss.tmp")  # the cached index, and while it is written; both hold vectors
SIDE_SUFFIXES = ("-wal", "-shm", ".lock", *INDEX_SUFFIXES)  # a killed process leaves them
UNFINISHED = ".converting"  # while a conversion makes another gallery; one that is found was interrupted
_BACKUP = re.compile(r"\.backup-v\d+(-\d+)?(\.tmp)?")


def beside(path: Path, suffix: str) -> Path:
    """The gallery's side file: `site.db` and `.lock` give `site.db.lock`."""
    return path.with_name(path.name + suffix)


def side_files(path: Path) -> list[Path]:
    """What SQLite and reid put beside a gallery while it is open, and the index; whether there or not."""
    return [beside(path, suffix) for suffix in SIDE_SUFFIXES]


def free_backup_names(path: Path, version: int) -> Iterator[Path]:
    """Names for a copy of a gallery of an earlier version, best first: `site.db.backup-v1`, `site.db.backup-v1-2`."""
    file = path.resolve()
    yield beside(file, f".backup-v{version}")
    for number in range(2, 1000):
        yield beside(file, f".backup-v{version}-{number}")


def backups(path: Path) -> list[Path]:
    """The copies that upgrades of a gallery have left beside it, unfinished ones among them."""
    file = path.resolve()
    names = sorted(name for name in os.listdir(file.parent) if name.startswith(file.name))
    return [file.with_name(name) for name in names if _BACKUP.fullmatch(name[len(file.name) :])]
