"""The route of the review page that finds the person of a photo; the photo is not kept."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Base64Bytes, Field

from reid.errors import InputError
from reid.review.answers import Review
from reid.review.web.answers import FoundAnswer, PhotoPersonAnswer
from reid.review.web.desk import Desk
from reid.review.web.review_json import ReviewJson
from reid.search.answer import FALSE_FINDS, SearchAnswer, answer
from reid.search.photo import SeveralPeople
from reid.search.photo_search import PhotoSearch
from reid.search.query import PhotoQuery
from reid.search.scope import chosen
from reid.stills import decode
from reid.web.answers import REFUSALS
from reid.web.bodies import Body, asks

Pixels = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]


class SearchBody(Body):
    photo: Base64Bytes = Field(description="JPEG or PNG, base64")
    person: int | None = Field(
        None, ge=1, le=1000, description="which of its people, as `people` numbers them; null: the only one"
    )
    box: tuple[Pixels, Pixels, Pixels, Pixels] | None = Field(
        None, description="where the person is instead: left, top, width, height in pixels"
    )
    camera: str | None = Field(None, max_length=400, description="search this camera only; null: all")
    top: int = Field(24, ge=1, le=200, description="sightings that are listed at most")


def build_search(desk: Desk, review: Review, found: ReviewJson, searching: PhotoSearch) -> APIRouter:
    """Build the route; networks run in a thread of the pool, the gallery is asked at the desk."""
    router = APIRouter(prefix="/api", dependencies=[Depends(asks)], responses=REFUSALS)

    @router.post("/search")
    def search(body: SearchBody) -> FoundAnswer:
        """Find the person of a photo among all sightings of the gallery; of several people it says where they are."""
        image = decode(body.photo, Path("the photo"))
        if image is None:
            raise InputError("the photo: no image that can be decoded; send a JPEG or a PNG")
        try:
            made = searching.query(
                [("the photo", image)],
                persons=() if body.person is None else (body.person,),
                boxes=() if body.box is None else (body.box,),
            )
        except SeveralPeople as several:
            return FoundAnswer(
                people=[PhotoPersonAnswer(number=one.number, box=one.box) for one in several.people],
                box=None,
                verdict=None,
                sentence=f"The photo shows {len(several.people)} people; choose one.",
                hits=[],
            )
        return desk.ask(lambda: _answer(found, made, _searched(review, searching, made, body)))

    return router


def _searched(review: Review, searching: PhotoSearch, made: PhotoQuery, body: SearchBody) -> SearchAnswer:
    """The sightings of the gallery as it is now; nothing of them is held afterwards."""
    store = review.site.store
    if made.encoder_id != store.encoder_id:
        raise InputError(
            f"the people here were seen by encoder {store.encoder_id}, and the photo by {made.encoder_id}; "
            "`reid search` takes another one"
        )
    table = store.sighting_table()
    return answer(
        table,
        chosen(table, () if body.camera is None else (body.camera,), None),
        made.vector,
        rates=searching.rates,
        false_finds=FALSE_FINDS,
        k=body.top,
    )


def _answer(found: ReviewJson, made: PhotoQuery, searched: SearchAnswer) -> FoundAnswer:
    sentence = searched.sentence
    return FoundAnswer(
        people=[],
        box=made.photos[0].box,
        verdict=searched.verdict,
        sentence=f"{sentence[:1].upper()}{sentence[1:]}.",
        hits=found.hits(searched),
    )
