"""Server of the live page."""

import logging
import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reid.live.admin.control import Control
from reid.live.views.site_state import SiteState
from reid.live.web.live_review import LiveReview
from reid.live.web.page_config import PageConfig
from reid.web.server import WebServer

if TYPE_CHECKING:
    from fastapi import FastAPI

    from reid.web.app import Entry


log = logging.getLogger(__name__)


class PageServer(WebServer):
    """Server of one site's page, see `WebServer`."""

    def __init__(self, listen: str, config: PageConfig, environment: Mapping[str, str] = os.environ) -> None:
        super().__init__(listen, config, environment)
        self._stopping = threading.Event()
        self._review: LiveReview | None = None

    def start(self, site_state: SiteState, control: Control, review: LiveReview | None = None) -> None:
        """Serve from now on, with the review of the site where there is one."""
        mounted = None if review is None else review.start(site_state, control)
        self._review = review
        search = review is not None and review.searches

        def build(entry: "Entry") -> "FastAPI":
            from reid.live.web.app import build_app

            return build_app(
                site_state, control, entry=entry, stopping=self._stopping, review=mounted, search=search
            )

        self.serve(build)
        log.info("the page is at %s", self.url)

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Close all connections; whether that was done in time."""
        self._stopping.set()
        ended = self._review is None or self._review.stop(timeout_s)
        return super().stop(timeout_s) and ended
