"""The people of a site, kept between runs in one SQLite file: the truth, of which the index is a cache."""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from reid.errors import InputError
from reid.lock import Lock
from reid.store.sqlite import corrections, journal, live_run, pruning, runs
from reid.store.sqlite.live_run import Record
from reid.store.sqlite.prototypes import keep_varied, prototypes_of_all, to_vectors
from reid.store.sqlite.pruning import Erased, Named
from reid.store.sqlite.runs import Sighting
from reid.store.sqlite.schema import connect, explain, naming, transaction
from reid.store.sqlite.writer_lock import writer_lock
from reid.types import Array, Embeddings, Identity, Tracklet, TrackletKey, person_name
from reid.wall_clock import WallClock


def _now() -> datetime:
    return datetime.now(UTC)


def _identity(path: Path) -> tuple[int, int] | None:
    """Tells a file from any other that has been under its name; None: there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


class Store:
    """A gallery file, open. One process writes; others may read meanwhile, and see whole runs only."""

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
        self._file = _identity(path)
        self._lock = lock
        self._clock = clock

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        encoder_id: str | None,
        dimension: int | None = None,
        read_only: bool = False,
        max_prototypes: int = 32,
        clock: Callable[[], datetime] = _now,
    ) -> Self:
        """Open a gallery; a missing one is made if it may be written and `encoder_id` is given.

        Args:
            encoder_id: whose vectors it must hold; None takes any existing gallery.
            dimension: length of that encoder's vectors, where it is known.
            max_prototypes: vectors kept per person at most.

        Raises:
            InputError: missing, not a gallery, damaged, of a newer program or another encoder, or another
                process writes it.
        """
        if max_prototypes < 1:
            raise ValueError(f"max_prototypes must be at least 1, got {max_prototypes}")
        path = Path(path)
        lock = None if read_only else writer_lock(path)
        try:
            db = connect(path, encoder_id=encoder_id, dimension=dimension, read_only=read_only)
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        store = cls(path, db, lock, max_prototypes, clock)
        if lock is not None and corrections.must_clean(db):
            try:
                corrections.clean(db, path)  # an erasure was interrupted
            except BaseException as error:
                store.__exit__(type(error), error, error.__traceback__)
                raise
        return store

    def close(self) -> None:
        """Let the next writer in. SQLite folds the WAL into the file with the last connection."""
        self._db.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if error is not None:
            explain(error, self.path)

    @property
    def read_only(self) -> bool:
        """Whether this store may only be read."""
        return self._lock is None

    # what linking needs ---

    @property
    def generation(self) -> str:
        """Changes with every commit; whoever caches something of the store compares it."""
        return str(self._db.execute("SELECT generation FROM gallery").fetchone()[0])

    def identities(self, *, without_run: str | None = None) -> list[Identity]:
        """Everybody with their prototypes, by id; `tracklets` is empty, because those are names within a run.

        Args:
            without_run: as if this run had never been committed: what a repeated run is matched against.
                Exact for the latest run; for older ones, vectors that they displaced are gone.
        """
        rows = self._db.execute(
            """SELECT s.person_id, x.vector FROM sightings s LEFT JOIN prototypes x
               ON x.sighting_id = s.sighting_id AND (x.evicted_by IS NULL OR x.evicted_by = :run)
               WHERE s.run_id IS NOT :run ORDER BY s.person_id, x.prototype_id""",
            {"run": without_run},
        ).fetchall()
        people = []
        for person_id, group in groupby(rows, key=lambda row: row[0]):
            vectors = to_vectors(self._db, [blob for _, blob in group if blob is not None])
            prototypes = Embeddings(vectors=vectors, encoder_id=self.encoder_id)
            people.append(Identity(person_id=person_id, tracklets=(), prototypes=prototypes, known=True))
        return people

    def prototypes(self) -> tuple[str, NDArray[np.int64], Array]:
        """What an index is made of, all of one moment: generation, person ids (P,), unit vectors (P, D)."""
        self._db.execute("BEGIN")
        try:
            return self.generation, *prototypes_of_all(self._db)
        finally:
            self._db.execute("ROLLBACK")

    def next_person_id(self) -> int:
        """The first id that nobody ever had; a run numbers its new people from here on."""
        return runs.next_person_id(self._db)

    def former_ids(self, run_id: str, tracklets: Sequence[Tracklet] | None = None) -> dict[TrackletKey, int]:
        """Who each tracklet of an already committed run shows, after all corrections; empty for a new run.

        Args:
            tracklets: of the run as it is now. With other settings a number may mean another tracklet: those
                that are not of about the same time as the former ones of their number are left out.
        """
        return runs.former_ids(self._db, run_id, tracklets)

    def runs(self) -> list[str]:
        """Ids of the committed runs, in the order of their start."""
        return [row[0] for row in self._db.execute("SELECT run_id FROM runs ORDER BY started, run_id")]

    # what people ask ---

    def people(self) -> list[journal.Person]:
        """Everybody in numbers, by id."""
        return journal.people(self._db)

    def sightings(self, person_id: int) -> list[journal.SeenAt]:
        """Where and when one person was seen, and why each sighting was linked to them."""
        return journal.sightings(self._db, person_id)

    def history(self, person_id: int | None = None) -> list[journal.Entry]:
        """The journal, oldest first; of one person, or of everybody."""
        return journal.read(self._db, person_id)

    def find(self, who: str | int) -> int:
        """The id of who is meant by a label, `P0007` or 7; InputError if nobody is."""
        with naming(self.path):
            return journal.find(self._db, str(who).strip())

    def ids_of(self, person_id: int) -> list[int]:
        """All numbers that a person ever had: theirs, and those of whoever was merged into them."""
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
    ) -> None:
        """Write a whole run, or nothing: people, sightings, links, prototypes. On return it is on the disk.

        A run that is there already is replaced: people that only it showed go, unless it shows them again.
        People are given by id: those of `identities`, of `former_ids`, or new ones from `next_person_id` on.
        Sightings of nobody (`person_id` None) are not kept. The order of `sightings` does not matter. `clock` says
        when second 0 of the sightings was.

        Raises:
            ValueError: vectors of another encoder or size, a tracklet twice, an id that was somebody else's.
            InputError: the store is read-only, or the disk is full or fails; nothing is stored then.
        """
        named = [s for s in sightings if s.match.person_id is not None]
        runs.check(self._db, self.encoder_id, named)
        with self._writing() as db:
            run = runs.Run(run_id=run_id, started=started, cameras=tuple(sorted(cameras)), clock=clock)
            runs.replace(db, self._clock(), run, named, max_prototypes=self.max_prototypes)

    def record(self, record: Record) -> None:
        """Write what happened at a live site since the last call, or nothing of it. On return it is on the disk.

        Raises:
            ValueError: vectors of another encoder or size.
            InputError: the store is read-only, or the disk is full or fails; nothing is stored then.
        """
        runs.check_vectors(self._db, self.encoder_id, [s.sighting.embeddings for s in record.sightings])
        with self._writing() as db:
            live_run.write(db, self._clock(), record, max_prototypes=self.max_prototypes)

    # corrections ---

    def rename(self, person_id: int, label: str | None) -> None:
        """Give a person a label, or take it away; InputError if it is taken, empty or looks like an id."""
        with self._writing() as db:
            corrections.rename(db, self._clock(), self._existing(person_id), label)

    def merge(self, person_id: int, into: int) -> None:
        """Two people turned out to be one: everything of `person_id` becomes part of `into`."""
        with self._writing() as db:
            corrections.merge(db, self._clock(), self._existing(person_id), self._existing(into))
            keep_varied(db, into, self.max_prototypes)

    def forget(self, person_id: int) -> None:
        """Erase one person: vectors, sightings, label, journal. On return no byte of them is in the files.

        Raises:
            InputError: nobody has this id; or they are erased, but because a process still reads the gallery,
                their bytes stay in its files until it is next opened for writing.
        """
        with self._writing() as db:
            corrections.forget(db, self._clock(), self._existing(person_id))
        self._clean(person_name(person_id))

    def prune(self, older_than: datetime, *, named: Named = "keep", clean: bool = True) -> Erased:
        """Erase the sightings of runs that started before, and the people without any other.

        Args:
            named: keep: people with a name stay, with the sightings whose vectors they are recognised by.
            clean: on return no byte of it is in the files; else `clean` has to follow.

        Raises:
            InputError: as `forget`.
        """
        with self._writing() as db:
            erased = pruning.prune(db, self._clock(), older_than, named)
        if erased and clean:  # cleaning rewrites the file, which a live site asks for several times a day
            self.clean()
        return erased

    def would_prune(self, older_than: datetime, *, named: Named = "keep") -> Erased:
        """What `prune` would erase now."""
        self._require_writable()
        self._db.execute("BEGIN IMMEDIATE")
        try:
            return pruning.prune(self._db, self._clock(), older_than, named)
        finally:
            self._db.execute("ROLLBACK")

    def thin(self, most: int, *, clean: bool = True) -> Erased:
        """Erase the people seen longest ago, those without a name first, until `most` are left; see `prune`."""
        with self._writing() as db:
            erased = pruning.thin(db, self._clock(), most)
        if erased and clean:
            self.clean()
        return erased

    def newest(self) -> datetime | None:
        """The latest moment that is known to have been, see `pruning.newest`; None: the gallery knows of none."""
        return pruning.newest(self._db)

    def doubt_clock(self, session: str) -> None:
        """Note that the clock of this start of a live site may be wrong: what it stores does not date anything."""
        with self._writing() as db:
            pruning.doubt(db, self._clock(), session)

    def confirm_clock(self, session: str | None = None) -> None:
        """Note that a person took the clock of this moment for right."""
        with self._writing() as db:
            pruning.confirm(db, self._clock(), session)

    def clean(self) -> None:
        """Leave no byte in the files of what was erased; nothing to do where nothing was.

        Raises:
            InputError: another process reads the gallery, so they stay until it is next opened for writing.
        """
        if corrections.must_clean(self._db):
            self._clean("old sightings")

    def require_in_place(self) -> None:
        """Refuse to go on with a file that is not the gallery any more: what is written to it is lost.

        Raises:
            InputError: the file was moved, deleted or replaced since it was opened.
        """
        now = _identity(self.path)
        if now != self._file:
            what = "is gone: it was moved or deleted" if now is None else "was replaced by another file"
            raise InputError(
                f"{self.path}: the gallery {what} while it was in use; put it back, or start again with what is there"
            )

    def _require_writable(self) -> None:
        if self.read_only:
            raise InputError(f"{self.path}: opened for reading only; open it for writing to change it")

    def _existing(self, person_id: int) -> int:
        if not self._db.execute("SELECT 1 FROM people WHERE person_id = ?", (person_id,)).fetchone():
            return journal.find(self._db, person_name(person_id))  # raises, and says where they went
        return person_id

    def _clean(self, what: str) -> None:
        if not corrections.clean(self._db, self.path):
            raise InputError(
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
