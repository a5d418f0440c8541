"""What is older than it may be kept is erased while the site runs, and whoever was not seen since."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from reid.errors import InputError
from reid.gallery.store import Store
from reid.live.control import Keeper, do_all
from reid.live.engine import Engine

log = logging.getLogger(__name__)

PERIOD_S = 6 * 3600.0  # erasing rewrites the gallery's file
AGAIN_S = 600.0


@dataclass(slots=True, kw_only=True, eq=False)
class Retention:
    """Call `tick` about once a second from the engine's thread.

    Args:
        days: that everything is kept; None: for ever.
        most_people: that the gallery keeps; None: all.
        keepers: of what the gallery does not keep.
    """

    days: float | None
    most_people: int | None
    engine: Engine
    store: Store
    keepers: Sequence[Keeper] = ()
    _next_s: float = 0.0

    def tick(self, now_s: float) -> None:
        """Erase what is too old, now and then; the first time at the start."""
        if now_s < self._next_s or self.engine.site.teller.behind:  # who is not on the disk yet is not gone
            return
        self._next_s = now_s + PERIOD_S
        try:
            if self.days is not None:
                self._prune(now_s - self.days * 86400)
            if self.most_people is not None:
                self._erase(partial(self.store.thin, self.most_people))
        except (InputError, OSError) as error:
            # a reader of the gallery, or a full disk: no reason to watch no more
            self._next_s = now_s + AGAIN_S
            log.warning("erasing what is old: %s; tried again in %.0f minutes", error, AGAIN_S / 60)

    def _prune(self, before_s: float) -> None:
        self.engine.board.prune(before_s)
        prune = partial(self.store.prune, datetime.fromtimestamp(before_s, UTC))
        do_all([*(partial(keeper.prune, before_s) for keeper in self.keepers), partial(self._erase, prune)])

    def _erase(self, erase: Callable[[], object]) -> None:
        try:
            erase()
        finally:  # they are erased, even where their bytes stay for a while
            self._forget_the_gone()

    def _forget_the_gone(self) -> None:
        gallery = self.engine.site.gallery
        recent = {one.person_id for one in gallery.recent.values() if one.person_id is not None}
        kept = {person.person_id for person in self.store.people()}
        for person_id in (recent | set(gallery.memory.people)) - kept:
            self.engine.thoughts.drop()
            self.engine.forget(person_id)
            self.engine.lately.forget(person_id)
