"""A thread for what takes longer than the engine may wait."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

Result = TypeVar("Result")


class BackgroundWorker:
    """Does one thing after another.

    Not an executor of the standard library: the interpreter waits for those at its end, however long they take.
    """

    def __init__(self, name: str) -> None:
        self._jobs = SimpleQueue[Callable[[], None] | None]()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def give(self, job: Callable[[], Result]) -> Future[Result]:
        """Have `job` done after all that was given before."""
        done = Future[Result]()

        def work() -> None:
            try:
                done.set_result(job())
            except BaseException as error:  # raised where the result is taken
                done.set_exception(error)

        self._jobs.put(work)
        return done

    def end(self, timeout_s: float) -> bool:
        """Do what was given, and no more after that; whether it is done within that time."""
        self._jobs.put(None)
        self._thread.join(max(timeout_s, 0.0))
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
