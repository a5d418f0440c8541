"""What a gallery file is: its tables, its transactions, and the sentences that refuse anything else."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

from reid.disk import ROOM
from reid.errors import InputError
from reid.store.files import beside
from reid.store.sqlite.damage import damage
from reid.text_file import check_regular

APPLICATION_ID = 0x52454944  # "REID" in the file's header: tells our files from other programs' SQLite files
SAFE = "what was committed is safe; check the disk, and repeat the command"
UNFINISHED = (
    ".converting"  # behind the name of a gallery that a conversion makes; whoever finds one was interrupted
)
# PRAGMA user_version; a change that earlier programs would stumble over raises it, with a migration
VERSION = 1

# A sighting IS the link of a tracklet to a person: it keeps its distance and its runner-up. A prototype
# belongs to the sighting that it was seen in, and only through it to a person: no erasure or merge misses it.
_TABLES = (
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
)


# What later programs added and earlier ones do without: it is made where it is missing, and the version stays.
_ADDED = (
    """CREATE TABLE IF NOT EXISTS clocks (
        run_id TEXT PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
        zero_s REAL NOT NULL,                   -- Unix time of second 0 of the run's sightings
        zone TEXT NOT NULL                      -- of the times shown: Europe/Berlin, +0100
    )""",
)


def connect(
    path: Path, *, encoder_id: str | None, read_only: bool, dimension: int | None = None
) -> sqlite3.Connection:
    """A checked connection in autocommit mode; creates the gallery when it is missing and may be.

    Raises:
        InputError: not a gallery, damaged, of a newer program, of another encoder, missing, or not accessible.
    """
    if not path.exists() and (read_only or encoder_id is None):
        raise InputError(f"{path}: no such gallery; `reid video --gallery {path} ...` makes one")
    if not read_only and path.exists() and not os.access(path, os.W_OK):
        # SQLite would open it without complaint, and fail at the end of the run
        raise InputError(f"{path}: the gallery may only be read; make the file writable or use another")
    if path.exists() and not path.is_dir():
        check_regular(path, "a gallery")
    size = 0 if _is_written_to(path) else path.stat().st_size
    try:
        db = _connect_read_only(path) if read_only else _connect_writable(path)
    except sqlite3.Error as error:
        raise InputError(_why_not(path, error)) from error
    try:
        if not read_only and encoder_id is not None and _is_empty(db):
            _create(db, encoder_id)
        _check(db, path, encoder_id)
        if size % _pragma(db, "page_size"):  # SQLite would fill the last page with zeros, without a word
            raise InputError(f"{path}: the gallery is damaged (its end is missing); restore a copy of it")
        if complaint := damage(db, _TABLES, _ADDED, dimension, with_vectors=encoder_id is not None):
            raise InputError(f"{path}: the gallery is damaged ({complaint}); restore a copy of it")
        # only now: a file that is not ours must come out of a refusal as it went in
        if not read_only:
            _make_durable(db)
            for statement in _ADDED:
                db.execute(statement)
    except sqlite3.Error as error:
        db.close()
        raise InputError(_why_not(path, error)) from error
    except BaseException:
        db.close()
        raise
    return db


def encoder_of(path: Path) -> str | None:
    """Id of the encoder whose vectors a gallery holds; None where there is no gallery yet.

    Raises:
        InputError: what is there is no gallery, or one of a newer program.
    """
    if not path.is_file() or not path.stat().st_size:
        return None
    try:
        with closing(_connect_read_only(path)) as db:
            if _is_empty(db):
                return None
            _check(db, path, None)
            return str(db.execute("SELECT encoder_id FROM gallery").fetchone()[0])
    except sqlite3.Error as error:
        raise InputError(_why_not(path, error)) from error


def _is_written_to(path: Path) -> bool:
    """Whether something waits in a log beside it, so that it may be growing just now; or it is not there yet."""
    log = beside(path, "-wal")
    return not path.is_file() or (log.exists() and log.stat().st_size > 0)


def _why_not(path: Path, error: sqlite3.Error) -> str:
    if "not a database" in str(error):
        return f"{path}: not a gallery (not an SQLite file); name a gallery, or a new file to make one"
    if "malformed" in str(error):
        return f"{path}: the gallery is damaged ({error}); restore a copy of it"
    if "full" in str(error):
        return f"{path}: the gallery cannot be written ({error}); {ROOM}"
    return f"{path}: the gallery cannot be opened ({error}); use a file in a folder that you may write to"


def _connect_writable(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rwc", uri=True, isolation_level=None, timeout=5.0)
    db.execute("PRAGMA schema_version").fetchone()  # connect() is lazy; this reads the file's header
    # erased content is overwritten, and what VACUUM copies aside stays out of the temporary folder
    for pragma in ("foreign_keys = ON", "secure_delete = ON", "temp_store = MEMORY", "page_size = 16384"):
        db.execute(f"PRAGMA {pragma}")  # page_size: 4096 would hold one 512-d vector and waste half
    return db


def _make_durable(db: sqlite3.Connection) -> None:
    """WAL: readers never wait. FULL, not NORMAL: a commit is on the disk when it returns, so that it survives
    a power cut as well as kill -9; one fsync a run costs nothing against the run."""
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "fullfsync = ON"):  # the last one: macOS
        db.execute(f"PRAGMA {pragma}").fetchone()


def _connect_read_only(path: Path) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?mode=ro"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=5.0)
    try:
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        db.close()
        # Reading in WAL mode wants a -shm file beside; where we may not make one (read-only medium) and
        # nothing waits in a WAL, the file alone is the whole gallery.
        if os.access(path.parent, os.W_OK) or beside(path, "-wal").exists():
            raise
        db = sqlite3.connect(f"{uri}&immutable=1", uri=True, isolation_level=None)
    return db


def _is_empty(db: sqlite3.Connection) -> bool:
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return bool(tables == 0 and _pragma(db, "application_id") == 0)


def _create(db: sqlite3.Connection, encoder_id: str) -> None:
    """All or nothing: killed half-way, the file is still empty and the next run makes it."""
    db.execute("BEGIN IMMEDIATE")
    for statement in _TABLES:
        db.execute(statement)
    db.execute("INSERT INTO gallery VALUES (1, ?, NULL, ?, 0)", (encoder_id, uuid4().hex))
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")


def _check(db: sqlite3.Connection, path: Path, encoder_id: str | None) -> None:
    if _is_empty(db):
        raise InputError(f"{path}: an empty file, not a gallery; `reid video --gallery {path} ...` fills it")
    if _pragma(db, "application_id") != APPLICATION_ID:
        raise InputError(f"{path}: an SQLite file of another program, not a gallery; name another file")
    version = _pragma(db, "user_version")
    if version > VERSION:
        raise InputError(
            f"{path}: made by a newer reid (gallery version {version}, this one reads up to {VERSION}); "
            "upgrade reid or use another gallery"
        )
    try:
        stored = db.execute("SELECT encoder_id FROM gallery").fetchone()[0]
    except (sqlite3.OperationalError, TypeError) as error:  # no such table or column; no row
        raise InputError(
            f"{path}: the gallery is damaged (nothing says whose vectors it holds); restore a copy of it"
        ) from error
    if encoder_id not in (None, stored):
        raise InputError(
            f"{path}: holds vectors of encoder {stored}, which cannot be compared with those of encoder "
            f"{encoder_id}; use that encoder's weights or another gallery, or carry its people over: "
            f"`reid gallery convert {path} --encoder NEW`"
        )


def has_clocks(db: sqlite3.Connection) -> bool:
    """Whether the gallery was written by a program that knows when recordings began; those read-only may not be."""
    return bool(
        db.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'clocks'").fetchone()[
            0
        ]
    )


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


@contextmanager
def transaction(db: sqlite3.Connection, path: Path) -> Iterator[None]:
    """All of the block's changes or none; on return they are on the disk.

    Raises:
        InputError: the block raised one (the file's name is added), or the disk or the file fails.
    """
    try:
        with naming(path):
            db.execute("BEGIN IMMEDIATE")
            yield
            db.execute("COMMIT")
    except BaseException as error:
        if db.in_transaction:  # SQLite itself may have rolled back
            db.execute("ROLLBACK")
        explain(error, path)
        raise


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the gallery's name before what an InputError says."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def explain(error: BaseException, path: Path) -> None:
    """Full disks and damaged files are not bugs: they get a sentence. Broken constraints are: they pass."""
    if type(error) in (sqlite3.OperationalError, sqlite3.DatabaseError):
        raise InputError(
            f"{path}: the gallery failed ({error}); {ROOM if 'full' in str(error) else SAFE}"
        ) from error
