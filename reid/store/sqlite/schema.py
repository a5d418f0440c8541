"""What a gallery file is: its tables, its version, and the sentences that refuse anything else."""

import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import uuid4

from reid.errors import StoreError
from reid.store.sqlite.connection import connect_read_only, pragma, unusable

APPLICATION_ID = 0x52454944  # "REID" in the file's header: tells our files from other programs' SQLite files
# PRAGMA user_version; a change of the tables raises it, and adds a function to `migrations`
VERSION = 4

# A sighting IS the link of a tracklet to a person: it keeps its distance and its runner-up. A prototype
# belongs to the sighting that it was seen in, and only through it to a person: no erasure or merge misses it.
TABLES = (
    """CREATE TABLE gallery (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
        encoder_id TEXT NOT NULL,
        dimension INTEGER,                      -- of the vectors; null until there is one
        generation TEXT NOT NULL,               -- new at every commit: the index's stamp
        traces INTEGER NOT NULL DEFAULT 0       -- 1: erased rows may still have bytes in the files
    )""",
    # AUTOINCREMENT: an id is never given to a second person, also after the first one was forgotten
    "CREATE TABLE people (person_id INTEGER PRIMARY KEY AUTOINCREMENT, label TEXT UNIQUE)",
    "CREATE TABLE runs (run_id TEXT PRIMARY KEY, started TEXT NOT NULL, cameras TEXT NOT NULL)",
    """CREATE TABLE sightings (
        sighting_id INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        camera_id TEXT NOT NULL,
        track_id INTEGER NOT NULL,
        person_id INTEGER NOT NULL REFERENCES people ON DELETE CASCADE,
        start_s REAL NOT NULL,
        end_s REAL NOT NULL,
        distance REAL,
        runner_up_id INTEGER REFERENCES people,
        runner_up_distance REAL,
        places BLOB,                            -- float32, little-endian, (M, 5): see reid.track_segment
        UNIQUE (run_id, camera_id, track_id)
    )""",
    "CREATE INDEX sightings_person ON sightings (person_id)",
    "CREATE INDEX sightings_runner_up ON sightings (runner_up_id)",
    """CREATE TABLE prototypes (
        prototype_id INTEGER PRIMARY KEY,
        sighting_id INTEGER NOT NULL REFERENCES sightings ON DELETE CASCADE,
        evicted_by TEXT REFERENCES runs,        -- the latest run displaced it; back if that run is repeated
        vector BLOB NOT NULL                    -- float32, little-endian
    )""",
    "CREATE INDEX prototypes_sighting ON prototypes (sighting_id)",
    "CREATE INDEX prototypes_evicted ON prototypes (evicted_by) WHERE evicted_by IS NOT NULL",
    """CREATE TABLE journal (
        entry_id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,                       -- UTC, ISO 8601
        event TEXT NOT NULL,
        person_id INTEGER,                      -- no reference: the journal outlives the person
        run_id TEXT,
        detail TEXT NOT NULL                    -- JSON object
    )""",
    "CREATE INDEX journal_person ON journal (person_id)",
    """CREATE TABLE clocks (
        run_id TEXT PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
        zero_s REAL NOT NULL,                   -- Unix time of second 0 of the run's sightings
        zone TEXT NOT NULL                      -- of the times shown: Europe/Berlin, +0100
    )""",
    # no references: a decision is about people by the numbers that they had when it was made
    """CREATE TABLE decisions (
        decision_id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,                       -- UTC, ISO 8601
        kind TEXT NOT NULL CHECK (
            kind IN ('same', 'different', 'moved', 'confirmed', 'named', 'not_a_person', 'erased')),
        person_id INTEGER NOT NULL,
        other_id INTEGER,                       -- same: who was merged into them; different, moved: the new person
        label TEXT,                             -- named: null takes the name away
        by TEXT,                                -- a login, or the live page; null: not known
        undone TEXT,                            -- UTC, ISO 8601; null: it holds
        before BLOB,                            -- what `undo` restores; null: it cannot be undone
        after BLOB                              -- what `redo` restores; null: it holds, or cannot be put back
    )""",
    # what it was about, by content: it holds when the recording is processed again, whatever the numbers are then
    """CREATE TABLE decision_segments (
        segment_id INTEGER PRIMARY KEY,
        decision_id INTEGER NOT NULL REFERENCES decisions ON DELETE CASCADE,
        side INTEGER NOT NULL,                  -- 0: of person_id; 1: of other_id; 2: moved: what other_id had before
        run_id TEXT NOT NULL,                   -- no reference: a decision outlives that the run is replaced
        camera_id TEXT NOT NULL,
        track_id INTEGER NOT NULL,
        start_s REAL NOT NULL,
        end_s REAL NOT NULL,
        places BLOB
    )""",
    "CREATE INDEX decision_segments_run ON decision_segments (run_id)",
    "CREATE INDEX decision_segments_decision ON decision_segments (decision_id)",
    # of which recording each camera's sightings of a run are; none for live sites
    """CREATE TABLE footage (
        run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        camera_id TEXT NOT NULL,
        content TEXT NOT NULL,                  -- digest of the recording
        width INTEGER NOT NULL,                 -- of its frames, pixels
        height INTEGER NOT NULL,
        shift_s REAL NOT NULL,                  -- from the recording's own clock to that of the run
        PRIMARY KEY (run_id, camera_id)
    )""",
    # the suppression list: where people were who were erased, told by a key that is kept elsewhere
    """CREATE TABLE suppressed (
        suppressed_id INTEGER PRIMARY KEY,
        key_id TEXT NOT NULL,                   -- which key it was, see reid.suppression
        digests BLOB NOT NULL                   -- 16 bytes a second and cell of the frame, of one tracklet
    )""",
)


