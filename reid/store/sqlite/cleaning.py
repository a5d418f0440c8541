"""What an erasure leaves in a gallery's files, and in the files beside it."""

import logging
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from reid.store.files import INDEX_SUFFIXES, UNFINISHED, backups, beside

log = logging.getLogger(__name__)


def must_clean(db: sqlite3.Connection) -> bool:
    """Whether erased rows may still have bytes in the files."""
    return bool(db.execute("SELECT traces FROM gallery").fetchone()[0])


def clean(db: sqlite3.Connection, path: Path) -> bool:
    """Finish an erasure in the files, after its commit; False if a reader prevents it.

    Killed on the way, the gallery remembers: `must_clean` makes its next writer repeat it.
    """
    for suffix in (*INDEX_SUFFIXES, UNFINISHED):
        for name in (path, path.resolve()):  # earlier programs had an index beside a link
            beside(name, suffix).unlink(missing_ok=True)
    _erase(backups(path), "it held what was erased from the gallery")
    # secure_delete zeroed the rows, but pages that moved while the tree was balanced may hold copies
    db.execute("VACUUM")
    if db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        return False
    db.execute("UPDATE gallery SET traces = 0")
    return True


def erase_old_backups(path: Path, older_than: datetime) -> None:
    """Erase the copies of a gallery that were made before, for all that they hold is older."""
    old = [copy for copy in backups(path) if copy.stat().st_mtime < older_than.timestamp()]
    _erase(old, "it is older than what is kept")


def _erase(copies: Iterable[Path], why: str) -> None:
    for copy in copies:
        copy.unlink(missing_ok=True)
        log.info("%s: this copy of an earlier version is erased as well: %s", copy, why)
