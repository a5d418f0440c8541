"""The part of the interface of a gallery that keeps what people decide."""

from collections.abc import Collection, Sequence
from typing import Protocol

from reid.link_constraints import LinkConstraints
from reid.store.deciding import Deciding
from reid.store.records import Bound, Decision
from reid.suppression import Suppressed, SuppressionKey
from reid.types import Tracklet


class DecisionStore(Deciding, Protocol):
    """Decisions: what people said of identities, which linking keeps.

    `by` says who decided, a login or the live page.
    """

    def decisions(self, person_id: int | None = None) -> list[Decision]:
        """What people decided, oldest first; about one person and those merged into them, or about all."""

    def bound(self, *, session: str = "", numbers: Collection[int] | None = None) -> list[Bound]:
        """The sightings that decisions are about which hold; names bind none.

        Args:
            session: only those of this start of a live site.
            numbers: only those that these decisions are about; None: all decisions.
        """

    def told_apart(self) -> frozenset[tuple[int, int]]:
        """Pairs of people, smaller id first, that a decision which holds says to be two."""

    def constraints(self, run_id: str, tracklets: Sequence[Tracklet]) -> LinkConstraints:
        """What decisions say of the tracklets of a run, which are recognised by camera, time and boxes."""

    def overruled(self, number: int) -> list[Decision]:
        """The earlier decisions that hold and contradict decision `number`, which counts more than they do."""

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
