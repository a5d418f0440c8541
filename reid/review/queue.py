"""The queue of a review: the questions that are asked, those that were put off and those that were answered."""

from collections.abc import Callable

from reid.errors import InputError
from reid.review.records import Question, Reply
from reid.review.site import ReviewSite


class Queue:
    """Questions of a site, most worth first.

    Args:
        ask: computes them.
    """

    def __init__(self, site: ReviewSite, ask: Callable[[ReviewSite], list[Question]]) -> None:
        self._site, self._ask = site, ask
        self._put_off: dict[str, Reply] = {}  # unsure and skip, by question
        self._answers: dict[str, int] = {}  # decisions by question: these may bind nothing
        self._all: list[Question] | None = None

    def all(self) -> list[Question]:
        """Questions without an answer that holds, the skipped ones among them."""
        if self._all is None:
            holding = {one.number for one in self._site.store.decisions() if one.undone is None}
            asked = self._ask(self._site)
            self._all = [one for one in asked if self._answers.get(one.id) not in holding]
        return self._all

    def open(self) -> list[Question]:
        """Those to be asked in this session: without skipped ones, unsure ones at the end."""
        asked = [one for one in self.all() if self._put_off.get(one.id) != "skip"]
        return sorted(asked, key=lambda one: one.id in self._put_off)  # stable: unsure ones keep their order

    def asks(self, question_id: str) -> bool:
        """Whether a question of that id is among `all`."""
        return any(one.id == question_id for one in self.all())

    def find(self, question_id: str) -> Question:
        """The question of an id.

        Raises:
            InputError: it is answered, or its people are others since.
        """
        found = next((one for one in self.all() if one.id == question_id), None)
        if found is None:
            raise InputError(
                f"question {question_id!r} is not open any more: it is answered, or its people changed since"
            )
        return found

    def put_off(self, question_id: str, reply: Reply | None) -> Reply | None:
        """Keep that a question is unsure or skipped, or neither; what it was before."""
        before = self._put_off.pop(question_id, None)
        if reply is not None:
            self._put_off[question_id] = reply
        return before

    def answered(self, question_id: str, decision: int) -> None:
        """Keep that a decision answers a question as long as it holds."""
        self._answers[question_id] = decision

    def renew(self) -> None:
        """Compute the questions again when they are asked for: what they are about has changed."""
        self._all = None
