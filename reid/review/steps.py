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
    """What was done and what was undone, the latest last.

    Decisions may end or go without a step of this session: other people decide too, and retention and erasure delete
    decisions. Such steps are passed over.
    """

    def __init__(self) -> None:
        self._done: list[PutOff | Decided] = []
        self._undone: list[Decided] = []

    def last(self, holding: Collection[int], is_open: Callable[[str], bool]) -> PutOff | Decided | None:
        """What undo takes back; None: nothing was done.

        Args:
            holding: decisions that hold.
            is_open: whether a question is open.
        """
        for step in reversed(self._done):
            if isinstance(step, PutOff):
                if is_open(step.question):
                    return step
            elif left := tuple(one for one in step if one in holding):
                return left
        return None

    def last_undone(self, undone: Collection[int]) -> Decided:
        """What redo does again; empty: nothing was undone, or something was decided since.

        Args:
            undone: decisions that do not hold.
        """
        left = (tuple(one for one in step if one in undone) for step in reversed(self._undone))
        return next((step for step in left if step), ())

    def put_off(self, step: PutOff) -> None:
        """Note that a question was put off."""
        self._done.append(step)

    def brought_back(self, step: PutOff) -> None:
        """Note that a step is undone which put a question off, the last one of it."""
        place = len(self._done) - 1 - self._done[::-1].index(step)
        del self._done[place]

    def decided(self, numbers: Decided) -> None:
        """Note decisions; what was undone before cannot be done again."""
        self._done.append(numbers)
        self._undone.clear()

    def undone(self, numbers: Decided) -> None:
        """Note that decisions of whatever step are undone."""
        self._keep(lambda number: number not in numbers)
        self._undone.append(numbers)

    def redone(self, numbers: Decided) -> None:
        """Note that decisions which were undone hold again."""
        left = (tuple(one for one in step if one not in numbers) for step in self._undone)
        self._undone = [step for step in left if step]
        self._done.append(numbers)

    def erased(self, holding: Collection[int]) -> None:
        """Forget the decisions that are erased with a person, and what was undone; `holding` are those left."""
        self._keep(lambda number: number in holding)
        self._undone.clear()

    def _keep(self, wanted: Callable[[int], bool]) -> None:
        left = [one if isinstance(one, PutOff) else tuple(filter(wanted, one)) for one in self._done]
        self._done = [one for one in left if one]
