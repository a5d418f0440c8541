"""The review page as an ASGI application."""

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from reid.errors import Contradicted
from reid.review.answers import Review
from reid.review.web.asking_routes import Asking, build_asking
from reid.review.web.desk import Desk
from reid.review.web.reading_routes import build_reading
from reid.review.web.review_json import ReviewJson
from reid.review.web.search_routes import build_search
from reid.review.web.video_routes import build_videos
from reid.review.web.videos import ReviewVideos
from reid.review.web.writing import Writing
from reid.search.photo_search import PhotoSearch
from reid.web.app import Entry, base_app

MOST_BYTES = 1024 * 1024  # ids of 2,000 tracklets, see `asking_routes`, also where names of cameras are long


def build_app(
    review: Review,
    *,
    desk: Desk,
    writing: Writing,
    title: str,
    entry: Entry | None,
    home: str | None = None,
    look: Callable[[], None] = lambda: None,
    searching: PhotoSearch | None = None,
) -> FastAPI:
    """Build the application: all routes behind the access control.

    Args:
        title: what is reviewed, for people.
        entry: None: the application is mounted in another one, which controls the access.
        home: path of that one's page.
        look: called at the desk when the page asks how the site is; reloads what changed meanwhile.
        searching: finds the person of a photo; None: the page has no search.
    """
    description = "People of recordings under review: questions, corrections, and when they were where."
    app = base_app(
        "review",
        description,
        folder=Path(__file__).parent,
        entry=entry,
        most_bytes=MOST_BYTES,
        shown={"home": home, "search": None if searching is None else "yes"},
    )
    app.add_exception_handler(Contradicted, _contradicted)
    videos = ReviewVideos(list(review.site.results.values()))
    found = ReviewJson(review, videos, writing, title)
    app.include_router(build_reading(desk, review, found, writing, look))
    app.include_router(build_asking(desk, Asking(review, found), writing))
    app.include_router(build_videos(videos))
    if searching is not None:
        app.include_router(build_search(desk, review, found, searching))
    return app


async def _contradicted(_request: Request, error: Exception) -> Response:
    """Answer with status 409 what may be done all the same, by `instead`."""
    assert isinstance(error, Contradicted)
    ends = "that decision ends" if len(error.decisions) == 1 else f"{len(error.decisions)} decisions end"
    return JSONResponse({"error": f"{error.fact}. Where you do it all the same, {ends}."}, status_code=409)
