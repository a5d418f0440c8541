"""Review of a live site: the page that recordings have, in a thread that reads the gallery of the site."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from reid.linking.policy import LinkingPolicy
from reid.live.admin.control import Control
from reid.live.web.live_site import AtHand, LiveSite, answerable
from reid.review.answers import Review
from reid.review.web.desk import Desk
from reid.review.web.writing import Writing
from reid.store.base import Store

if TYPE_CHECKING:
    from fastapi import FastAPI

OLD_S = 15.0


class LiveReview:
    """Questions about the people of the last minutes, and corrections of them.

    Args:
        open_gallery: opens the site's gallery for reading.
        session: of this start of the program; begins the names of its runs.
        policy: that the site links by.
        minutes: that are under review.
        old_s: after so long the gallery is read again; a question that is being looked at stays for that time.
    """

    def __init__(
        self,
        open_gallery: Callable[[], Store],
        session: str,
        policy: LinkingPolicy,
        *,
        minutes: float,
        old_s: float = OLD_S,
    ) -> None:
        self._open_gallery, self._session, self._policy = open_gallery, session, policy
        self._title = f"the last {minutes:g} minutes"
        self._old_s = old_s
        self._desk = Desk()
        self._ended = threading.Event()
        self._read_s = time.monotonic()

    def start(self, control: Control) -> "FastAPI":
        """Begin, and build the application, which is to be mounted behind an access control."""
        from reid.review.web.app import build_app

        made: Future[Review] = Future()
        threading.Thread(target=self._work, args=(control, made), name="review", daemon=True).start()
        review = made.result()

        def look() -> None:
            if time.monotonic() - self._read_s > self._old_s:
                review.reload()

        return build_app(
            review,
            desk=self._desk,
            writing=Writing(None),
            title=self._title,
            entry=None,
            home="../",
            look=look,
        )

    def stop(self) -> None:
        """Answer nothing any more."""
        self._ended.set()

    def _work(self, control: Control, made: "Future[Review]") -> None:
        try:
            with self._open_gallery() as store:
                made.set_result(self._review(store, control))
                self._desk.work(self._ended.is_set)
        except Exception as error:
            if made.done():
                raise
            made.set_exception(error)

    def _review(self, store: Store, control: Control) -> Review:
        def look() -> AtHand:
            tracklets, means = control.at_hand()
            self._read_s = time.monotonic()
            return AtHand(tracklets=tracklets, means=means)

        site = LiveSite(store, self._session, look, self._policy)
        return Review(site, ask=answerable, erase=control.forget, decide=control.decisions)
