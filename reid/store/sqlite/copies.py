"""Copies of a gallery's file: whole, on the disk, and under their name only then."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from reid import disk
from reid.errors import StoreError
from reid.store.files import beside, free_backup_names


def copy_to(db: sqlite3.Connection, original: Path, path: Path) -> None:
    """Write the open gallery, without what was erased from it, into the file `path`, with the same permissions."""
    path.unlink(missing_ok=True)  # of a program that was killed
    path.touch(mode=0o600)
    shutil.copymode(original, path)
    db.execute("VACUUM INTO ?", (str(path),))


def give_name(file: Path, name: Path) -> None:
    """Rename a file, durable before and after it has its name, which must be free."""
    with disk.naming(name, file), file.open("rb+") as opened:
        os.fsync(opened.fileno())
    os.replace(file, name)
    if os.name == "posix":
        folder = os.open(name.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def back_up(db: sqlite3.Connection, path: Path, version: int) -> tuple[Path, bool]:
    """A checked copy of a gallery of an earlier version, beside it, and whether it was made just now.

    One that is there, of the same commit, is taken: an upgrade was killed after it had made it.

    Raises:
        StoreError: the copy is not whole.
    """
    stamp = _stamp(db)
    for name in free_backup_names(path, version):
        if not os.path.lexists(name):
            break
        if stamp == _stamp_of(name):
            return name, False
    else:
        raise StoreError(f"{path}: there are a thousand copies of it beside it; move them away")
    unfinished = beside(name, ".tmp")
    try:
        copy_to(db, path, unfinished)
        if _stamp_of(unfinished) != stamp:
            raise StoreError(f"{path}: its copy {name.name} was not written whole; check the disk")
        give_name(unfinished, name)
    finally:
        unfinished.unlink(missing_ok=True)
    return name, True


def _stamp(db: sqlite3.Connection) -> tuple[int, str]:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    return version, db.execute("SELECT generation FROM gallery").fetchone()[0]


def _stamp_of(path: Path) -> tuple[int, str] | None:
    """Version and commit of a gallery's file that is whole; None: it is not, or no gallery."""
    uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as db:
            whole = db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            return _stamp(db) if whole else None
    except sqlite3.Error:
        return None
