"""Decisions of any thread about a live site: its engine's thread makes them, and the last minutes follow at once."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from reid.live.identity.changes import Renamed
from reid.live.identity.decisions import Decisions, Place
from reid.live.loop import Engine
from reid.store.deciding import Deciding
from reid.store.records import Decision

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteDecisions(Deciding):
    """Decides about a live site. `by` is always the live page, which has one token for all its users."""

    engine: Engine

    def rename(self, person_id: int, label: str | None, *, by: str | None = None) -> int:
        return self._ask(lambda _: self._rename(person_id, label))

    def merge(self, person_id: int, into: int, *, by: str | None = None, instead: bool = False) -> int:
        return self._ask(lambda decisions: decisions.merge(person_id, into, instead=instead))

    def split(
        self,
        person_id: int,
        tracklets: Collection[Place],
        *,
        new: int | None = None,
        by: str | None = None,
    ) -> int:
        if new is not None:
            raise ValueError("a live site gives its people their numbers itself")
        return self._ask(lambda decisions: decisions.split_tracklets(person_id, tracklets))

    def split_stays(self, person_id: int, appearance_ids: Collection[str]) -> int:
        """As `split`, by the ids of stays, as events name them."""
        return self._ask(lambda decisions: decisions.split(person_id, appearance_ids))

    def reassign(
        self, person_id: int, tracklets: Collection[Place], into: int, *, by: str | None = None
    ) -> int:
        return self._ask(lambda decisions: decisions.reassign(person_id, tracklets, into))

    def apart(self, person_id: int, other_id: int, *, by: str | None = None) -> int:
        return self._ask(lambda decisions: decisions.apart(person_id, other_id))

    def confirm(
        self, person_id: int, *, tracklets: Collection[Place] | None = None, by: str | None = None
    ) -> int:
        return self._ask(lambda decisions: decisions.confirm(person_id, tracklets))

    def ignore(self, person_id: int, *, by: str | None = None) -> int:
        return self._ask(lambda decisions: decisions.ignore(person_id))

    def undo(self, number: int | None = None, *, by: str | None = None) -> Decision:
        return self._ask(lambda decisions: decisions.undo(number))

    def redo(self, number: int | None = None, *, by: str | None = None) -> Decision:
        return self._ask(lambda decisions: decisions.redo(number))

    def _rename(self, person_id: int, label: str | None) -> int:
        site = self.engine.site
        number = site.unit_of_work.perform(Renamed(person_id=person_id, label=label))
        site.registry.gallery.anchor(person_id)
        return number

    def _ask(self, job: Callable[[Decisions], T]) -> T:
        """What the engine's thread answers; a re-clustering that began before knows nothing of it, and is dropped."""
        found: list[T] = []

        def order() -> None:
            found.append(job(self.engine.site.registry.decisions))
            self.engine.reclusterer.drop()

        self.engine.commands.give(order)
        return found[0]
