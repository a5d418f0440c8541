"""A worker process, seen from within: what jobs that run in it may use, and how it begins and ends."""

import logging
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from typing import Any


@dataclass(slots=True)
class WorkerContext:
    """State of a worker process; jobs may keep costly things, such as networks, in `kept`."""

    parent: "Connection[Any, Any]"
    threads: int
    kept: dict[str, Any] = field(default_factory=dict)
    _lock: Any = field(default_factory=threading.Lock)

    def tell(self, method: str, *arguments: object) -> None:
        """Call a method of the parent's `Progress`."""
        self.send("tell", method, *arguments)

    def send(self, *message: object) -> None:
        """Send one message whole; from any thread."""
        with self._lock:
            self.parent.send(message)


_worker: WorkerContext | None = None  # set once in each worker process, before its first job


def current_worker() -> WorkerContext:
    """The worker process that the calling job runs in."""
    if _worker is None:
        raise RuntimeError("this runs in a worker process only")
    return _worker


class _ToParent(logging.Handler):
    """Warnings of libraries in a worker are shown by the parent."""

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        current_worker().tell("message", record.getMessage(), level)


def serve(
    parent: "Connection[Any, Any]", work: Callable[[Any], Any], cores: Sequence[int], threads: int
) -> None:
    """The whole life of a worker process: jobs one after the other, until there is none any more."""
    worker = _start_worker(parent, cores, threads)
    while (job := parent.recv()) is not None:
        try:
            outcome: tuple[Exception | None, Any] = (None, work(job))
        except Exception as error:
            error.add_note("".join(traceback.format_exception(error)))  # --debug shows where in the worker
            outcome = (_portable(error), None)
        worker.send("outcome", *outcome)


def _portable(error: Exception) -> Exception:
    """The error itself where it survives the way to the parent, else its words and its notes."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # what an error of a library holds, and its own way to be made again, raise anything
        words = RuntimeError(f"{type(error).__name__}: {error}")
        for note in getattr(error, "__notes__", ()):
            words.add_note(note)
        return words
    return error


def _start_worker(parent: "Connection[Any, Any]", cores: Sequence[int], threads: int) -> WorkerContext:
    """Prepare this process: its share of the cores, and deafness to Ctrl-C, which the parent handles."""
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # on the way out partial files are removed
    _die_with_parent()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)  # the only way to bound the threads of every library
    os.environ["OMP_NUM_THREADS"] = str(threads)
    import cv2

    cv2.setNumThreads(threads)
    _worker = WorkerContext(parent, threads)
    logger = logging.getLogger("reid")
    logger.addHandler(_ToParent(logging.WARNING))
    logger.propagate = False
    return _worker


def _die_with_parent() -> None:
    """Have the kernel end this worker with its parent (Linux), also one that is stopped and cannot do so itself."""
    if sys.platform == "linux":
        import ctypes

        set_parent_death_signal = 1  # PR_SET_PDEATHSIG, see prctl(2)
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def _end_with_parent() -> None:
    """End this worker when the parent is gone, also by kill -9: what it computes is of no use then."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
