"""The interface of what decides about identities: a gallery, or the live site that has it open."""

from collections.abc import Collection
from typing import Protocol

from reid.store.records import Decision
from reid.types import TrackletKey


class Deciding(Protocol):
    """Makes decisions, and takes them back; `by` says who decided, a login or the live page.

    Each call that decides returns the number of the decision, a split the new person.
    """

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

    def redo(self, number: int | None = None, *, by: str | None = None) -> Decision:
        """Put back a decision that was undone, the last one where no number is given; what it is.

        What the undo changed is put back as it was, as far as its runs were not replaced since.

        Raises:
            InputError: there is none, it holds, or what was decided since about the same people comes first.
        """
