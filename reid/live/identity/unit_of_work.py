"""What happened is told once it is on the disk: a program killed in between has told nothing that it forgets."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from reid.errors import InputError
from reid.events import Event, Fact, Kind
from reid.store.sqlite.live_run import Live, Moved, Record
from reid.store.sqlite.store import Store
from reid.types import TrackletKey

log = logging.getLogger(__name__)

MOST_WAITING = 10_000  # of events, and of each kind of change


@dataclass(slots=True, kw_only=True, eq=False)
class UnitOfWork:
    """Collects one round's changes and events; `commit` writes the first, then tells the second.

    Args:
        session: of this start of the program; makes event ids that are never given twice.
        tell: takes each event, and the seconds since its picture was decoded if it is about one.
        clock: monotonic seconds, on which pictures are decoded.
    """

    store: Store
    session: str
    tell: Callable[[Event, float | None], None]
    clock: Callable[[], float] = time.monotonic
    lost: int = 0  # events that were dropped because too many waited
    _count: int = 0
    _trouble: str | None = None
    _events: list[tuple[Event, float | None]] = field(default_factory=list)
    _sightings: list[Live] = field(default_factory=list)
    _moved: list[Moved] = field(default_factory=list)
    _dropped: list[tuple[str, TrackletKey]] = field(default_factory=list)
    _merged: list[tuple[int, int]] = field(default_factory=list)

    def event(
        self,
        kind: Kind,
        at_s: float,
        *,
        camera_id: str | None,
        person_id: int | None = None,
        decoded_s: float | None = None,
        **facts: Fact,
    ) -> None:
        """Tell this with the next commit."""
        self._count += 1
        event = Event(
            event_id=f"{self.session}-{self._count}",
            kind=kind,
            at_s=at_s,
            camera_id=camera_id,
            person_id=person_id,
            facts=facts,
        )
        self._events.append((event, decoded_s))

    def sighting(self, live: Live) -> None:
        """Write this with the next commit."""
        self._sightings.append(live)

    def moved(self, move: Moved) -> None:
        """Write this with the next commit."""
        self._moved.append(move)

    def dropped(self, run_id: str, key: TrackletKey) -> None:
        """Write this with the next commit."""
        self._dropped.append((run_id, key))

    def merged(self, old: int, new: int) -> None:
        """Write this with the next commit."""
        self._merged.append((old, new))

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
        return f"{self._trouble}; {len(self._events)} events wait until it can be written{lost}"

    def check(self) -> None:
        """Find out whether the gallery is still in its place, also where there is nothing to write."""
        try:
            self.store.require_in_place()
        except InputError as error:
            self._fail(error)
        else:
            if self._trouble is not None and not self._record():
                self._works()

    def commit(self) -> None:
        """Write, then tell; what the disk has no room for waits for the next time, with its events.

        At most MOST_WAITING events wait: beyond, the oldest are dropped, and the oldest changes with them.
        """
        record = self._record()
        try:
            if record:
                self.store.record(record)
            elif self._trouble is not None:
                self.store.require_in_place()
        except InputError as error:
            self._fail(error)
            self._bound()
            return
        if self._trouble is not None:
            self._works()
        self._sightings, self._moved, self._dropped, self._merged = [], [], [], []
        events, self._events = self._events, []
        for event, decoded_s in events:
            self.tell(event, None if decoded_s is None else self.clock() - decoded_s)

    def _record(self) -> Record:
        return Record(
            sightings=self._sightings, moved=self._moved, dropped=self._dropped, merged=self._merged
        )

    def _fail(self, error: InputError) -> None:
        if self._trouble is None:
            log.error("%s; until it can be written nothing is told", error)
        self._trouble = str(error)

    def _works(self) -> None:
        lost = f", and {self.lost} more were dropped" if self.lost else ""
        log.warning("the gallery is written again; %d events had to wait%s", len(self._events), lost)
        self._trouble = None

    def _bound(self) -> None:
        """Drop the oldest of what is too much to wait: a site watches on, however long its disk is full."""
        if len(self._sightings) > MOST_WAITING:  # most are the same ones again, better known
            newest = {(one.run.run_id, one.sighting.match.tracklet): one for one in self._sightings}
            self._sightings = list(newest.values())
        excess = len(self._events) - MOST_WAITING
        if excess > 0 and not self.lost:
            log.error("more than %d events wait for the gallery: the oldest are dropped", MOST_WAITING)
        self.lost += max(excess, 0)
        for waiting in (self._events, self._sightings, self._moved, self._dropped, self._merged):
            del waiting[: max(0, len(waiting) - MOST_WAITING)]