def encoder_of(path: Path) -> str | None:
    """Id of the encoder whose vectors a gallery holds; None where there is no gallery yet.

    Raises:
        StoreError: what is there is no gallery, or one of a newer program.
    """
    if not path.is_file() or not path.stat().st_size:
        return None
    try:
        with closing(connect_read_only(path)) as db:
            if is_empty(db):
                return None
            check(db, path, None)
            return str(db.execute("SELECT encoder_id FROM gallery").fetchone()[0])
    except sqlite3.Error as error:
        raise unusable(path, error) from error


def is_empty(db: sqlite3.Connection) -> bool:
    """Whether the file is still nothing: new, or of a program that was killed while it made it."""
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return bool(tables == 0 and pragma(db, "application_id") == 0)


def create(db: sqlite3.Connection, encoder_id: str) -> None:
    """Make the tables of a new gallery, all or nothing: killed half-way, the next run makes it."""
    db.execute("BEGIN IMMEDIATE")
    for statement in TABLES:
        db.execute(statement)
    db.execute("INSERT INTO gallery VALUES (1, ?, NULL, ?, 0)", (encoder_id, uuid4().hex))
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")


def check(db: sqlite3.Connection, path: Path, encoder_id: str | None) -> None:
    """Refuse what is no gallery, of a newer program, or of another encoder.

    Raises:
        StoreError: with the sentence.
    """
    if is_empty(db):
        raise StoreError(f"{path}: an empty file, not a gallery; `reid video --gallery {path} ...` fills it")
    if pragma(db, "application_id") != APPLICATION_ID:
        raise StoreError(f"{path}: an SQLite file of another program, not a gallery; name another file")
    version = pragma(db, "user_version")
    if version > VERSION:
        raise StoreError(
            f"{path}: made by a newer reid (gallery version {version}, this one reads up to {VERSION}); "
            "upgrade reid or use another gallery"
        )
    if version < 1:
        raise StoreError(
            f"{path}: the gallery is damaged (there is no version {version}); restore a copy of it"
        )
    try:
        stored = db.execute("SELECT encoder_id FROM gallery").fetchone()[0]
    except (sqlite3.OperationalError, TypeError) as error:  # no such table or column; no row
        raise StoreError(
            f"{path}: the gallery is damaged (nothing says whose vectors it holds); restore a copy of it"
        ) from error
    if encoder_id not in (None, stored):
        raise StoreError(
            f"{path}: holds vectors of encoder {stored}, which cannot be compared with those of encoder "
            f"{encoder_id}; use that encoder's weights or another gallery, or carry its people over: "
            f"`reid gallery convert {path} --encoder NEW`"
        )
