"""Routes of the review page that change something; each says in a sentence what it did."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from reid.errors import InputError
from reid.review.answers import Review
from reid.review.records import Reply
from reid.review.web.answers import ToldAnswer, WritingAnswer
from reid.review.web.decision_text import told
from reid.review.web.desk import Desk
from reid.review.web.review_json import ReviewJson
from reid.review.web.writing import Writing
from reid.store.decision_text import clause
from reid.types import person_name
from reid.web.answers import REFUSALS
from reid.web.bodies import Body, DecisionBody, MergeBody, PersonId, RenameBody, asks
from reid.wording import counted

TrackletIds = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=400)]], Field(min_length=1, max_length=2000)
]
Person = Annotated[PersonId, Path()]


class ReplyBody(Body):
    answer: Reply
    instead: bool = Field(False, description="earlier decisions that a yes contradicts end")


class StepBody(Body):
    step: str | None = Field(
        None,
        max_length=100,
        description="as `/api/review` names it; refused where another one is the last by now",
    )


class UndoBody(StepBody, DecisionBody):
    pass


class MergePeopleBody(MergeBody):
    instead: bool = Field(False, description="earlier decisions that they are two people end")


class TrackletsBody(Body):
    tracklets: TrackletIds


class ReassignBody(TrackletsBody):
    into: PersonId


class SeenBody(Body):
    seen: dict[PersonId, str] = Field(
        {}, description="`digest` of people as they were shown; refused where one has other tracklets by now"
    )


class ConfirmBody(SeenBody):
    tracklets: TrackletIds | None = Field(None, description="null: all of the person")


class PeopleBody(SeenBody):
    people: list[PersonId] = Field(min_length=1, max_length=5000)


class Asking:
    """What may be asked of a review; all calls in the thread that opened its gallery."""

    def __init__(self, review: Review, found: ReviewJson) -> None:
        self._review, self._found = review, found

    def _check(self, seen: Mapping[int, str]) -> None:
        """Refuse what is said of people who have other tracklets than those that were shown.

        Raises:
            InputError: a person gained or lost tracklets since, or is gone.
        """
        for person_id, digest in seen.items():
            if self._review.person(person_id).digest != digest:
                raise InputError(
                    f"{self._found.called(person_id)} has other tracklets than were shown, because of a decision "
                    "made meanwhile. Nothing was done; look at the person and do it again"
                )

    def reply(self, question_id: str, answer: Reply, instead: bool) -> str:
        """Answer a question."""
        asked = self._review.question(question_id)
        one = self._found.called(asked.person_id)
        other = "" if asked.other_id is None else self._found.called(asked.other_id)
        self._review.answer(question_id, answer, instead=instead)
        match answer, asked.kind:
            case "yes", "same_person":
                return f"{one} and {other} are one person now."
            case "no", "same_person":
                return f"{one} and {other} stay two people."
            case "yes", _:
                return f"It is {one}; that stays."
            case "no", _:
                who = self._found.called(self._review.site.tracklet(asked.one[0]).person_id)
                return f"{counted(len(asked.one), 'tracklet')} of {one} became a new person, {who}."
            case "unsure", _:
                return "It is asked again at the end."
        return "It is not asked again in this session."

    def _besides(self) -> str:
        """A sentence on the earlier decisions that the latest contradicts; empty: none."""
        said = [
            f"decision {one.number} ({clause(one, self._found.called)})" for one in self._review.overruled()
        ]
        return f" This counts more than {' and '.join(said)}." if said else ""

    def undo(self, number: int | None, step: str | None) -> str:
        """Take back a decision; None: what was done last."""
        _same_step(step, self._review.undoes, "done")
        undone = self._review.undo(number)
        return "The question is back." if undone is None else f"Undone: {told(undone, self._found.called)}"

    def redo(self, step: str | None) -> str:
        """Do again what was taken back."""
        _same_step(step, self._review.redoes, "undone")
        return f"Done again: {told(self._review.redo(), self._found.called)}"

    def rename(self, person_id: int, label: str | None) -> str:
        """Give a name."""
        self._review.rename(person_id, label)
        number, name = person_name(person_id), self._found.called(person_id)
        return f"{number} is called {name.removesuffix('.')}." if label else f"{number} has no name."

    def merge(self, person_id: int, into: int, instead: bool) -> str:
        """Merge two people."""
        one, other = self._found.called(person_id), self._found.called(into)
        self._review.merge(person_id, into, instead=instead)
        return f"{one} is {other} now.{self._besides()}"

    def split(self, person_id: int, tracklets: list[str]) -> str:
        """Split some tracklets off."""
        new = self._review.split(person_id, tracklets)
        one, other = self._found.called(person_id), self._found.called(new)
        return (
            f"{counted(len(tracklets), 'tracklet')} of {one} became a new person, {other}.{self._besides()}"
        )

    def reassign(self, person_id: int, tracklets: list[str], into: int) -> str:
        """Give some tracklets to another person."""
        self._review.reassign(person_id, tracklets, into)
        one, other = self._found.called(person_id), self._found.called(into)
        return f"{counted(len(tracklets), 'tracklet')} of {one} went to {other}.{self._besides()}"

    def confirm(self, person_id: int, tracklets: list[str] | None, seen: Mapping[int, str]) -> str:
        """Confirm a person or some tracklets."""
        self._check(seen)
        self._review.confirm(person_id, tracklets)
        who = self._found.called(person_id)
        what = who if tracklets is None else f"{counted(len(tracklets), 'tracklet')} of {who}"
        return f"{what}{' is' if tracklets is None else ''} confirmed.{self._besides()}"

    def confirm_many(self, people: list[int], seen: Mapping[int, str]) -> str:
        """Confirm several people."""
        self._check(seen)
        self._review.confirm_many(people)
        return f"{counted(len(people), 'person is', 'people are')} confirmed."

    def ignore(self, person_id: int, seen: Mapping[int, str]) -> str:
        """Say that it is no person."""
        self._check(seen)
        who = self._found.called(person_id)
        self._review.ignore(person_id)
        return f"{who} is not a person."

    def forget(self, person_id: int, seen: Mapping[int, str]) -> str:
        """Erase a person."""
        self._check(seen)
        who = self._found.called(person_id)
        self._review.forget(person_id)
        return f"{who} is erased from the gallery."


def _same_step(wanted: str | None, now: str | None, what: str) -> None:
    """Refuse a request that means another step: it was tried twice, or another tab did something meanwhile."""
    if wanted is not None and wanted != now:
        raise InputError(f"what was {what} last is another step by now; look at it, then ask again")


def build_asking(desk: Desk, asking: Asking, writing: Writing) -> APIRouter:
    """Build the routes that change something; each call waits for the desk, hence `def`."""
    router = APIRouter(prefix="/api", dependencies=[Depends(asks)], responses=REFUSALS)

    @router.post("/questions/{question_id}")
    def reply(question_id: str, body: ReplyBody) -> ToldAnswer:
        """Answer a question: yes and no are decisions, unsure asks it again at the end, skip not in this session."""
        return ToldAnswer(told=desk.ask(lambda: asking.reply(question_id, body.answer, body.instead)))

    @router.post("/undo")
    def undo(body: UndoBody | None = None) -> ToldAnswer:
        """Take back what was done last, or the decision of a number."""
        wanted = body or UndoBody()
        return ToldAnswer(told=desk.ask(lambda: asking.undo(wanted.number, wanted.step)))

    @router.post("/redo")
    def redo(body: StepBody | None = None) -> ToldAnswer:
        """Do again what was taken back last."""
        return ToldAnswer(told=desk.ask(lambda: asking.redo(None if body is None else body.step)))

    @router.post("/people/confirm")
    def confirm_people(body: PeopleBody) -> ToldAnswer:
        """Say of several people that all their tracklets show them."""
        return ToldAnswer(told=desk.ask(lambda: asking.confirm_many(body.people, body.seen)))

    @router.post("/people/{person_id}/rename")
    def rename(person_id: Person, body: RenameBody) -> ToldAnswer:
        """Give a person a name, or take it away (null)."""
        return ToldAnswer(told=desk.ask(lambda: asking.rename(person_id, body.name)))

    @router.post("/people/{person_id}/merge")
    def merge(person_id: Person, body: MergePeopleBody) -> ToldAnswer:
        """Make a person part of another one: both are the same."""
        return ToldAnswer(told=desk.ask(lambda: asking.merge(person_id, body.into, body.instead)))

    @router.post("/people/{person_id}/split")
    def split(person_id: Person, body: TrackletsBody) -> ToldAnswer:
        """Make some tracklets of a person those of a new person."""
        return ToldAnswer(told=desk.ask(lambda: asking.split(person_id, body.tracklets)))

    @router.post("/people/{person_id}/reassign")
    def reassign(person_id: Person, body: ReassignBody) -> ToldAnswer:
        """Give some tracklets of a person to another person."""
        return ToldAnswer(told=desk.ask(lambda: asking.reassign(person_id, body.tracklets, body.into)))

    @router.post("/people/{person_id}/confirm")
    def confirm(person_id: Person, body: ConfirmBody) -> ToldAnswer:
        """Say that tracklets of a person show that person."""
        return ToldAnswer(told=desk.ask(lambda: asking.confirm(person_id, body.tracklets, body.seen)))

    @router.post("/people/{person_id}/ignore")
    def ignore(person_id: Person, body: SeenBody | None = None) -> ToldAnswer:
        """Say that what was taken for a person is none."""
        return ToldAnswer(told=desk.ask(lambda: asking.ignore(person_id, {} if body is None else body.seen)))

    @router.post("/people/{person_id}/forget")
    def forget(person_id: Person, body: SeenBody | None = None) -> ToldAnswer:
        """Erase everything that the gallery keeps about a person."""
        return ToldAnswer(told=desk.ask(lambda: asking.forget(person_id, {} if body is None else body.seen)))

    @router.post("/write")
    def write() -> WritingAnswer:
        """Begin to write results again."""
        desk.ask(writing.start)
        return WritingAnswer.model_validate(writing.now, from_attributes=True)

    return router
