"""The live page as an ASGI application."""

import threading
from pathlib import Path

from fastapi import FastAPI

from reid.live.admin.control import Control
from reid.live.views.site_state import SiteState
from reid.live.web.command_routes import build_asking
from reid.live.web.preview_routes import build_previews
from reid.live.web.state_routes import build_looking
from reid.review.web.app import MOST_BYTES as REVIEW_BYTES
from reid.web.app import Entry, base_app
from reid.web.body import MOST_BYTES


def build_app(
    site_state: SiteState,
    control: Control,
    *,
    entry: Entry,
    stopping: threading.Event | None = None,
    review: FastAPI | None = None,
    search: bool = False,
) -> FastAPI:
    """Build the application: all routes behind the access control.

    Args:
        stopping: ends the streams of frames once it is set.
        review: the application of the review page, see `LiveReview`; None: there is none.
        search: whether that page has a search by photo.
    """
    description = "People in live cameras: what is known of them, and how it is corrected."
    app = base_app(
        "live",
        description,
        folder=Path(__file__).parent,
        entry=entry,
        most_bytes=MOST_BYTES if review is None else REVIEW_BYTES,
        shown={
            "review": None if review is None else "review/",
            "search": "review/#photo" if search else None,
        },
    )
    app.include_router(build_looking(site_state))
    app.include_router(build_asking(control))
    app.include_router(build_previews(site_state, stopping or threading.Event()))
    if review is not None:
        app.mount("/review", review)
    return app
