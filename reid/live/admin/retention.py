"""What is older than it may be kept is erased while the site runs, unless the clock that says so may be wrong."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from reid.errors import InputError, ReidError
from reid.live.admin.control import Keeper, do_all
from reid.live.capture.system_clock import is_synchronised
from reid.live.identity.changes import Pruned
from reid.live.loop import Engine
from reid.store.base import Store
from reid.store.records import Erased, Named

log = logging.getLogger(__name__)

START_S = 600.0  # after a start: time to set the clock, or to stop what was started with the wrong settings
PERIOD_S = 6 * 3600.0  # erasing rewrites the gallery's file
AGAIN_S = 600.0
LOOK_S = 30.0  # between looks at a clock that is doubted
SAY_S = 3600.0
DAY_S = 86400.0
NOTICE = "retention"


@dataclass(slots=True, kw_only=True, eq=False)
class Retention:
    """Call `tick` about once a second from the engine's thread. Make it before the site stores anything.

    A clock that is wrong makes everything old. It is believed as far as half of `days` beyond the last moment that is
    known: the newest sighting of earlier starts, from then on each moment at which it was believed, and the time that
    passed. Beyond that, nothing is erased by age until the system says that its clock is synchronised, or a person
    confirms it.

    Args:
        days: that everything is kept; None: for ever.
        most_people: that the gallery keeps; None: all.
        named: what `days` does to people with a name.
        keepers: of what the gallery does not keep.
        synchronised: whether the system calls its clock right.
    """

    days: float | None
    most_people: int | None
    named: Named = "keep"
    engine: Engine
    store: Store
    keepers: Sequence[Keeper] = ()
    synchronised: Callable[[], bool] = is_synchronised
    _known: tuple[float, float] | None = None  # wall clock, and the monotonic one at that moment
    _next_s: float | None = None
    _say_s: float = 0.0
    _doubted: bool = False
    _erased: Counter[str] = field(default_factory=Counter)

    def tick(self, now_s: float, monotonic_s: float) -> None:
        """Erase what is too old, now and then."""
        if self._next_s is None:  # the start
            self._next_s = monotonic_s + START_S
            moment = self.store.newest()
            self._known = (now_s if moment is None else moment.timestamp(), monotonic_s)
        # who is not on the disk yet is not gone
        if monotonic_s < self._next_s or self.engine.site.unit_of_work.behind:
            return
        self._next_s = monotonic_s + PERIOD_S
        try:
            do_all([partial(self._prune_or_wait, now_s, monotonic_s), self._thin])
        except (ReidError, OSError) as error:
            # a reader of the gallery, or a full disk: no reason to watch no more
            self._next_s = min(self._next_s, monotonic_s + AGAIN_S)
            log.warning("erasing what is old: %s; tried again in %.0f minutes", error, AGAIN_S / 60)

    def confirm(self, now_s: float, monotonic_s: float) -> None:
        """A person says that the clock is right: erase what is old by it.

        Raises:
            InputError: nothing waits for that, or the gallery cannot be written.
        """
        if not self._doubted:
            raise InputError("nothing waits for the clock to be confirmed")
        self.store.confirm_clock(self.engine.site.unit_of_work.session)
        log.warning("the clock was confirmed by a person: what is old by it is erased")
        self._known = now_s, monotonic_s
        self._next_s = 0.0

    def _prune_or_wait(self, now_s: float, monotonic_s: float) -> None:
        if self.days is None:
            return
        assert self._known is not None
        ahead_s = now_s - self._known[0] - (monotonic_s - self._known[1])
        if ahead_s > self.days * DAY_S / 2 and not self.synchronised():
            self._next_s = monotonic_s + LOOK_S
            self._wait(ahead_s, now_s, monotonic_s)
            return
        self._known = now_s, monotonic_s
        if self._doubted:
            self._doubted = False
            self.engine.site.state.set_notice(NOTICE, None)
            log.info("the clock is taken for right now: what is old by it is erased")
        self._prune(now_s - self.days * DAY_S)

    def _wait(self, ahead_s: float, now_s: float, monotonic_s: float) -> None:
        if self._doubted and monotonic_s < self._say_s:
            return
        text = (
            f"nothing is erased by age: the clock ({datetime.fromtimestamp(now_s, UTC):%Y-%m-%d %H:%M} UTC) is "
            f"{ahead_s / DAY_S:.0f} days ahead of the last sighting, which is more than half of retention.days "
            f"({self.days:g}), and the system does not call it synchronised; set it, or confirm it on the page, or "
            "with `reid gallery prune` while this program is stopped"
        )
        log.warning("%s", text)
        self.engine.site.state.set_notice(NOTICE, text)
        if not self._doubted:
            self.store.doubt_clock(self.engine.site.unit_of_work.session)
        self._doubted, self._say_s = True, monotonic_s + SAY_S

    def _prune(self, before_s: float) -> None:
        site = self.engine.site
        site.state.prune(before_s)
        erased: Counter[str] = Counter()

        def of(keeper: Keeper) -> None:
            erased[keeper.keeps] += keeper.prune(before_s)

        def in_gallery() -> None:
            gone = self.store.prune(datetime.fromtimestamp(before_s, UTC), named=self.named, clean=False)
            self._gone(gone, erased)
            site.unit_of_work.tell(Pruned(before_s=site.clock.site_s(before_s)))
            self.store.clean()

        try:
            do_all([*(partial(of, keeper) for keeper in self.keepers), in_gallery])
        finally:  # they are erased, even where their bytes stay for a while
            self._tell(erased, f"older than {self.days:g} days")

    def _thin(self) -> None:
        if self.most_people is None:
            return
        erased: Counter[str] = Counter()
        self._gone(self.store.thin(self.most_people, clean=False), erased)
        self._tell(erased, f"beyond {self.most_people} people")
        self.store.clean()

    def _gone(self, gone: Erased, erased: Counter[str]) -> None:
        erased["people"] += len(gone.people)
        erased["sightings"] += gone.sightings
        self._forget_the_gone()

    def _tell(self, erased: Counter[str], why: str) -> None:
        self.engine.site.state.add_erased(erased)
        if what := [f"{count} {name}" for name, count in erased.items() if count]:
            log.info("erased what was %s: %s", why, ", ".join(what))

    def _forget_the_gone(self) -> None:
        registry = self.engine.site.registry
        gallery, held = registry.gallery, {one.number for one in self.store.decisions()}
        ignored = {
            person_id
            for number, person_id in registry.decisions.left_out.people.items()
            if number not in held
        }
        recent = {one.person_id for one in gallery.recent.values() if one.person_id is not None}
        kept = {person.person_id for person in self.store.people()}
        for person_id in (recent | set(gallery.memory.people)) - kept | ignored:
            self.engine.forget(person_id)
