"""The part of the interface of a gallery that keeps what people decide."""

from collections.abc import Collection, Sequence
from typing import Protocol

from reid.link_constraints import LinkConstraints
from reid.store.records import Bound, Decision
from reid.suppression import Suppressed, SuppressionKey
from reid.types import Tracklet, TrackletKey


class DecisionStore(Protocol):
    """Decisions: what people said of identities, which linking keeps.

    `by` says who decided, a login or the live page. Each call returns the number of the decision, a split that of the
    new person.
    """

    def decisions(self, person_id: int | None = None) -> list[Decision]:
        """What people decided, oldest first; about one person and those merged into them, or about all."""

    def bound(self) -> list[Bound]:
        """The sightings that decisions are about which hold; names bind none, and neither do live sites."""

    def told_apart(self) -> frozenset[tuple[int, int]]:
        """Pairs of people, smaller id first, that a decision which holds says to be two."""

    def constraints(self, run_id: str, tracklets: Sequence[Tracklet]) -> LinkConstraints:
        """What decisions say of the tracklets of a run, which are recognised by camera, time and boxes."""

    def rename(self, person_id: int, label: str | None, *, by: str | None = None) -> int:
        """Give a person a label, or take it away; InputError if it is taken, empty or looks like an id."""

    def merge(self, person_id: int, into: int, *, by: str | None = None, instead: bool = False) -> int:
        """Merge two people: all of `person_id` becomes part of `into`, also when their recordings are linked again.

        Args:
            instead: earlier decisions that they are different people end; else they refuse it.

        Raises:
            InputError: they were decided to be different people.
        """

    def split(
        self,
        person_id: int,
        tracklets: Collection[tuple[str, TrackletKey]],
        *,
        new: int | None = None,
        by: str | None = None,
    ) -> int:
        """Make some of a person's tracklets (run and key) a new person, who stays another one; the new id.

        Args:
            new: number of the new person, which was never given; None: the next one.

        Raises:
            InputError: one is not of this person, or they are all, or none.
        """

    def reassign(
        self,
        person_id: int,
        tracklets: Collection[tuple[str, TrackletKey]],
        into: int,
        *,
        by: str | None = None,
    ) -> int:
        """Give some of a person's tracklets (run and key) to another person; raises as `split`."""

    def apart(self, person_id: int, other_id: int, *, by: str | None = None) -> int:
        """Keep that two people who are there are two; nothing moves.

        Raises:
            InputError: they are one already, or a decision says so already.
        """

    def confirm(
        self,
        person_id: int,
        *,
        tracklets: Collection[tuple[str, TrackletKey]] | None = None,
        by: str | None = None,
    ) -> int:
        """Keep that tracklets of a person (run and key) show one person; None: all of theirs.

        Raises:
            InputError: one is not of this person, or there is none.
        """

    def ignore(self, person_id: int, *, by: str | None = None) -> int:
        """Keep that what was taken for a person is none, and drop its sightings."""

    def undo(self, number: int | None = None, *, by: str | None = None) -> Decision:
        """Take back a decision, the latest that holds where no number is given; what it was.

        What the decision changed is put back as it was, as far as its runs were not replaced since; linking the run
        again does the rest.

        Raises:
            InputError: there is none, it was undone or cannot be, or a later one is about the same people.
        """

    def overruled(self, number: int) -> list[Decision]:
        """The earlier decisions that hold and contradict decision `number`, which counts more than they do."""

    def redo(self, number: int | None = None, *, by: str | None = None) -> Decision:
        """Put back a decision that was undone, the last one where no number is given; what it is.

        What the undo changed is put back as it was, as far as its runs were not replaced since.

        Raises:
            InputError: there is none, it holds, or what was decided since about the same people comes first.
        """

    def forget(self, person_id: int, *, by: str | None = None, suppress: SuppressionKey | None = None) -> int:
        """Erase one person: vectors, sightings, label, journal, decisions, and the copies that upgrades left.

        What was ignored is erased by the number that it had. On return no byte of them is in the files.

        Args:
            suppress: keep, with this key, digests of where they were in recordings, so that repeated runs leave those
                tracklets out. Live sites are not processed again: of them nothing is kept.

        Raises:
            InputError: there is no person of this id; or which recordings show them is not known.
            Busy: they are erased, but because a process still reads the gallery, their bytes stay in its files
                until it is next opened for writing.
        """

    def in_recordings(self, person_id: int) -> int:
        """How many tracklets of recordings show a person, also one that was ignored: repeated runs find them."""

    def would_suppress(self, person_id: int, key: SuppressionKey) -> int:
        """How many tracklets `forget` would suppress; raises as it does."""

    def suppressed(self) -> list[Suppressed]:
        """The suppression list: a row for each tracklet of erased people that is to be left out."""

    def drop_suppressed(self) -> int:
        """Drop the suppression list, so that repeated runs find who was erased again; how many tracklets it had."""
