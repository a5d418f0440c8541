"""The people of a site, kept between runs in one SQLite file: the truth, of which the index is a cache."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from reid.registry import NoSettings
from reid.store.base import NO_FOOTAGE, Store
from reid.store.records import (
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
from reid.store.rules import number_of
from reid.store.sighting_table import SightingTable
from reid.store.sqlite import (
    cleaning,
    erasing,
    journal,
    live_run,
    pruning,
    runs,
    searchable,
    suppressions,
)
from reid.store.sqlite.connection import naming
from reid.store.sqlite.deciding import SqliteDecisions
from reid.store.sqlite.gallery_file import connect
from reid.store.sqlite.prototypes import prototypes_by_person, prototypes_of_all, stored
from reid.store.writer_lock import writer_lock
from reid.suppression import Footage
from reid.types import Array, Embeddings, Identity, Tracklet, TrackletKey
from reid.wall_clock import WallClock


class SqliteStore(SqliteDecisions, Store):
    """A gallery in one SQLite file, open; its calls are described in `Store`."""

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

    # what linking needs ---

    @property
    def generation(self) -> str:
        return str(self._db.execute("SELECT generation FROM gallery").fetchone()[0])

    def identities(
        self, *, without_run: str | None = None, people: Collection[int] | None = None
    ) -> list[Identity]:
        return [
            Identity(
                person_id=person_id,
                tracklets=(),
                prototypes=Embeddings(vectors=vectors, encoder_id=self.encoder_id),
                known=True,
            )
            for person_id, vectors in prototypes_by_person(self._db, without_run, people)
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

    def started(self, run_id: str) -> datetime:
        with naming(self.path):
            return runs.started(self._db, run_id)

    def vectors(self) -> list[StoredVector]:
        return stored(self._db)

    def sighting_table(self) -> SightingTable:
        self._db.execute("BEGIN")
        try:
            return searchable.table(self._db, self.encoder_id)
        finally:
            self._db.execute("ROLLBACK")

    # what people ask ---

    def people(self) -> list[PersonSummary]:
        return journal.people(self._db)

    def labels(self, people: Collection[int]) -> dict[int, str | None]:
        return journal.labels(self._db, people)

    def sightings(self, person_id: int | None = None, *, session: str = "") -> list[SeenAt]:
        return journal.sightings(self._db, person_id, session)

    def history(self, person_id: int | None = None) -> list[JournalEntry]:
        return journal.read(self._db, person_id)

    def find(self, who: str | int, *, ignored: bool = False) -> int:
        name = str(who).strip()
        number = number_of(name) if ignored else None
        if number is not None and erasing.not_a_person(self._db, number) is not None:
            return number
        with naming(self.path):
            return journal.find(self._db, name)

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
