"""Review of a site: questions are answered and people corrected, and every answer is a decision of the gallery."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import RLock
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from reid.errors import InputError
from reid.review.halves import halves
from reid.review.progress import progress_of, reviewed_rows
from reid.review.questions import questions
from reid.review.records import Question, Reply, ReviewPerson, ReviewProgress, Span, spans
from reid.review.site import Place, ReviewSite
from reid.store.records import Decision
from reid.types import person_name

Result = TypeVar("Result")
REPLIES = ("yes", "no", "unsure", "skip")


@dataclass(frozen=True, slots=True)
class _Step:
    """What was done at once, so that undo takes back the same."""

    decisions: tuple[int, ...] = ()  # none: a question was put off
    question: str | None = None


class Review:
    """What a person does to a site under review; one call at a time, from any thread.

    Args:
        site: the gallery, open for writing, and its results.
        by: who decides, where a call does not say.
        changed: whether decisions were made since the results were written, before this session.
        ask: what is open at a site, most worth first.
        erase: erases a person of the gallery, wherever something of them is kept; None: `Store.forget`.
    """

    def __init__(
        self,
        site: ReviewSite,
        *,
        by: str | None = None,
        changed: bool = False,
        ask: Callable[[ReviewSite], list[Question]] = questions,
        erase: Callable[[int], object] | None = None,
    ) -> None:
        self.site = site
        self._ask = ask
        self.changed = (
            changed  # decisions were made since the results were written; whoever writes them clears it
        )
        self._by = by
        self._erase = erase or site.store.forget
        self._lock = RLock()
        self._put_off: dict[str, Reply] = {}  # unsure and skip, by question
        self._closed: dict[
            str, int
        ] = {}  # questions and the decisions that answered them: these may bind nothing
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        self._questions: list[Question] | None = None

    # the queue ---

    def questions(self, limit: int | None = None) -> list[Question]:
        """Open questions, most worth first, those put off as unsure at the end; skipped ones are left out."""
        with self._lock:
            return self._open()[:limit]

    def question(self, question_id: str) -> Question:
        """The open question of an id.

        Raises:
            InputError: it is answered, or its people are others since.
        """
        with self._lock:
            found = next((one for one in self._all() if one.id == question_id), None)
            if found is None:
                raise InputError(
                    f"question {question_id!r} is not open any more: it is answered, or its people changed since"
                )
            return found

    def answer(self, question_id: str, answer: str, *, by: str | None = None) -> None:
        """Answer a question: yes and no are decisions; unsure puts it to the end, skip leaves it out of this session.

        Raises:
            InputError: it is not open any more, or the answer is none of these.
        """
        if answer not in REPLIES:
            raise InputError(f"answer {answer!r}: must be one of {', '.join(REPLIES)}")
        with self._lock:
            asked = self.question(question_id)
            match answer:
                case "unsure" | "skip":
                    self._put_off[question_id] = answer
                    self._done.append(_Step(question=question_id))
                case "yes" | "no":
                    self._answered(asked, answer, by)
                    self._closed[question_id] = self.site.store.decisions()[-1].number
                    self._questions = None

    def _answered(self, asked: Question, answer: str, by: str | None) -> None:
        match asked.kind, answer:
            case "same_person", "yes":
                assert asked.other_id is not None
                self.merge(asked.person_id, asked.other_id, by=by)
            case "same_person", _:
                assert asked.other_id is not None
                self.apart(asked.person_id, asked.other_id, by=by)
            case _, "yes":
                self.confirm(asked.person_id, (*asked.one, *asked.other), by=by)
            case _:
                self.split(asked.person_id, asked.one, by=by)

    # people ---

    def people(self) -> list[ReviewPerson]:
        """All people with their tracklets, by id."""
        with self._lock:
            tracklets = self.site.tracklets()
            reviewed = reviewed_rows(self.site, self._open())
            members: dict[int, list[int]] = {}
            for row, one in enumerate(tracklets):
                members.setdefault(one.person_id or 0, []).append(row)
            return [
                ReviewPerson(
                    person_id=person.person_id,
                    label=person.label,
                    tracklets=tuple(tracklets[row] for row in members.get(person.person_id, ())),
                    reviewed=len(reviewed.intersection(members.get(person.person_id, ()))),
                )
                for person in self.site.people()
            ]

    def person(self, person_id: int) -> ReviewPerson:
        """One person; InputError if there is none of this id."""
        found = next((one for one in self.people() if one.person_id == person_id), None)
        if found is None:
            raise InputError(f"there is no {person_name(person_id)} any more; load the people again")
        return found

    def rename(self, person_id: int, label: str | None, *, by: str | None = None) -> None:
        """Give a person a name, or take it away."""
        self._decide(lambda who: self.site.store.rename(person_id, label, by=who), by)

    def merge(self, person_id: int, into: int, *, instead: bool = False, by: str | None = None) -> None:
        """Say that two people are one, who keeps the number of `into`; see `Store.merge`."""
        self._decide(lambda who: self.site.store.merge(person_id, into, by=who, instead=instead), by)

    def apart(self, person_id: int, other_id: int, *, by: str | None = None) -> None:
        """Say that two people are two."""
        self._decide(lambda who: self.site.store.apart(person_id, other_id, by=who), by)

    def split(self, person_id: int, tracklet_ids: Collection[str], *, by: str | None = None) -> int:
        """Say that some tracklets of a person show another one, who is new; their id."""
        return self._decide(
            lambda who: self.site.store.split(person_id, self._places(tracklet_ids), by=who), by
        )

    def reassign(
        self, person_id: int, tracklet_ids: Collection[str], into: int, *, by: str | None = None
    ) -> None:
        """Say that some tracklets of a person show another one, who is there."""
        self._decide(
            lambda who: self.site.store.reassign(person_id, self._places(tracklet_ids), into, by=who), by
        )

    def confirm(
        self, person_id: int, tracklet_ids: Collection[str] | None = None, *, by: str | None = None
    ) -> None:
        """Say that tracklets of a person show that person; None: all of theirs."""
        self._decide(
            lambda who: self.site.store.confirm(
                person_id,
                tracklets=None if tracklet_ids is None else self._places(tracklet_ids),
                by=who,
            ),
            by,
        )

    def confirm_many(self, person_ids: Collection[int], *, by: str | None = None) -> None:
        """Say of each of these people that all tracklets show them; all of them or, where one is gone, none."""
        with self._lock:
            for person_id in person_ids:
                self.person(person_id)
            before = len(self._done)
            for person_id in person_ids:
                self.confirm(person_id, by=by)
            steps = self._done[before:]
            if not steps:
                return
            self._done[before:] = [_Step(decisions=tuple(one for step in steps for one in step.decisions))]

    def ignore(self, person_id: int, *, by: str | None = None) -> None:
        """Say that what was taken for a person is none."""
        self._decide(lambda who: self.site.store.ignore(person_id, by=who), by)

    def forget(self, person_id: int) -> None:
        """Erase a person from the gallery, which cannot be undone; results folders keep their files."""
        with self._lock:
            self.person(person_id)
            try:
                self._erase(person_id)
            finally:  # they are gone from the gallery also where a reader kept bytes of its files
                self._undone.clear()
                self._moved()

    def halves(self, person_id: int) -> tuple[list[str], list[str]]:
        """The larger and the smaller half of a person that appearance suggests, as ids of tracklets."""
        with self._lock:
            own = [one.id for one in self.person(person_id).tracklets]
            larger, smaller = halves(self.site, self.site.rows(own))
            return self._ids(larger), self._ids(smaller)

    # taking back ---

    def undo(self, number: int | None = None) -> Decision | None:
        """Take back a decision, also of an earlier session; None: a question was put off.

        Args:
            number: of the decision; None: the last thing done.

        Raises:
            InputError: there is nothing to undo, or it cannot be, as a later decision is about the same people.
        """
        with self._lock:
            if number is None and self._done:
                last = self._done[-1]
                if last.question is not None:
                    self._put_off.pop(last.question, None)
                    self._done.pop()
                    return None
                numbers: tuple[int | None, ...] = last.decisions[::-1]
            else:
                numbers = (number,)
            undone = []
            try:
                for one in numbers:
                    undone.append(self.site.store.undo(one, by=self._by))
            finally:
                self._taken_back(tuple(one.number for one in reversed(undone)))
            return undone[0]

    def _taken_back(self, numbers: tuple[int, ...]) -> None:
        """Keep what was undone, to be redone."""
        if not numbers:
            return
        steps = [
            replace(step, decisions=tuple(one for one in step.decisions if one not in numbers))
            for step in self._done
        ]
        self._done = [step for step in steps if step.decisions or step.question is not None]
        self._undone.append(_Step(decisions=numbers))
        self._moved()

    def redo(self) -> Decision:
        """Do again what undo took back last in this session.

        Raises:
            InputError: there is nothing, because nothing was undone or something was decided since.
        """
        with self._lock:
            if not self._undone:
                raise InputError(
                    "there is nothing to do again: nothing was undone, or something was decided since"
                )
            redone = [self.site.store.redo(number, by=self._by) for number in self._undone[-1].decisions]
            self._done.append(self._undone.pop())
            self._moved()
            return redone[-1]

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        with self._lock:
            return bool(self._done) or any(
                one.undone is None and one.kind != "erased" for one in self.site.store.decisions()
            )

    @property
    def can_redo(self) -> bool:
        """Whether something was taken back that can be done again."""
        with self._lock:
            return bool(self._undone)

    # what there is ---

    def timeline(self) -> list[Span]:
        """All tracklets as spans of time, by run and start."""
        with self._lock:
            return spans(self.site.tracklets())

    def progress(self) -> ReviewProgress:
        """How much is reviewed, and how many links are expected to be wrong."""
        with self._lock:
            return progress_of(self.site, self._all())

    def decisions(self) -> list[Decision]:
        """What was decided, oldest first."""
        with self._lock:
            return self.site.store.decisions()

    def reload(self) -> None:
        """Read the gallery again, after something else changed it."""
        with self._lock:
            self.site.refresh()
            self._questions = None

    @contextmanager
    def held(self) -> Iterator[ReviewSite]:
        """Keep other calls out while the results are written."""
        with self._lock:
            yield self.site

    def _decide(self, act: Callable[[str | None], Result], by: str | None) -> Result:
        """Make a decision in the gallery, and read again what it changed."""
        with self._lock:
            who = self._by if by is None else by
            result = act(who)
            self._done.append(_Step(decisions=(self.site.store.decisions()[-1].number,)))
            self._undone.clear()
            self._moved()
            return result

    def _moved(self) -> None:
        self.changed = True
        self.reload()

    def _all(self) -> list[Question]:
        if self._questions is None:
            holding = {one.number for one in self.site.store.decisions() if one.undone is None}
            asked = self._ask(self.site)
            self._questions = [one for one in asked if self._closed.get(one.id) not in holding]
        return self._questions

    def _open(self) -> list[Question]:
        asked = [one for one in self._all() if self._put_off.get(one.id) != "skip"]
        return sorted(asked, key=lambda one: one.id in self._put_off)  # stable: unsure ones keep their order

    def _places(self, tracklet_ids: Collection[str]) -> list[Place]:
        return [self.site.tracklet(one).place for one in tracklet_ids]

    def _ids(self, rows: NDArray[np.int64]) -> list[str]:
        return [self.site.tracklets()[row].id for row in rows]
