"""The interface of a gallery: what linking jobs, the live site, the commands and the index use of it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from reid.store.decision_store import DecisionStore
from reid.store.records import (
    Erased,
    JournalEntry,
    Named,
    PersonSummary,
    Record,
    SeenAt,
    Sighting,
    StoredVector,
)
from reid.store.sighting_table import SightingTable
from reid.suppression import Footage
from reid.types import Array, Identity, Tracklet, TrackletKey
from reid.wall_clock import WallClock

NO_FOOTAGE: Mapping[str, Footage] = {}


@runtime_checkable
class Store(DecisionStore, Protocol):
    """An open gallery. One process writes; others may read meanwhile, and see whole runs only.

    Every call that writes is durable when it returns, or has changed nothing. All of them raise InputError where the
    gallery was opened for reading, and StoreError where the disk is full or fails, or the gallery is gone.
    """

    path: Path
    encoder_id: str  # of the encoder whose vectors it holds

    def close(self) -> None:
        """Let the next writer in."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None: ...

    @property
    def read_only(self) -> bool:
        """Whether it was opened for reading only."""

    def note_page(self, address: str) -> None:
        """Tell programs that want to write meanwhile on which page of a live site people can be corrected."""

    # what linking needs ---

    @property
    def generation(self) -> str:
        """A stamp that changes with every commit; it dates what is cached of the gallery."""

    def identities(
        self, *, without_run: str | None = None, people: Collection[int] | None = None
    ) -> list[Identity]:
        """All people with their prototypes, by id; `tracklets` is empty, because those are names within a run.

        Args:
            people: only these.
            without_run: as if this run had never been committed: what a repeated run is matched against.
                Exact for the latest run; for older ones, vectors that they displaced are gone.
        """

    def prototypes(self) -> tuple[str, NDArray[np.int64], Array]:
        """What an index is made of, all of one moment: generation, person ids (P,), unit vectors (P, D)."""

    def next_person_id(self) -> int:
        """The next unused person id; ids are never given twice, and a run numbers its new people from here on."""

    def former_ids(self, run_id: str, tracklets: Sequence[Tracklet] | None = None) -> dict[TrackletKey, int]:
        """The person of each tracklet of an already committed run, after all corrections; empty for a new run.

        Args:
            tracklets: of the run as it is now. With other settings a number may mean another tracklet: those
                that are not of about the same time as the former ones of their number are left out.
        """

    def runs(self) -> list[str]:
        """Ids of the committed runs, in the order of their start."""

    def started(self, run_id: str) -> datetime:
        """When a committed run started; InputError if there is none of this id."""

    def vectors(self) -> list[StoredVector]:
        """All vectors that are kept, each with its person and the sighting that it was seen in."""

    def sighting_table(self) -> SightingTable:
        """All sightings with their mean vectors, all of one moment: what a search compares a photo with."""

    # what people ask ---

    def people(self) -> list[PersonSummary]:
        """All people in numbers, by id."""

    def labels(self, people: Collection[int]) -> dict[int, str | None]:
        """The labels of those of these people who are there."""

    def sightings(self, person_id: int | None = None, *, session: str = "") -> list[SeenAt]:
        """Where and when one person was seen, or all were, and why each sighting was linked to them.

        Args:
            session: only runs of this start of a live site.
        """

    def history(self, person_id: int | None = None) -> list[JournalEntry]:
        """The journal, oldest first; of one person and of those merged into them, or of all."""

    def find(self, who: str | int, *, ignored: bool = False) -> int:
        """The id of the person that a label, `P0007` or 7 names; InputError if there is none.

        Args:
            ignored: also a number of what a decision says is no person, of which there may be something to erase.
        """

    def ids_of(self, person_id: int) -> list[int]:
        """All ids that a person ever had: their own, and those of people merged into them."""

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
        """Write a whole run: people, sightings, links, prototypes.

        A run that is there already is replaced: people that only it showed go, unless it shows them again.
        People are given by id: those of `identities`, of `former_ids`, or new ones from `next_person_id` on.
        Sightings without a person are not kept. The order of `sightings` does not matter.

        Args:
            clock: when second 0 of the sightings was.
            footage: the recordings by camera, so that who is erased can be kept out of repeated runs.

        Raises:
            ValueError: vectors of another encoder or size, a tracklet twice, an id that was another person's.
        """

    def record(self, record: Record) -> None:
        """Write what happened at a live site since the last call.

        Raises:
            ValueError: vectors of another encoder or size.
        """

    # retention ---

    def prune(self, older_than: datetime, *, named: Named = "keep", clean: bool = True) -> Erased:
        """Erase the sightings of runs that started before, and the people without any other.

        Args:
            named: keep: people with a name stay, with the sightings whose vectors they are recognised by.
            clean: on return no byte of it is in the files; else `clean` has to follow.

        Raises:
            Busy: as `forget`.
        """

    def would_prune(self, older_than: datetime, *, named: Named = "keep") -> Erased:
        """What `prune` would erase now."""

    def thin(self, most: int, *, clean: bool = True) -> Erased:
        """Erase the people seen longest ago, those without a name first, until `most` are left; see `prune`."""

    def clean(self) -> None:
        """Leave no byte in the files of what was erased; nothing to do where nothing was.

        Raises:
            Busy: another process reads the gallery, so they stay until it is next opened for writing.
        """

    def newest(self) -> datetime | None:
        """The latest moment that is known to have been: of the newest run whose clock was not doubted, or of the
        last confirmation of the clock; None: there is none."""

    def doubt_clock(self, session: str) -> None:
        """Note that the clock of this start of a live site may be wrong: what it stores does not date anything."""

    def confirm_clock(self, session: str | None = None) -> None:
        """Note that a person took the clock of this moment for right."""

    def require_in_place(self) -> None:
        """Refuse to go on with a file that is not the gallery any more: what is written to it is lost.

        Raises:
            StoreError: the file was moved, deleted or replaced since it was opened.
        """
