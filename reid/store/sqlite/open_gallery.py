"""A gallery file that is open: its connection, its lock, its transactions, and the end of an erasure."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Self
from uuid import uuid4

from reid.errors import Busy, InputError, StoreError
from reid.lock import Lock
from reid.store.sqlite import cleaning
from reid.store.sqlite.connection import explain, file_identity, transaction


class OpenGallery:
    """What all parts of a store of one SQLite file have in common.

    SQLite folds the log (WAL) into the file when the last connection is closed.
    """

    def __init__(
        self,
        path: Path,
        db: sqlite3.Connection,
        lock: Lock | None,
        max_prototypes: int,
        clock: Callable[[], datetime],
    ) -> None:
        self.path = path
        self.encoder_id: str = db.execute("SELECT encoder_id FROM gallery").fetchone()[0]
        self.max_prototypes = max_prototypes
        self._db = db
        self._file = file_identity(path)
        self._lock = lock
        self._clock = clock

    def close(self) -> None:
        self._db.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.close()
        if error is not None:
            explain(error, self.path)

    @property
    def read_only(self) -> bool:
        return self._lock is None

    def note_page(self, address: str) -> None:
        if self._lock is not None:
            self._lock.note_page(address)

    def clean(self) -> None:
        if cleaning.must_clean(self._db):
            self._clean("old sightings")

    def require_in_place(self) -> None:
        now = file_identity(self.path)
        if now != self._file:
            what = "is gone: it was moved or deleted" if now is None else "was replaced by another file"
            raise StoreError(
                f"{self.path}: the gallery {what} while it was in use; put it back, or start again with what is there"
            )

    def _require_writable(self) -> None:
        if self.read_only:
            raise InputError(f"{self.path}: opened for reading only; open it for writing to change it")

    def _clean(self, what: str) -> None:
        if not cleaning.clean(self._db, self.path):
            raise Busy(
                f"{self.path}: {what} erased, but another process still reads the gallery, so bytes of it "
                "stay in its files; they go when the gallery is next opened for writing without a reader"
            )

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self._require_writable()
        self.require_in_place()
        with transaction(self._db, self.path):
            yield self._db
            self._db.execute("UPDATE gallery SET generation = ?", (uuid4().hex,))
