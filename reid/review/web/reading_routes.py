"""Routes of the review page that change nothing."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Response

from reid.errors import InputError
from reid.review.answers import Review
from reid.review.web.answers import (
    BoxesAnswer,
    HalvesAnswer,
    PersonSheetAnswer,
    QuestionAnswer,
    ReviewAnswer,
    ReviewDecisionAnswer,
    ReviewPersonAnswer,
    SpanAnswer,
    WritingAnswer,
)
from reid.review.web.desk import Desk
from reid.review.web.review_json import ReviewJson
from reid.review.web.writing import Writing
from reid.web.answers import REFUSALS, content
from reid.web.bodies import PersonId


def build_reading(
    desk: Desk, review: Review, found: ReviewJson, writing: Writing, look: Callable[[], None]
) -> APIRouter:
    """Build the routes that read; most wait for the desk, hence `def`: in a thread of the pool."""
    router = APIRouter(responses=REFUSALS)

    @router.get("/api/review")
    def site() -> ReviewAnswer:
        """The site in numbers: people, what is reviewed, what error is expected, what can be done."""

        def now() -> ReviewAnswer:
            look()
            return found.site()

        return desk.ask(now)

    @router.get("/api/questions")
    def questions(limit: Annotated[int, Query(ge=1, le=100)] = 3) -> list[QuestionAnswer]:
        """Open questions, most worth first."""
        return desk.ask(lambda: found.questions(limit))

    @router.get("/api/people")
    def people() -> list[ReviewPersonAnswer]:
        """All people."""
        return desk.ask(found.people)

    @router.get("/api/people/{person_id}")
    def person(person_id: Annotated[PersonId, Path()]) -> PersonSheetAnswer:
        """One person with all tracklets."""
        return desk.ask(lambda: found.person(person_id))

    @router.get("/api/people/{person_id}/halves")
    def halves(person_id: Annotated[PersonId, Path()]) -> HalvesAnswer:
        """The two sides of a person that appearance suggests."""
        one, other = desk.ask(lambda: review.halves(person_id))
        return HalvesAnswer(one=one, other=other)

    @router.get("/api/timeline")
    def timeline() -> list[SpanAnswer]:
        """All tracklets by time."""
        return desk.ask(found.timeline)

    @router.get("/api/decisions")
    def decisions() -> list[ReviewDecisionAnswer]:
        """What was decided, newest first."""
        return desk.ask(found.decisions)

    @router.get("/api/boxes/{tracklet:path}")
    def boxes(tracklet: str) -> BoxesAnswer:
        """The video of a tracklet's camera, and where the tracklet is in it."""
        return desk.ask(lambda: found.boxes(tracklet))

    @router.get("/api/write")
    def progress() -> WritingAnswer:
        """How far writing results again is."""
        return WritingAnswer.model_validate(writing.now, from_attributes=True)

    @router.get(
        "/crops/{tracklet:path}/{number}.jpg", response_class=Response, responses=content("image/jpeg")
    )
    def crop(tracklet: str, number: int) -> Response:
        """A crop of a tracklet; the number counts from 0. It does not wait for what is being decided."""
        if review.site.is_outdated:
            desk.ask(lambda: None)  # which reads the site again
        try:
            jpeg = review.site.crop(tracklet, number)
        except InputError as error:
            raise HTTPException(404, str(error)) from None
        return Response(jpeg, media_type="image/jpeg")

    return router
