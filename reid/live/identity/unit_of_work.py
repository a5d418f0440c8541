"""Changes are handed on once they are on the disk: a program killed in between has told nothing that it forgets."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reid.errors import InputError, ReidError
from reid.live.identity.changes import (
    Change,
    Confirmed,
    Followed,
    Forgotten,
    Ignored,
    Merged,
    Pruned,
    Renamed,
    SplitByHand,
    Updated,
    names,
    record_of,
)
from reid.store.base import Store

log = logging.getLogger(__name__)

BY = "live page"  # who decided: it has one token for all its users
MOST_WAITING = 10_000  # of changes that are told of, and of those that are not

ByPerson = Renamed | Merged | SplitByHand | Confirmed | Ignored
Listener = Callable[[Sequence[Change]], None]


@dataclass(slots=True, kw_only=True, eq=False)
class UnitOfWork:
    """Collects one round's changes; `commit` writes them to the store, then hands the same list to every listener.

    Args:
        session: of this start of the program; begins the names of its runs.
        listeners: told of changes in their order, once they are written.
    """

    store: Store
    session: str
    listeners: Sequence[Listener] = ()
    lost: int = 0  # changes that were dropped because too many waited
    _trouble: str | None = None
    _changes: list[Change] = field(default_factory=list)

    def add(self, change: Change) -> None:
        """Write this with the next commit, and hand it on then."""
        self._changes.append(change)

    def perform(self, change: ByPerson) -> int:
        """Write at once what a person asked for, after all that waits, and hand it on; the number of the decision.

        Raises:
            InputError: it cannot be done, or the store cannot be written; nothing is changed then.
        """
        self.settle()
        number = self._decide(change)
        self._hand_on([change])
        return number

    def _decide(self, change: ByPerson) -> int:
        match change:
            case Renamed():
                return self.store.rename(change.person_id, change.label, by=BY)
            case Merged():
                return self.store.merge(change.old, change.new, by=BY, instead=change.instead)
            case SplitByHand():
                tracklets = [(one.run_id, one.key) for one in change.tracklets if one.run_id is not None]
                self.store.split(change.old, tracklets, new=change.new, by=BY)
                return self.store.decisions(change.new)[-1].number  # the only one about the new person
            case Confirmed():
                return self.store.confirm(change.person_id, by=BY)
            case Ignored():
                return self.store.ignore(change.person_id, by=BY)

    def settle(self) -> None:
        """Write all that waits.

        Raises:
            InputError: the store cannot be written.
        """
        self.commit()
        if self._trouble is not None:
            raise InputError(self._trouble)

    def tell(self, change: Followed | Pruned) -> None:
        """Hand on what was written already."""
        self._hand_on([change])

    def forget(self, change: Forgotten) -> None:
        """Drop what waits and says anything of these people, and tell the listeners that they are forgotten."""
        self._changes = [one for one in self._changes if not names(one, change.person_ids)]
        self._hand_on([change])

    @property
    def behind(self) -> bool:
        """Whether the gallery on the disk lacks what happened, because it could not be written."""
        return self._trouble is not None

    @property
    def trouble(self) -> str | None:
        """Why the gallery cannot be written, and what waits for that; None: it can."""
        if self._trouble is None:
            return None
        lost = f", {self.lost} were dropped" if self.lost else ""
        return f"{self._trouble}; {self._waiting()} events wait until it can be written{lost}"

    def check(self) -> None:
        """Find out whether the gallery is still in its place, also where there is nothing to write."""
        try:
            self.store.require_in_place()
        except ReidError as error:
            self._fail(error)
        else:
            if self._trouble is not None and not record_of(self._changes):
                self._works()

    def commit(self) -> None:
        """Write, then hand on; what the disk has no room for waits for the next time.

        At most MOST_WAITING changes that are told of wait: beyond, the oldest are dropped.
        """
        record = record_of(self._changes)
        try:
            if record:
                self.store.record(record)
            elif self._trouble is not None:
                self.store.require_in_place()
        except ReidError as error:
            self._fail(error)
            self._bound()
            return
        if self._trouble is not None:
            self._works()
        changes, self._changes = self._changes, []
        self._hand_on(changes)

    def _hand_on(self, changes: Sequence[Change]) -> None:
        if changes:
            for listener in self.listeners:
                listener(changes)

    def _waiting(self) -> int:
        return sum(not isinstance(one, Updated) for one in self._changes)

    def _fail(self, error: ReidError) -> None:
        if self._trouble is None:
            log.error("%s; until it can be written nothing is told", error)
        self._trouble = str(error)

    def _works(self) -> None:
        lost = f", and {self.lost} more were dropped" if self.lost else ""
        log.warning("the gallery is written again; %d events had to wait%s", self._waiting(), lost)
        self._trouble = None

    def _bound(self) -> None:
        """Drop the oldest of what is too much to wait: a site watches on, however long its disk is full."""
        silent = [one for one in self._changes if isinstance(one, Updated)]
        excess = len(self._changes) - len(silent) - MOST_WAITING
        if excess <= 0 and len(silent) <= MOST_WAITING:
            return
        if excess > 0 and not self.lost:
            log.error("more than %d events wait for the gallery: the oldest are dropped", MOST_WAITING)
        self.lost += max(excess, 0)
        newest = {one.appearance.key: one for one in silent}  # what was known before is known better by now
        kept = {id(one) for one in list(newest.values())[-MOST_WAITING:]}
        told = [one for one in self._changes if not isinstance(one, Updated)][max(excess, 0) :]
        kept |= {id(one) for one in told}
        self._changes = [one for one in self._changes if id(one) in kept]
