"""What is older than it may be kept is erased while the site runs, and whoever was not seen since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from reid.gallery.store import Store
from reid.live.control import Keeper
from reid.live.engine import Engine

PERIOD_S = 6 * 3600.0  # erasing rewrites the gallery's file


@dataclass(slots=True, kw_only=True, eq=False)
class Retention:
    """Call `tick` about once a second from the engine's thread.

    Args:
        days: that everything is kept; None: for ever.
        keepers: of what the gallery does not keep.
    """

    days: float | None
    engine: Engine
    store: Store
    keepers: Sequence[Keeper] = ()
    _next_s: float = 0.0

    def tick(self, now_s: float) -> None:
        """Erase what is too old, now and then; the first time at the start."""
        if self.days is None or now_s < self._next_s:
            return
        self._next_s = now_s + PERIOD_S
        before_s = now_s - self.days * 86400
        for keeper in self.keepers:
            keeper.prune(before_s)
        self.engine.board.prune(before_s)
        if self.store.prune(datetime.fromtimestamp(before_s, UTC)):
            self._forget_the_gone()

    def _forget_the_gone(self) -> None:
        gallery = self.engine.site.gallery
        recent = {one.person_id for one in gallery.recent.values() if one.person_id is not None}
        kept = {person.person_id for person in self.store.people()}
        for person_id in (recent | set(gallery.memory.people)) - kept:
            self.engine.thoughts.drop()
            self.engine.site.forget(person_id)
            self.engine.lately.forget(person_id)
