"""Undo and redo in a review session: of decisions, also of earlier sessions, and of questions that were put off."""

from collections.abc import Callable, Iterable, Sequence

from reid.errors import InputError
from reid.review.queue import Queue
from reid.review.steps import Decided, PutOff, Steps
from reid.store.deciding import Deciding
from reid.store.records import Decision


class TakingBack:
    """Undo and redo of the steps of a review.

    Args:
        decide: undoes and redoes decisions.
        by: login or page that decides.
        decisions: what was decided by now, oldest first; others may decide too.
        renew: reads again what decisions of some kinds changed.
        alone: whether undo goes on with the decisions of earlier sessions; else it ends with those of this one.
    """

    def __init__(
        self,
        queue: Queue,
        steps: Steps,
        decide: Deciding,
        *,
        by: str | None,
        decisions: Callable[[], Sequence[Decision]],
        renew: Callable[[Iterable[str]], None],
        alone: bool,
    ) -> None:
        self._queue, self._steps, self._decide = queue, steps, decide
        self._by, self._decisions, self._renew = by, decisions, renew
        self._alone = alone

    def undo(self, number: int | None = None) -> Decision | None:
        """Take back a decision, also of an earlier session; None: a question was put off.

        Args:
            number: of the decision; None: the last thing done.

        Raises:
            InputError: there is nothing to undo, or it cannot be, as a later decision is about the same people.
        """
        step = self._last() if number is None else (number,)
        if isinstance(step, PutOff):
            self._queue.bring_back(step)
            self._steps.brought_back(step)
            return None
        if not step and not self._alone:
            raise InputError("nothing that was decided here is left to undo; undo others by their number")
        numbers: tuple[int | None, ...] = step or (None,)  # None: the gallery says that there is none
        undone: list[Decision] = []
        try:
            for one in reversed(numbers):
                undone.append(self._decide.undo(one, by=self._by))
        finally:
            if undone:
                self._steps.undone(tuple(one.number for one in reversed(undone)))
                self._renew(one.kind for one in undone)
        return undone[0]

    def redo(self) -> Decision:
        """Do again what undo took back last in this session.

        Raises:
            InputError: there is nothing, because nothing was undone or something was decided since.
        """
        numbers = self._last_undone()
        if not numbers:
            raise InputError(
                "there is nothing to do again: nothing was undone, or something was decided since"
            )
        redone: list[Decision] = []
        try:
            for number in numbers:
                redone.append(self._decide.redo(number, by=self._by))
        finally:
            if redone:
                self._steps.redone(tuple(one.number for one in redone))
                self._renew(one.kind for one in redone)
        return redone[-1]

    @property
    def undoes(self) -> str | None:
        """Name of the step that undo takes back; None: there is none."""
        step = self._last()
        return f"question {step.question}" if isinstance(step, PutOff) else _named(step)

    @property
    def redoes(self) -> str | None:
        """Name of the step that redo does again; None: there is none."""
        return _named(self._last_undone())

    def _last(self) -> PutOff | Decided:
        """What undo takes back; empty: there is nothing."""
        # an erasure cannot be undone
        undoable = [one.number for one in self._decisions() if one.undone is None and one.kind != "erased"]
        earlier = tuple(undoable[-1:]) if self._alone else ()
        return self._steps.last(set(undoable), self._queue.asks) or earlier

    def _last_undone(self) -> Decided:
        """What redo does again; empty: there is nothing."""
        return self._steps.last_undone({one.number for one in self._decisions() if one.undone is not None})


def _named(numbers: Decided) -> str | None:
    match numbers:
        case ():
            return None
        case (number,):
            return f"decision {number}"
    return f"decisions {numbers[0]} to {numbers[-1]}"
