"""The people of a site, kept between runs in one SQLite file: the truth, of which the index is a cache."""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Self
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from reid.errors import Busy, InputError, StoreError
from reid.link_constraints import LinkConstraints
from reid.lock import Lock
from reid.registry import NoSettings
from reid.store.base import NO_FOOTAGE, Store
from reid.store.records import (
    Bound,
    Decision,
    Erased,
    JournalEntry,
    Named,
    PersonSummary,
    Record,
    Run,
    SeenAt,
    Sighting,
    StoredVector,
)
from reid.store.sqlite import (
    cleaning,
    contradictions,
    corrections,
    decisions,
    journal,
    live_run,
    pruning,
    runs,
    suppressions,
    taking_back,
)
from reid.store.sqlite.connection import explain, file_identity, naming, transaction
from reid.store.sqlite.gallery_file import connect
from reid.store.sqlite.prototypes import keep_varied, prototypes_by_person, prototypes_of_all, stored
from reid.store.writer_lock import writer_lock
from reid.suppression import Footage, Suppressed, SuppressionKey
from reid.types import Array, Embeddings, Identity, Tracklet, TrackletKey, person_name
from reid.wall_clock import WallClock


class SqliteStore(Store):
    """A gallery in one SQLite file, open; its calls are described in `Store`.

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

    @classmethod
    def open(
        cls,
        settings: NoSettings,
        path: Path,
        *,
        encoder_id: str | None,
        dimension: int | None,
        read_only: bool,
        max_prototypes: int,
        clock: Callable[[], datetime],
    ) -> Self:
        """A row of `STORES`; see `open_store`."""
        if max_prototypes < 1:
            raise ValueError(f"max_prototypes must be at least 1, got {max_prototypes}")
        lock = None if read_only else writer_lock(path)
        try:
            db = connect(path, encoder_id=encoder_id, dimension=dimension, read_only=read_only)
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        return cls(path, db, lock, max_prototypes, clock)

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

    # what linking needs ---

    @property
    def generation(self) -> str:
        return str(self._db.execute("SELECT generation FROM gallery").fetchone()[0])

    def identities(self, *, without_run: str | None = None) -> list[Identity]:
        return [
            Identity(
                person_id=person_id,
                tracklets=(),
                prototypes=Embeddings(vectors=vectors, encoder_id=self.encoder_id),
                known=True,
            )
            for person_id, vectors in prototypes_by_person(self._db, without_run)
        ]

    def prototypes(self) -> tuple[str, NDArray[np.int64], Array]:
        self._db.execute("BEGIN")
        try:
            return self.generation, *prototypes_of_all(self._db)
        finally:
            self._db.execute("ROLLBACK")

    def next_person_id(self) -> int:
        return runs.next_person_id(self._db)

    def former_ids(self, run_id: str, tracklets: Sequence[Tracklet] | None = None) -> dict[TrackletKey, int]:
        return runs.former_ids(self._db, run_id, tracklets)

    def runs(self) -> list[str]:
        return runs.ids(self._db)

    def vectors(self) -> list[StoredVector]:
        return stored(self._db)

    # what people ask ---

    def people(self) -> list[PersonSummary]:
        return journal.people(self._db)

    def sightings(self, person_id: int) -> list[SeenAt]:
        return journal.sightings(self._db, person_id)

    def history(self, person_id: int | None = None) -> list[JournalEntry]:
        return journal.read(self._db, person_id)

    def all_sightings(self) -> list[SeenAt]:
        return journal.all_sightings(self._db)

    def decisions(self, person_id: int | None = None) -> list[Decision]:
        return decisions.read(self._db, person_id)

    def bound(self) -> list[Bound]:
        return decisions.bound(self._db)

    def told_apart(self) -> frozenset[tuple[int, int]]:
        return decisions.told_apart(self._db)

    def find(self, who: str | int) -> int:
        with naming(self.path):
            return journal.find(self._db, str(who).strip())

    def ids_of(self, person_id: int) -> list[int]:
        return journal.absorbed(self._db, person_id)

    # writing ---

    def commit_run(
        self,
        run_id: str,
        sightings: Sequence[Sighting],
        *,
        started: datetime,
        cameras: Collection[str] = (),
        clock: WallClock | None = None,
        footage: Mapping[str, Footage] = NO_FOOTAGE,
    ) -> None:
        named = [s for s in sightings if s.match.person_id is not None]
        runs.check(self._db, self.encoder_id, named)
        with self._writing() as db:
            run = Run(run_id=run_id, started=started, cameras=tuple(sorted(cameras)), clock=clock)
            runs.replace(db, self._clock(), run, named, max_prototypes=self.max_prototypes)
            suppressions.keep_footage(db, run_id, footage)

    def record(self, record: Record) -> None:
        runs.check_vectors(self._db, self.encoder_id, [s.sighting.embeddings for s in record.sightings])
        with self._writing() as db:
            live_run.write(db, self._clock(), record, max_prototypes=self.max_prototypes)

    # decisions ---

    def constraints(self, run_id: str, tracklets: Sequence[Tracklet]) -> LinkConstraints:
        return decisions.constraints(self._db, run_id, tracklets)

    def rename(self, person_id: int, label: str | None, *, by: str | None = None) -> None:
        with self._writing() as db:
            corrections.rename(db, self._clock(), journal.existing(db, person_id), label, by)

    def merge(self, person_id: int, into: int, *, by: str | None = None, instead: bool = False) -> None:
        with self._writing() as db:
            people = journal.existing(db, person_id), journal.existing(db, into)
            corrections.join(db, self._clock(), *people, by, instead=instead)
            keep_varied(db, into, self.max_prototypes)

    def split(
        self,
        person_id: int,
        tracklets: Collection[tuple[str, TrackletKey]],
        *,
        new: int | None = None,
        by: str | None = None,
    ) -> int:
        with self._writing() as db:
            person_id = journal.existing(db, person_id)
            sightings = corrections.sightings_of(db, person_id, tracklets)
            new = corrections.split(db, self._clock(), person_id, sightings, new, by)
            for one in (person_id, new):
                keep_varied(db, one, self.max_prototypes)
        return new

    def reassign(
        self,
        person_id: int,
        tracklets: Collection[tuple[str, TrackletKey]],
        into: int,
        *,
        by: str | None = None,
    ) -> None:
        with self._writing() as db:
            person_id, into = journal.existing(db, person_id), journal.existing(db, into)
            sightings = corrections.sightings_of(db, person_id, tracklets)
            corrections.reassign(db, self._clock(), person_id, sightings, into, by)
            keep_varied(db, into, self.max_prototypes)

    def apart(self, person_id: int, other_id: int, *, by: str | None = None) -> None:
        with self._writing() as db:
            people = journal.existing(db, person_id), journal.existing(db, other_id)
            corrections.tell_apart(db, self._clock(), *people, by)

    def confirm(
        self,
        person_id: int,
        *,
        tracklets: Collection[tuple[str, TrackletKey]] | None = None,
        by: str | None = None,
    ) -> None:
        with self._writing() as db:
            person_id = journal.existing(db, person_id)
            chosen = None if tracklets is None else corrections.sightings_of(db, person_id, tracklets)
            corrections.confirm(db, self._clock(), person_id, chosen, by)

    def ignore(self, person_id: int, *, by: str | None = None) -> None:
        with self._writing() as db:
            corrections.ignore(db, self._clock(), journal.existing(db, person_id), by)

    def undo(self, number: int | None = None, *, by: str | None = None) -> Decision:
        with self._writing() as db:
            return taking_back.take_back(db, self._clock(), number, by, max_prototypes=self.max_prototypes)

    def overruled(self, number: int) -> list[Decision]:
        return contradictions.overruled(self._db, number)

    def redo(self, number: int | None = None, *, by: str | None = None) -> Decision:
        with self._writing() as db:
            return taking_back.put_back(db, self._clock(), number, by, max_prototypes=self.max_prototypes)

    def forget(
        self, person_id: int, *, by: str | None = None, suppress: SuppressionKey | None = None
    ) -> None:
        with self._writing() as db:
            person_id = journal.existing(db, person_id)
            if suppress is not None:
                suppressions.add(db, person_id, suppress)
            corrections.forget(db, self._clock(), person_id, by)
        self._clean(person_name(person_id))

    def would_suppress(self, person_id: int, key: SuppressionKey) -> int:
        with naming(self.path):
            return len(suppressions.of_person(self._db, journal.existing(self._db, person_id), key))

    def suppressed(self) -> list[Suppressed]:
        return suppressions.read(self._db)

    def drop_suppressed(self) -> int:
        with self._writing() as db:
            return suppressions.drop(db, self._clock())

    # retention ---

    def prune(self, older_than: datetime, *, named: Named = "keep", clean: bool = True) -> Erased:
        with self._writing() as db:
            erased = pruning.prune(db, self._clock(), older_than, named)
        cleaning.erase_old_backups(self.path, older_than)
        if erased and clean:  # cleaning rewrites the file, which a live site asks for several times a day
            self.clean()
        return erased

    def would_prune(self, older_than: datetime, *, named: Named = "keep") -> Erased:
        self._require_writable()
        self._db.execute("BEGIN IMMEDIATE")
        try:
            return pruning.prune(self._db, self._clock(), older_than, named)
        finally:
            self._db.execute("ROLLBACK")

    def thin(self, most: int, *, clean: bool = True) -> Erased:
        with self._writing() as db:
            erased = pruning.thin(db, self._clock(), most)
        if erased and clean:
            self.clean()
        return erased

    def newest(self) -> datetime | None:
        return pruning.newest(self._db)

    def doubt_clock(self, session: str) -> None:
        with self._writing() as db:
            pruning.doubt(db, self._clock(), session)

    def confirm_clock(self, session: str | None = None) -> None:
        with self._writing() as db:
            pruning.confirm(db, self._clock(), session)

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
