"""The queue of a review: the questions that are asked, those that were put off and those that were answered."""

from collections.abc import Callable

from reid.errors import InputError
from reid.review.records import Question, Reply
from reid.review.site import ReviewSite
from reid.review.steps import NOT_PUT_OFF, PutOff, Turn


class Queue:
    """Questions of a site, most worth first.

    Args:
        ask: computes them.
    """

    def __init__(self, site: ReviewSite, ask: Callable[[ReviewSite], list[Question]]) -> None:
        self._site, self._ask = site, ask
        self._put_off: dict[str, Turn] = {}  # unsure and skip, by question
        self._turn = 0  # of the latest that was put off
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
        """Those to be asked in this session: without skipped ones, unsure ones at the end, the latest last."""
        asked = [one for one in self.all() if self._put_off.get(one.id, NOT_PUT_OFF).reply != "skip"]
        return sorted(asked, key=lambda one: self._put_off.get(one.id, NOT_PUT_OFF).number)  # stable

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
                "this question is not open any more: it is answered, or its people have other tracklets by now"
            )
        return found

    def put_off(self, question_id: str, reply: Reply) -> PutOff:
        """Keep that a question is unsure or skipped; the step, with how it stood before."""
        before = self._put_off.get(question_id, NOT_PUT_OFF)
        self._turn += 1
        self._put_off[question_id] = Turn(self._turn, reply)
        return PutOff(question_id, before)

    def bring_back(self, step: PutOff) -> None:
        """Put a question back to where it stood before a step."""
        self._put_off[step.question] = step.before

    def answered(self, question_id: str, decision: int) -> None:
        """Keep that a decision answers a question as long as it holds."""
        self._answers[question_id] = decision

    def renew(self) -> None:
        """Compute the questions again when they are asked for: what they are about has changed."""
        self._all = None
