"""Jobs in parallel processes, one per share of the cores, that report to the parent's progress."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process
from typing import Any, TypeVar

from pipelines.progress import Progress
from reid.errors import InputError

Job = TypeVar("Job")
Result = TypeVar("Result")
LAST_WORDS_S = 5.0  # what killed workers were saying is not waited for longer


@dataclass(slots=True)
class Worker:
    """What a worker process knows; jobs may keep costly things, such as networks, in `kept`."""

    messages: Any
    threads: int
    kept: dict[str, Any] = field(default_factory=dict)

    def tell(self, method: str, *arguments: object) -> None:
        """Calls a method of the parent's `Progress`."""
        self.messages.put((method, *arguments))


_worker: Worker | None = None  # set once in each worker process, before its first job


def current_worker() -> Worker:
    """The worker process that the calling job runs in."""
    if _worker is None:
        raise RuntimeError("this runs in a worker process only")
    return _worker


def workers_for(asked: int, jobs: int) -> int:
    """How many processes: as many as asked, or one per core, but no more than there are jobs."""
    return max(1, min(asked or len(_cores()), jobs))


def run_jobs(
    jobs: Sequence[Job], work: Callable[[Job], Result], *, workers: int, progress: Progress
) -> tuple[list[Result], list[tuple[Job, BaseException]]]:
    """Results of `work(job)` in worker processes, in the order of the jobs, and the jobs that failed.

    One failure does not stop the others. Ctrl-C stops all of them at once; what was written stays.
    """
    # spawn: torch and OpenVINO keep threads, and a forked copy of a threaded process may hang
    context = get_context("spawn")
    messages, shares = context.Queue(), context.Queue()
    messages.cancel_join_thread()  # a worker killed while it was putting a message blocks the queue for good
    cores = _cores()
    threads = max(1, len(cores) // workers)
    for number in range(workers):
        shares.put(cores[number * threads : (number + 1) * threads] or cores)
    pump = threading.Thread(target=_pump, args=(messages, progress), daemon=True)
    pump.start()
    pool = ProcessPoolExecutor(workers, context, _start, (messages, shares, threads))
    done: dict[int, Result] = {}
    failed: list[tuple[Job, BaseException]] = []
    try:
        with _interrupts_held():
            futures: dict[Future[Result], int] = {pool.submit(work, job): i for i, job in enumerate(jobs)}
        for future in as_completed(futures):
            error = future.exception()
            if error is None:
                done[futures[future]] = future.result()
            else:
                failed.append((jobs[futures[future]], error))
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        messages.put(None)
        pump.join(LAST_WORDS_S)
    return [done[number] for number in sorted(done)], failed


def first_error(failed: Sequence[tuple[Any, BaseException]]) -> BaseException:
    """The error to end with: the user's mistake if there is one."""
    errors = [error for _, error in failed]
    error = next((error for error in errors if isinstance(error, InputError)), errors[0])
    if isinstance(error, BrokenProcessPool):
        return RuntimeError(
            "a worker process was killed, most likely because memory ran out; the same command goes on with "
            "the cameras that are not done yet, and a smaller --workers takes less memory"
        )
    return error


class _ToParent(logging.Handler):
    """Warnings of libraries in a worker are shown by the parent."""

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        current_worker().tell("message", record.getMessage(), level)


def _start(messages: Any, shares: Any, threads: int) -> None:
    """Prepares a worker process: its share of the cores, and deafness to Ctrl-C, which the parent handles."""
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cores = shares.get()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)  # the only way to bound the threads of every library
    os.environ["OMP_NUM_THREADS"] = str(threads)
    import cv2

    cv2.setNumThreads(threads)
    _worker = Worker(messages, threads)
    logger = logging.getLogger("reid")
    logger.addHandler(_ToParent(logging.WARNING))
    logger.propagate = False


def _end_with_parent() -> None:
    """Ends this worker when the parent is gone, also by kill -9: nobody waits for what it computes."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C waits until the block is over; processes that it starts never hear of it, from birth."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _pump(messages: Any, progress: Progress) -> None:
    while (message := messages.get()) is not None:
        method, *arguments = message
        getattr(progress, method)(*arguments)


def _cores() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))
