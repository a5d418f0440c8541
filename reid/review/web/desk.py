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
    """Queue of calls between the threads of a server and the thread that works.

    Args:
        before: done before each call; where it raises, the call is not done.
        between: done a few times a second.
    """

    def __init__(
        self, *, before: Callable[[], None] = lambda: None, between: Callable[[], None] = lambda: None
    ) -> None:
        self._before, self._between = before, between
        self._calls: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = queue.SimpleQueue()
        self._closed = threading.Event()

    def ask(self, call: Callable[[], Found]) -> Found:
        """Have a call done by the thread that works, and wait for what it answers or raises.

        Raises:
            HTTPException: 503, the program stops.
        """
        answer: Future[Found] = Future()
        self._calls.put((call, answer))
        if self._closed.is_set():  # also where it closed between a look and the call
            self._refuse()
        return answer.result()

    def work(self, until: Callable[[], bool]) -> None:
        """Do calls as they come until `until` says true, or something stops it; those that wait then are refused."""
        try:
            while not until():
                self._between()
                try:
                    call, answer = self._calls.get(timeout=_LOOK_S)
                except queue.Empty:
                    continue
                self._do(call, answer)
        finally:
            self._closed.set()
            self._refuse()

    def _do(self, call: Callable[[], Any], answer: "Future[Any]") -> None:
        """Do one call; what it raises is raised where it was asked."""
        try:
            self._before()
            found = call()
        except Exception as error:
            answer.set_exception(error)
        except BaseException:  # the program is stopped, and this call with it
            answer.set_exception(_stopped())
            raise
        else:
            answer.set_result(found)

    def _refuse(self) -> None:
        while True:
            try:
                _, answer = self._calls.get_nowait()
            except queue.Empty:
                return
            answer.set_exception(_stopped())


def _stopped() -> HTTPException:
    return HTTPException(503, "the program stops; start it again")
