"""Steps of a review session, in the order in which undo and redo take them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from reid.review.records import Reply


@dataclass(frozen=True, slots=True)
class Turn:
    """When a question is asked in a session, and why it was put off."""

    number: int  # 0: among those that were not put off; the later, the greater
    reply: Reply | None = None  # unsure or skip


NOT_PUT_OFF = Turn(0)


@dataclass(frozen=True, slots=True)
class PutOff:
    """A step that decided nothing: a question was put off."""

    question: str
    before: Turn


Decided = tuple[int, ...]  # numbers of the decisions that were made at once, and are undone at once


class Steps:
    """What was done and what was undone, the latest last."""

    def __init__(self) -> None:
        self._done: list[PutOff | Decided] = []
        self._undone: list[Decided] = []

    @property
    def last(self) -> PutOff | Decided | None:
        """What undo takes back; None: nothing was done."""
        return self._done[-1] if self._done else None

    @property
    def last_undone(self) -> Decided | None:
        """What redo does again; None: nothing was undone, or something was decided since."""
        return self._undone[-1] if self._undone else None

    def put_off(self, step: PutOff) -> None:
        """Note that a question was put off."""
        self._done.append(step)

    def brought_back(self) -> None:
        """Note that the last step is undone, which put a question off."""
        self._done.pop()

    def decided(self, numbers: Decided) -> None:
        """Note decisions; what was undone before cannot be done again."""
        self._done.append(numbers)
        self._undone.clear()

    def undone(self, numbers: Decided) -> None:
        """Note that decisions of whatever step are undone."""
        self._keep(lambda number: number not in numbers)
        self._undone.append(numbers)

    def redone(self, numbers: Decided) -> None:
        """Note that decisions of the step that was undone last hold again."""
        left = tuple(one for one in self._undone.pop() if one not in numbers)
        if left:
            self._undone.append(left)
        self._done.append(numbers)

    def erased(self, holding: Collection[int]) -> None:
        """Forget the decisions that are erased with a person, and what was undone; `holding` are those left."""
        self._keep(lambda number: number in holding)
        self._undone.clear()

    def _keep(self, wanted: Callable[[int], bool]) -> None:
        left = [one if isinstance(one, PutOff) else tuple(filter(wanted, one)) for one in self._done]
        self._done = [one for one in left if one]
