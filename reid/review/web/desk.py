"""The desk of review: all calls to the site are done one after the other, in the thread that opened the gallery.

A gallery belongs to the thread that opened it, and answers of the server are made in threads of a pool.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from starlette.exceptions import HTTPException

Found = TypeVar("Found")
_LOOK_S = 0.1  # between looks whether to stop


class Desk:
    """Queue of calls between the threads of a server and the thread that works."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = queue.SimpleQueue()
        self._closed = threading.Event()

    def ask(self, call: Callable[[], Found]) -> Found:
        """Have a call done by the thread that works, and wait for what it answers or raises.

        Raises:
            HTTPException: 503, the program stops.
        """
        if self._closed.is_set():
            raise _stopped()
        answer: Future[Found] = Future()
        self._calls.put((call, answer))
        return answer.result()

    def work(self, until: Callable[[], bool]) -> None:
        """Do calls as they come until `until` says true; those that wait then are refused."""
        while not until():
            try:
                call, answer = self._calls.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
            _do(call, answer)
        self._closed.set()
        while not self._calls.empty():
            self._calls.get()[1].set_exception(_stopped())


def _stopped() -> HTTPException:
    return HTTPException(503, "the program stops; start reid review again")


def _do(call: Callable[[], Any], answer: "Future[Any]") -> None:
    """Do one call; what it raises is raised where it was asked."""
    try:
        found = call()
    except Exception as error:
        answer.set_exception(error)
    else:
        answer.set_result(found)
