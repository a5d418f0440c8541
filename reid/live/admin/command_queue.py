"""The queue of commands to a live site, which the engine's thread serves between two frames."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, TimeoutError
from dataclasses import dataclass, field

from reid.errors import InputError

PATIENCE_S = 30.0


@dataclass(slots=True, kw_only=True, eq=False)
class CommandQueue:
    """A queue of commands: any thread gives one and waits, one thread serves them until it closes the queue."""

    _waiting: "queue.SimpleQueue[tuple[Callable[[], None], Future[None]]]" = field(
        default_factory=queue.SimpleQueue
    )
    _closed: threading.Event = field(default_factory=threading.Event)

    def give(self, order: Callable[[], None]) -> None:
        """Have `order` done, and wait for it; raises what it raises, and InputError where the queue is not served."""
        done: Future[None] = Future()
        self._waiting.put((order, done))
        if self._closed.is_set():  # also where it was closed between a look and the order
            self._refuse()
        try:
            done.result(PATIENCE_S)
        except TimeoutError:
            if done.cancel():
                raise InputError(
                    f"the site is too busy to answer within {PATIENCE_S:g} s; try again, or see its log"
                ) from None
            done.result()  # it is being done just now, or it raised this error itself

    def serve(self) -> None:
        """Do what waits."""
        while True:
            try:
                order, done = self._waiting.get_nowait()
            except queue.Empty:
                return
            if not done.set_running_or_notify_cancel():
                continue
            try:
                order()
            except Exception as error:  # goes to who gave the order
                done.set_exception(error)
            else:
                done.set_result(None)

    def close(self) -> None:
        """Refuse what waits, and all that is given from now on: no thread serves it any more."""
        self._closed.set()
        self._refuse()

    def _refuse(self) -> None:
        while True:
            try:
                _, done = self._waiting.get_nowait()
            except queue.Empty:
                return
            if done.set_running_or_notify_cancel():
                done.set_exception(InputError("the site stops; start it again, and repeat this"))
