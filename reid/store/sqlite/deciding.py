"""What people decide, written to a gallery file: the calls of `DecisionStore`."""

from collections.abc import Collection, Sequence

from reid.link_constraints import LinkConstraints
from reid.store.decision_store import DecisionStore
from reid.store.records import Bound, Decision
from reid.store.sqlite import (
    contradictions,
    corrections,
    decisions,
    erasing,
    journal,
    suppressions,
    taking_back,
)
from reid.store.sqlite.connection import naming
from reid.store.sqlite.open_gallery import OpenGallery
from reid.store.sqlite.prototypes import keep_varied
from reid.suppression import Suppressed, SuppressionKey
from reid.types import Tracklet, TrackletKey, person_name


class SqliteDecisions(OpenGallery, DecisionStore):
    """Decisions in one SQLite file."""

    def decisions(self, person_id: int | None = None) -> list[Decision]:
        return decisions.read(self._db, person_id)

    def bound(self, *, session: str = "", numbers: Collection[int] | None = None) -> list[Bound]:
        return decisions.bound(self._db, session, numbers)

    def told_apart(self) -> frozenset[tuple[int, int]]:
        return decisions.told_apart(self._db)

    def constraints(self, run_id: str, tracklets: Sequence[Tracklet]) -> LinkConstraints:
        return decisions.constraints(self._db, run_id, tracklets)

    def rename(self, person_id: int, label: str | None, *, by: str | None = None) -> int:
        with self._writing() as db:
            return corrections.rename(db, self._clock(), journal.existing(db, person_id), label, by)

    def merge(self, person_id: int, into: int, *, by: str | None = None, instead: bool = False) -> int:
        with self._writing() as db:
            people = journal.existing(db, person_id), journal.existing(db, into)
            number = corrections.join(db, self._clock(), *people, by, instead=instead)
            keep_varied(db, into, self.max_prototypes)
        return number

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
    ) -> int:
        with self._writing() as db:
            person_id, into = journal.existing(db, person_id), journal.existing(db, into)
            sightings = corrections.sightings_of(db, person_id, tracklets)
            number = corrections.reassign(db, self._clock(), person_id, sightings, into, by)
            keep_varied(db, into, self.max_prototypes)
        return number

    def apart(self, person_id: int, other_id: int, *, by: str | None = None) -> int:
        with self._writing() as db:
            people = journal.existing(db, person_id), journal.existing(db, other_id)
            return corrections.tell_apart(db, self._clock(), *people, by)

    def confirm(
        self,
        person_id: int,
        *,
        tracklets: Collection[tuple[str, TrackletKey]] | None = None,
        by: str | None = None,
    ) -> int:
        with self._writing() as db:
            person_id = journal.existing(db, person_id)
            chosen = None if tracklets is None else corrections.sightings_of(db, person_id, tracklets)
            return corrections.confirm(db, self._clock(), person_id, chosen, by)

    def ignore(self, person_id: int, *, by: str | None = None) -> int:
        with self._writing() as db:
            return corrections.ignore(db, self._clock(), journal.existing(db, person_id), by)

    def undo(self, number: int | None = None, *, by: str | None = None) -> Decision:
        with self._writing() as db:
            return taking_back.take_back(db, self._clock(), number, by, max_prototypes=self.max_prototypes)

    def overruled(self, number: int) -> list[Decision]:
        return contradictions.overruled(self._db, number)

    def redo(self, number: int | None = None, *, by: str | None = None) -> Decision:
        with self._writing() as db:
            return taking_back.put_back(db, self._clock(), number, by, max_prototypes=self.max_prototypes)

    def forget(self, person_id: int, *, by: str | None = None, suppress: SuppressionKey | None = None) -> int:
        with self._writing() as db:
            person_id = erasing.erasable(db, person_id)
            if suppress is not None:
                suppressions.add(db, person_id, suppress)
            number = erasing.forget(db, self._clock(), person_id, by)
        self._clean(person_name(person_id))
        return number

    def would_suppress(self, person_id: int, key: SuppressionKey) -> int:
        with naming(self.path):
            return len(suppressions.of_person(self._db, erasing.erasable(self._db, person_id), key))

    def in_recordings(self, person_id: int) -> int:
        return len(suppressions.in_recordings(self._db, person_id))

    def suppressed(self) -> list[Suppressed]:
        return suppressions.read(self._db)

    def drop_suppressed(self) -> int:
        with self._writing() as db:
            return suppressions.drop(db, self._clock())
