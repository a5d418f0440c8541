"""A gallery's file, opened and checked, made where it is missing, upgraded where it is of an earlier version."""

import os
import sqlite3
from functools import partial
from pathlib import Path

from reid.errors import InputError, StoreError
from reid.store.sqlite import schema
from reid.store.sqlite.cleaning import clean, must_clean
from reid.store.sqlite.connection import (
    connect_read_only,
    connect_writable,
    is_written_to,
    let_readers_in,
    pragma,
    unusable,
)
from reid.store.sqlite.damage import damage
from reid.store.sqlite.migrations import is_earlier, refuse_damaged, upgrade, upgraded_in_memory
from reid.text_file import check_regular


def connect(
    path: Path, *, encoder_id: str | None, read_only: bool, dimension: int | None = None
) -> sqlite3.Connection:
    """A checked connection in autocommit mode; creates the gallery when it is missing and may be.

    Who opens it for writing holds its `writer_lock`. Of a gallery of an earlier version that is opened for reading,
    the connection is to a copy in memory.

    Raises:
        InputError: there is none.
        StoreError: not a gallery, damaged, of a newer program, of another encoder, or not accessible.
    """
    if not path.exists() and (read_only or encoder_id is None):
        raise InputError(f"{path}: no such gallery; `reid video --gallery {path} ...` makes one")
    if not read_only and path.exists() and not os.access(path, os.W_OK):
        # SQLite would open it without complaint, and fail at the end of the run
        raise StoreError(f"{path}: the gallery may only be read; make the file writable or use another")
    if path.exists() and not path.is_dir():
        check_regular(path, "a gallery")
    size = 0 if is_written_to(path) else path.stat().st_size
    try:
        db = connect_read_only(path) if read_only else connect_writable(path)
    except sqlite3.Error as error:
        raise unusable(path, error) from error
    try:
        return _checked(db, path, size, encoder_id, dimension, read_only=read_only)
    except sqlite3.Error as error:
        db.close()
        raise unusable(path, error) from error
    except BaseException:
        db.close()
        raise


def _checked(
    db: sqlite3.Connection,
    path: Path,
    size: int,
    encoder_id: str | None,
    dimension: int | None,
    *,
    read_only: bool,
) -> sqlite3.Connection:
    """`db`, or what stands for it; a file that is not ours comes out of a refusal as it went in."""
    if not read_only and encoder_id is not None and schema.is_empty(db):
        schema.create(db, encoder_id)
    schema.check(db, path, encoder_id)
    if size % pragma(db, "page_size"):  # SQLite would fill the last page with zeros, without a word
        refuse_damaged(path, "its end is missing")
    if read_only and is_earlier(db):
        earlier, db = db, upgraded_in_memory(db, path)
        earlier.close()
    wrong = partial(damage, db, schema.TABLES, dimension, with_vectors=encoder_id is not None)
    if is_earlier(db):
        upgrade(db, path, wrong)
    else:
        refuse_damaged(path, wrong())
    if not read_only:
        let_readers_in(db)
        if must_clean(db):
            clean(db, path)  # an erasure was interrupted
    return db
