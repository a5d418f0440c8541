"""Galleries of earlier versions: a function a version, which makes the next one of it.

A gallery that is opened for writing is upgraded in its file, in one transaction, after a copy was made; one that is
opened for reading stays as it is, and a copy in memory is upgraded.
"""

import logging
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

from reid.errors import StoreError
from reid.store.sqlite.cleaning import clean, must_clean
from reid.store.sqlite.connection import pragma
from reid.store.sqlite.copies import back_up
from reid.store.sqlite.schema import VERSION

log = logging.getLogger(__name__)


def _to_2(db: sqlite3.Connection) -> None:
    """Add human decisions, as far as the journal tells them, and clocks, which the last programs of version 1 had.

    A live site merges people by itself too, and the journal does not tell that from a merge by hand: merges are
    taken only where the gallery has no sighting of a live site (those count in Unix time).
    """
    db.execute(
        """CREATE TABLE IF NOT EXISTS clocks (
            run_id TEXT PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
            zero_s REAL NOT NULL,
            zone TEXT NOT NULL
        )"""
    )
    db.execute(
        """CREATE TABLE decisions (
            decision_id INTEGER PRIMARY KEY AUTOINCREMENT,
            at TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('same', 'different', 'named', 'not_a_person', 'erased')),
            person_id INTEGER NOT NULL,
            other_id INTEGER,
            label TEXT
        )"""
    )
    db.execute(
        """INSERT INTO decisions (at, kind, person_id, other_id, label)
           SELECT at, CASE event WHEN 'renamed' THEN 'named' WHEN 'merged' THEN 'same' ELSE 'erased' END, person_id,
                  CASE event WHEN 'merged' THEN json_extract(detail, '$.absorbed') END,
                  CASE event WHEN 'renamed' THEN json_extract(detail, '$.label') END
           FROM journal
           WHERE person_id IS NOT NULL
             AND (event = 'renamed'
                  OR event = 'forgotten' AND json_extract(detail, '$.why') = 'on request'
                  OR event = 'merged' AND NOT EXISTS (SELECT 1 FROM sightings WHERE start_s > 1e8))
           ORDER BY entry_id"""
    )


def _to_3(db: sqlite3.Connection) -> None:
    """Add where sightings were, what decisions are about by content, who decided, and what undoes them.

    Of sightings that are there already the places are not known.
    """
    db.execute("ALTER TABLE sightings ADD COLUMN places BLOB")
    db.execute(
        """CREATE TABLE decisions_3 (
            decision_id INTEGER PRIMARY KEY AUTOINCREMENT,
            at TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (
                kind IN ('same', 'different', 'moved', 'confirmed', 'named', 'not_a_person', 'erased')),
            person_id INTEGER NOT NULL,
            other_id INTEGER,
            label TEXT,
            by TEXT,
            undone TEXT,
            before BLOB
        )"""
    )
    kept = "decision_id, at, kind, person_id, other_id, label"
    db.execute(f"INSERT INTO decisions_3 ({kept}) SELECT {kept} FROM decisions ORDER BY decision_id")
    db.execute("DROP TABLE decisions")
    db.execute("ALTER TABLE decisions_3 RENAME TO decisions")
    db.execute(
        """CREATE TABLE decision_segments (
            segment_id INTEGER PRIMARY KEY,
            decision_id INTEGER NOT NULL REFERENCES decisions ON DELETE CASCADE,
            side INTEGER NOT NULL,
            run_id TEXT NOT NULL,
            camera_id TEXT NOT NULL,
            track_id INTEGER NOT NULL,
            start_s REAL NOT NULL,
            end_s REAL NOT NULL,
            places BLOB
        )"""
    )
    db.execute("CREATE INDEX decision_segments_run ON decision_segments (run_id)")
    db.execute("CREATE INDEX decision_segments_decision ON decision_segments (decision_id)")


def _to_4(db: sqlite3.Connection) -> None:
    """Add what puts decisions back that were undone, which recordings sightings are of, and the suppression list."""
    db.execute("ALTER TABLE decisions ADD COLUMN after BLOB")
    db.execute(
        """CREATE TABLE footage (
            run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
            camera_id TEXT NOT NULL,
            content TEXT NOT NULL,
            width INTEGER NOT NULL,
            height INTEGER NOT NULL,
            shift_s REAL NOT NULL,
            PRIMARY KEY (run_id, camera_id)
        )"""
    )
    db.execute(
        """CREATE TABLE suppressed (
            suppressed_id INTEGER PRIMARY KEY,
            key_id TEXT NOT NULL,
            digests BLOB NOT NULL
        )"""
    )


# version -> what makes the next one; each says its SQL in full, because the tables of today will not stay
MIGRATIONS: Mapping[int, Callable[[sqlite3.Connection], None]] = {1: _to_2, 2: _to_3, 3: _to_4}


def is_earlier(db: sqlite3.Connection) -> bool:
    """Whether an open gallery is of an earlier version."""
    return pragma(db, "user_version") < VERSION


def upgraded_in_memory(db: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """A copy of an open gallery of an earlier version, as it would be in this one; `db` is not changed.

    It takes as much memory as the file is large, and shows the gallery of this moment.

    Raises:
        StoreError: a table that it must have is damaged.
    """
    copy = sqlite3.connect(":memory:", isolation_level=None)
    try:
        copy.execute(f"PRAGMA page_size = {pragma(db, 'page_size')}")  # memory does not take another
        db.backup(copy)
        copy.execute("BEGIN")
        _migrate(copy, path)
        copy.execute("COMMIT")
    except BaseException:
        copy.close()
        raise
    return copy


def upgrade(db: sqlite3.Connection, path: Path, damage: Callable[[], str | None]) -> None:
    """Make a gallery of an earlier version one of this version, whole or not at all; a copy of it stays beside.

    Args:
        damage: what is wrong with the upgraded gallery, or None.

    Raises:
        StoreError: it is damaged; nothing was changed then, and no copy stays.
        sqlite3.Error: the disk is full or fails; likewise.
    """
    version = pragma(db, "user_version")
    if must_clean(db):
        clean(db, path)  # what was erased is not to be copied
    copy, made = back_up(db, path, version)
    try:
        db.execute("BEGIN IMMEDIATE")
        _migrate(db, path)
        refuse_damaged(path, damage())
        if (found := db.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            refuse_damaged(path, found)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        if made:
            copy.unlink(missing_ok=True)
        raise
    log.info(
        "%s: upgraded from gallery version %d to %d; %s is as it was before, for earlier programs, and is erased "
        "with the first people who are erased from the gallery",
        *(path, version, VERSION, copy.name),
    )


def refuse_damaged(path: Path, complaint: str | None) -> None:
    """Raise a StoreError where there is a complaint."""
    if complaint is not None:
        raise StoreError(f"{path}: the gallery is damaged ({complaint}); restore a copy of it")


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    try:
        for version in range(pragma(db, "user_version"), VERSION):
            MIGRATIONS[version](db)
            db.execute(f"PRAGMA user_version = {version + 1}")
    except sqlite3.OperationalError as error:  # no such table, no such column, malformed JSON
        if "no such" in str(error) or "malformed" in str(error) or "already exists" in str(error):
            refuse_damaged(path, str(error))
        raise
