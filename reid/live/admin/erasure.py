"""Erasing a person everywhere: what fails is tried again until it is done, and every answer says what is left."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from reid.errors import InputError, ReidError
from reid.live.admin.control import Keeper
from reid.live.identity.unit_of_work import BY
from reid.live.loop import Engine
from reid.store.base import Store
from reid.types import person_name

log = logging.getLogger(__name__)

AGAIN_S = 30.0
NOTICE = "erasure"


@dataclass(slots=True, kw_only=True, eq=False)
class _Left:
    """What is still to be erased of one person."""

    numbers: Sequence[int]  # all that they ever had
    keepers: list[Keeper]
    why: dict[str, str]  # by what is kept

    def sentence(self, name: str) -> str:
        """What is left, and why."""
        return f"of {name} " + "; ".join(f"{what} are left ({why})" for what, why in self.why.items())


@dataclass(slots=True, kw_only=True, eq=False)
class Erasure:
    """Erases people from the site, what it shows, the store, and whatever else keeps something of them.

    Args:
        keepers: of what the store does not keep.
    """

    engine: Engine
    store: Store
    keepers: Sequence[Keeper] = ()
    _left: dict[int, _Left] = field(default_factory=dict)
    _next_s: float = 0.0

    def erase(self, person_id: int) -> None:
        """Erase a person; what cannot be erased now is erased by `tick` as soon as it can be.

        Raises:
            InputError: there is no such person; or not all could be erased, and what is left.
        """
        left = self._left.get(person_id)
        if left is None:
            if person_id not in {one.person_id for one in self.engine.site.state.people()}:
                self.store.find(
                    person_id, ignored=True
                )  # else events and page may have more than the gallery
            numbers = self.store.ids_of(person_id)
            self.engine.forget(*numbers)
            left = _Left(numbers=numbers, keepers=list(self.keepers), why={})
        self._try(person_id, left)
        if left.why:
            raise InputError(
                f"{person_name(person_id)} is not erased everywhere yet: {left.sentence(person_name(person_id))}; "
                f"all else is erased, and this is tried again every {AGAIN_S:g} s"
            )

    def tick(self, monotonic_s: float) -> None:
        """Try again what could not be erased; call it about once a second."""
        if not self._left or monotonic_s < self._next_s:
            return
        self._next_s = monotonic_s + AGAIN_S
        for person_id, left in list(self._left.items()):
            self._try(person_id, left)

    @property
    def left(self) -> str:
        """What could not be erased until now; empty where nothing is left."""
        return "; ".join(one.sentence(person_name(number)) for number, one in self._left.items())

    def _try(self, person_id: int, left: _Left) -> None:
        """The store last: where it says that a reader keeps bytes of it alive, all else is done."""
        again, left.why = left.keepers, {}
        left.keepers = [keeper for keeper in again if not _gone(keeper, left)]
        try:
            if _known(self.store, person_id):
                self.store.forget(person_id, by=BY)
            else:  # erased, but maybe bytes of them are left
                self.store.clean()
        except (ReidError, OSError) as error:
            left.why["vectors and sightings"] = _reason(error)
        before = self._left.pop(person_id, None)
        if left.why:
            self._left[person_id] = left
            if before is None:
                log.error("%s; tried again every %g s", left.sentence(person_name(person_id)), AGAIN_S)
        elif before is not None:
            log.warning("%s is erased everywhere now", person_name(person_id))
        self.engine.site.state.set_notice(NOTICE, f"not erased yet: {self.left}" if self._left else None)


def _gone(keeper: Keeper, left: _Left) -> bool:
    """Whether a keeper has erased all that it had of a person."""
    for number in left.numbers:
        try:
            keeper.forget(number)
        except (ReidError, OSError) as error:
            left.why[keeper.keeps] = _reason(error)
    return keeper.keeps not in left.why


def _known(store: Store, person_id: int) -> bool:
    """Whether the store has something of a person of that number, or of what was ignored under it."""
    try:
        store.find(person_id, ignored=True)
    except InputError:
        return False
    return True


def _reason(error: ReidError | OSError) -> str:
    if isinstance(error, OSError):
        return ": ".join(str(part) for part in (error.filename, error.strerror or error) if part)
    return str(error)
