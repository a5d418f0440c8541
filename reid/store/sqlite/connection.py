"""Connections to a gallery's file, its transactions, and the sentences on disks and files that fail."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reid.disk import ROOM
from reid.errors import Contradicted, InputError, StoreError
from reid.store.files import beside

SAFE = "what was committed is safe; check the disk, and repeat the command"


def connect_writable(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode; makes an empty file where there is none, and changes no other."""
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rwc", uri=True, isolation_level=None, timeout=5.0)
    db.execute("PRAGMA schema_version").fetchone()  # connect() is lazy; this reads the file's header
    # erased content is overwritten, and what VACUUM copies aside stays out of the temporary folder; a commit is on
    # the disk when it returns (FULL, not NORMAL), so that it survives a power cut as well as kill -9
    for pragma in (
        "foreign_keys = ON",
        "secure_delete = ON",
        "temp_store = MEMORY",
        "page_size = 16384",  # 4096 would hold one 512-d vector and waste half
        "synchronous = FULL",
        "fullfsync = ON",  # macOS
    ):
        db.execute(f"PRAGMA {pragma}")
    return db


def let_readers_in(db: sqlite3.Connection) -> None:
    """WAL: readers never wait for the writer. The file's header remembers it."""
    db.execute("PRAGMA journal_mode = WAL").fetchone()


def connect_read_only(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing, also where nothing can be written."""
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


def pragma(db: sqlite3.Connection, name: str) -> int:
    """The value of a PRAGMA that is a number."""
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


def is_written_to(path: Path) -> bool:
    """Whether something waits in a log beside it, so that it may be growing just now; or it is not there yet."""
    log = beside(path, "-wal")
    return not path.is_file() or (log.exists() and log.stat().st_size > 0)


def file_identity(path: Path) -> tuple[int, int] | None:
    """Tells a file from any other that has been under its name; None: there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def unusable(path: Path, error: sqlite3.Error) -> StoreError:
    """The sentence on a file that SQLite cannot open."""
    if "not a database" in str(error):
        text = "not a gallery (not an SQLite file); name a gallery, or a new file to make one"
    elif "malformed" in str(error):
        text = f"the gallery is damaged ({error}); restore a copy of it"
    elif "full" in str(error):
        text = f"the gallery cannot be written ({error}); {ROOM}"
    else:
        text = f"the gallery cannot be opened ({error}); use a file in a folder that you may write to"
    return StoreError(f"{path}: {text}")


@contextmanager
def transaction(db: sqlite3.Connection, path: Path) -> Iterator[None]:
    """All of the block's changes or none; on return they are on the disk.

    Raises:
        InputError: the block raised one (the file's name is added).
        StoreError: the disk or the file fails.
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
    except Contradicted as error:
        raise error.at(f"{path}: ") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def explain(error: BaseException, path: Path) -> None:
    """Full disks and damaged files are not bugs: they get a sentence. Broken constraints are: they pass."""
    if type(error) in (sqlite3.OperationalError, sqlite3.DatabaseError):
        raise StoreError(
            f"{path}: the gallery failed ({error}); {ROOM if 'full' in str(error) else SAFE}"
        ) from error
