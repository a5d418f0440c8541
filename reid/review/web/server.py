"""Server of the review page."""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from reid.review.answers import Review
from reid.review.web.desk import Desk
from reid.review.web.writing import Prepare, Writing
from reid.search.photo_search import PhotoSearch
from reid.web.config import WebConfig
from reid.web.server import WebServer

if TYPE_CHECKING:
    from fastapi import FastAPI

    from reid.web.app import Entry


Found = TypeVar("Found")


class ReviewServer(WebServer):
    """Server of one review, see `WebServer`; `run` works in the thread that opened the gallery."""

    def __init__(
        self,
        listen: str,
        config: WebConfig,
        environment: Mapping[str, str] = os.environ,
        *,
        setting: str = "page.listen",
    ) -> None:
        super().__init__(listen, config, environment, setting=setting)
        self._desk = Desk()

    def ask(self, call: Callable[[], Found]) -> Found:
        """Have a call done between two requests, by the thread that opened the gallery; see `Desk.ask`."""
        return self._desk.ask(call)

    def run(
        self,
        review: Review,
        *,
        title: str,
        prepare: Prepare | None,
        until: Callable[[], bool],
        searching: PhotoSearch | None = None,
    ) -> None:
        """Serve a review until `until` says true, and finish what is being written.

        Args:
            title: what is reviewed, for people.
            prepare: writes results again, see `reid.review.web.writing`; None: there are none.
            searching: finds the person of a photo; None: the page has no search.
        """
        writing = Writing(prepare)

        def build(entry: "Entry") -> "FastAPI":
            from reid.review.web.app import build_app

            return build_app(
                review, desk=self._desk, writing=writing, title=title, entry=entry, searching=searching
            )

        self.serve(build)
        try:
            self._desk.work(until)
        finally:
            self.stop()
            writing.wait()
