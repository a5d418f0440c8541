"""Reclustering in the background: what is known is clustered again every some seconds."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from reid.embedding.normalisation import gather
from reid.linking.online import OnlineGallery
from reid.linking.policy import LinkingPolicy
from reid.linking.reclustering import ReclusteringInput, Refinement, refine, snapshot

SHARE = 0.2  # of the time, at most: a site with very much to think over still watches


@dataclass(slots=True, kw_only=True, eq=False)
class Reclusterer:
    """Runs one reclustering at a time; the thread that owns the gallery begins it and takes its result.

    Args:
        every_s: seconds from one beginning to the next; more where one takes more than SHARE of them.
    """

    every_s: float
    clock: Callable[[], float] = time.monotonic
    _begun_s: float = float("-inf")
    _next_s: float = float("-inf")
    _running: Future[Refinement] | None = None
    _dropped: bool = False

    def take(self, gallery: OnlineGallery) -> Refinement | None:
        """What came of the latest, once; begins the next where it is time."""
        found, now_s = None, self.clock()
        if self._running is not None and self._running.done():
            found, self._running = self._running.result(), None
            self._next_s = self._begun_s + max(self.every_s, (now_s - self._begun_s) / SHARE)
        if self._dropped:
            found, self._dropped = None, self._running is not None
        if self._running is None and now_s >= self._next_s:
            self._begun_s, self._running = now_s, _begun(gallery)
        return found

    def drop(self) -> None:
        """What is being thought over is out of date."""
        self._dropped = self._running is not None

    def last(self, gallery: OnlineGallery, timeout_s: float) -> Refinement | None:
        """Once more, of everything, if that takes no longer than `timeout_s`; None otherwise."""
        try:
            return _begun(gallery).result(timeout_s)
        except TimeoutError:
            return None


def _begun(gallery: OnlineGallery) -> Future[Refinement]:
    """A refinement of what is known now, in a thread that no end of the program waits for."""
    known, policy = snapshot(gallery), gallery.policy
    future: Future[Refinement] = Future()
    threading.Thread(target=_think, args=(future, known, policy), name="re-clustering", daemon=True).start()
    return future


def _think(future: Future[Refinement], known: ReclusteringInput, policy: LinkingPolicy) -> None:
    try:
        gathered = (
            {} if policy.centre is None else gather(known.tracklets, policy.centre, policy.max_distance)
        )
        future.set_result(refine(known, policy, gathered))
    except BaseException as error:  # raised where the result is taken
        future.set_exception(error)
