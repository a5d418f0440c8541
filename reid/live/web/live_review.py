"""Review of a live site: the page that recordings have, in a thread that reads the gallery of the site."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from reid.linking.policy import LinkingPolicy
from reid.live.admin.control import Control
from reid.live.views.site_state import SiteState
from reid.live.web.live_site import AtHand, LiveSite, answerable
from reid.review.answers import Review
from reid.review.web.desk import Desk
from reid.review.web.writing import Writing
from reid.search.photo_search import PhotoSearch
from reid.store.base import Store

if TYPE_CHECKING:
    from fastapi import FastAPI

OLD_S = 15.0
IDLE_S = 60.0


class LiveReview:
    """Questions about the people of the last minutes, and corrections of them.

    What it holds of people, crops above all, it drops as soon as a person is erased, and while no page asks.

    Args:
        open_gallery: opens the site's gallery for reading.
        session: of this start of the program; begins the names of its runs.
        policy: that the site links by.
        minutes: that are under review.
        old_s: after so long the gallery is read again; a question that is being looked at stays for that time.
        idle_s: after so long without a request nothing is held.
        searching: finds the person of a photo in the whole gallery; None: the page has no search.
    """

    def __init__(
        self,
        open_gallery: Callable[[], Store],
        session: str,
        policy: LinkingPolicy,
        *,
        minutes: float,
        old_s: float = OLD_S,
        idle_s: float = IDLE_S,
        searching: PhotoSearch | None = None,
    ) -> None:
        self._open_gallery, self._session, self._policy = open_gallery, session, policy
        self._title = f"the last {minutes:g} minutes"
        self._old_s, self._idle_s = old_s, idle_s
        self._searching = searching
        self._desk = Desk(before=self._before, between=self._between)
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._erasures: Callable[[], int] = lambda: 0  # how often people were erased
        self._known: int | None = None  # that count when the site was read; None: nothing is held
        self._read_s = self._asked_s = time.monotonic()

    @property
    def searches(self) -> bool:
        """Whether its page has a search by photo."""
        return self._searching is not None

    def start(self, site_state: SiteState, control: Control) -> "FastAPI":
        """Begin, and build the application, which is to be mounted behind an access control."""
        from reid.review.web.app import build_app

        self._erasures = lambda: site_state.erasures
        made: Future[Review] = Future()
        self._thread = threading.Thread(target=self._work, args=(control, made), name="review", daemon=True)
        self._thread.start()
        self._review = made.result()
        return build_app(
            self._review,
            desk=self._desk,
            writing=Writing(None),
            title=self._title,
            entry=None,
            home="../",
            look=self._look,
            searching=self._searching,
        )

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Answer nothing any more, and close the gallery; whether that was done in time."""
        self._ended.set()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def _is_outdated(self) -> bool:
        """Whether something was erased since the site was read, or nothing is held."""
        return self._known != self._erasures()

    def _before(self) -> None:
        """Before each request is answered."""
        self._asked_s = time.monotonic()
        if self._is_outdated:
            self._read()

    def _look(self) -> None:
        """The page asks how the site is."""
        if time.monotonic() - self._read_s > self._old_s:
            self._read()

    def _read(self) -> None:
        erased = self._erasures()  # who is erased from here on may be among those that are read
        self._read_s = time.monotonic()
        self._review.reload()
        self._known = erased

    def _between(self) -> None:
        """Hold nothing that was erased, and nothing that no page asks for."""
        idle = time.monotonic() - self._asked_s > self._idle_s
        if self._known is not None and (idle or self._is_outdated):
            self._known = None
            self._site.drop()
            self._review.renew()

    def _work(self, control: Control, made: "Future[Review]") -> None:
        try:
            with self._open_gallery() as store:
                made.set_result(self._build(store, control))
                self._desk.work(self._ended.is_set)
        except Exception as error:
            if made.done():
                raise
            made.set_exception(error)

    def _build(self, store: Store, control: Control) -> Review:
        def look() -> AtHand:
            tracklets, means = control.at_hand()
            return AtHand(tracklets=tracklets, means=means)

        self._site = LiveSite(store, self._session, look, self._policy, is_outdated=lambda: self._is_outdated)
        return Review(self._site, ask=answerable, erase=control.forget, decide=control.decisions, alone=False)
