"""A gallery carried over to another encoder: the same people, sightings and journal, other vectors.

The new gallery is made and checked beside the old one, and takes its place in one transaction of SQLite: killed at
any moment, the file is the old gallery or the new one, also for a process that reads it.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from reid.errors import InputError
from reid.store.files import INDEX_SUFFIXES, UNFINISHED, beside
from reid.store.records import Carried, StoredVector
from reid.store.sqlite import journal
from reid.store.sqlite.connection import explain
from reid.store.sqlite.copies import copy_to, give_name
from reid.store.sqlite.gallery_file import connect
from reid.store.sqlite.prototypes import stored
from reid.store.sqlite.runs import RunKey, keys
from reid.store.sqlite.schema import encoder_of
from reid.store.writer_lock import writer_lock
from reid.types import Array, person_name

_KEPT = (
    "people",
    "runs",
    "sightings",
    "clocks",
    "decisions",
    "decision_segments",
    "footage",
    "suppressed",
)  # tables that a conversion leaves as they are


class Former:
    """A gallery that is about to be converted: locked, whole, and open."""

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        self.path = path
        self._db = db
        self.encoder_id, self.dimension = db.execute("SELECT encoder_id, dimension FROM gallery").fetchone()

    def vectors(self) -> list[StoredVector]:
        """All prototypes, in the order that they were stored."""
        return stored(self._db)

    def runs(self) -> dict[RunKey, str]:
        """Ids of the runs by their start in whole seconds and their cameras, as results folders name them."""
        return {key: run_id for run_id, key in keys(self._db).items()}

    def names(self) -> dict[int, str]:
        """What people are called: label, or P0007."""
        rows = self._db.execute("SELECT person_id, label FROM people")
        return {person_id: label or person_name(person_id) for person_id, label in rows}

    def convert(
        self, vectors: Mapping[int, Array], encoder_id: str, carried: Carried, output: Path | None = None
    ) -> Path:
        """Make the new gallery, check it, and put it in the place of this one, or at `output`.

        Args:
            vectors: (E,) unit, by the prototype that each replaces; prototypes without one are left out.

        Returns:
            Where the former gallery lies: its new name, or that of before where there is an `output`.

        Raises:
            InputError: `output` is there already; the gallery is as it was then, as when the disk is full or fails.
        """
        file = self.path.resolve() if self.path.is_symlink() else self.path
        made = beside(output or file, UNFINISHED)
        lock = None if output is None else writer_lock(output)
        try:
            self._make(made, vectors, encoder_id, carried)
            if output is not None:
                if os.path.lexists(output):
                    raise InputError(f"--output {output}: is there already; name a new file")
                give_name(made, output)
                return self.path
            former = _free_name(file, self.encoder_id)
            copy = beside(former, UNFINISHED)
            try:
                copy_to(self._db, self.path, copy)
                give_name(copy, former)
            finally:
                copy.unlink(missing_ok=True)
            self._become(made)
            return former
        finally:
            made.unlink(missing_ok=True)
            if lock is not None:
                lock.release()

    def _make(self, made: Path, vectors: Mapping[int, Array], encoder_id: str, carried: Carried) -> None:
        """The new gallery in the file `made`, on the disk and checked."""
        copy_to(self._db, self.path, made)
        dimension = len(next(iter(vectors.values()))) if vectors else None
        with closing(sqlite3.connect(made, isolation_level=None)) as db:
            for pragma in ("foreign_keys = ON", "temp_store = MEMORY", "journal_mode = MEMORY"):
                db.execute(f"PRAGMA {pragma}")
            db.execute("BEGIN IMMEDIATE")
            db.execute(
                "UPDATE gallery SET encoder_id = ?, dimension = ?, generation = ?",
                (encoder_id, dimension, uuid4().hex),
            )
            stored = [row[0] for row in db.execute("SELECT prototype_id FROM prototypes")]
            db.executemany(
                "DELETE FROM prototypes WHERE prototype_id = ?", [(i,) for i in stored if i not in vectors]
            )
            rows = (
                (vector.astype("<f4").tobytes(), prototype_id) for prototype_id, vector in vectors.items()
            )
            db.executemany("UPDATE prototypes SET vector = ? WHERE prototype_id = ?", rows)
            facts = {"former": self.encoder_id, "encoder": encoder_id, "crops": carried.crops}
            facts |= {"mapped": carried.mapped, "dropped": carried.dropped, "map_cosine": carried.loss}
            journal.append(db, datetime.now(UTC), "converted", **facts)
            db.execute("COMMIT")
        self._check(made, encoder_id, dimension, len(vectors))

    def _check(self, made: Path, encoder_id: str, dimension: int | None, vectors: int) -> None:
        """Refuse what is not this gallery with other vectors, as a bug or a bad disk would make it."""
        with closing(connect(made, encoder_id=encoder_id, dimension=dimension, read_only=True)) as db:
            for table in _KEPT:
                if _rows(db, table) != _rows(self._db, table):
                    raise RuntimeError(f"{made}: the table {table} is not that of {self.path}")
            lines = _rows(self._db, "journal")
            if _rows(db, "journal")[: len(lines)] != lines or len(_rows(db, "prototypes")) != vectors:
                raise RuntimeError(f"{made}: journal or vectors are not those of {self.path}")

    def _become(self, made: Path) -> None:
        """One transaction: SQLite's backup writes the pages of `made` over those of this gallery."""
        with closing(sqlite3.connect(made)) as db:
            db.backup(self._db)
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        for suffix in INDEX_SUFFIXES:
            beside(self.path.resolve(), suffix).unlink(missing_ok=True)


@contextmanager
def converting(path: Path, *, in_place: bool = True) -> Iterator[Former]:
    """A gallery, locked for its conversion.

    Args:
        in_place: whether it will be converted in its own file; otherwise that is not changed.

    Raises:
        InputError: there is none.
        StoreError: it cannot be read, or it is damaged.
        Busy: another process writes it.
    """
    if not path.exists():
        raise InputError(f"{path}: no such gallery")
    lock = writer_lock(path)
    try:
        with closing(connect(path, encoder_id=encoder_of(path), read_only=not in_place)) as db:
            yield Former(path, db)
    except sqlite3.Error as error:
        explain(error, path)
        raise
    finally:
        lock.release()


def _rows(db: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    return db.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()


def _free_name(path: Path, encoder_id: str) -> Path:
    """`site.1c3e50cd086d127c.db` for `site.db`; with a number behind where that is taken."""
    for number in range(1, 1000):
        more = "" if number == 1 else f"-{number}"
        name = path.with_name(f"{path.stem}.{encoder_id}{more}{path.suffix}")
        if not os.path.lexists(name):
            return name
    raise InputError(f"{path}: there are a thousand former galleries beside it; move them away")
