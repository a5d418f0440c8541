"""Jobs in parallel processes, one per share of the cores, that report to the parent's progress.

Each worker process has a pipe of its own: one that is killed or stopped takes its own job along, never the others'.
"""

import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, TypeVar

import psutil

from pipelines.runtime.progress import Progress
from pipelines.runtime.worker import serve
from reid.errors import ReidError

Job = TypeVar("Job")
Result = TypeVar("Result")
LOOK_S = 1.0  # between looks for workers that were stopped
STOPPED_S = 10.0  # a worker that was stopped (SIGSTOP) for so long, while this process ran, is given up
TIDY_S = 3.0  # for a worker that is told to end, to remove its partial files; then it is killed


class WorkerLost(RuntimeError):
    """A worker process was killed, or stopped for too long, and its job with it."""


def workers_for(asked: int, jobs: int) -> int:
    """Number of processes: as many as asked, or one per core, but no more than there are jobs."""
    return max(1, min(asked or len(_cores()), jobs))


def run_jobs(
    jobs: Sequence[Job],
    work: Callable[[Job], Result],
    *,
    workers: int,
    progress: Progress,
    name: Callable[[Job], str] = str,
) -> tuple[list[Result], list[tuple[Job, BaseException]]]:
    """Results of `work(job)` in worker processes, in the order of the jobs, and the jobs that failed.

    One failure does not stop the others, be it an error or the end of a worker process. Ctrl-C and SIGTERM stop
    all of them within seconds; what was written stays.

    Args:
        name: what a job is called in messages.
    """
    team = _Team(work, [name(job) for job in jobs], workers, progress)
    done: dict[int, Result] = {}
    failed: list[tuple[Job, BaseException]] = []
    try:
        team.fill(list(enumerate(jobs)))
        for number, (error, result) in team.outcomes():
            if error is None:
                done[number] = result
            else:
                failed.append((jobs[number], error))
    except BaseException:
        team.end(at_once=True)
        raise
    team.end()
    return [done[number] for number in sorted(done)], failed


def first_error(failed: Sequence[tuple[Any, BaseException]]) -> BaseException:
    """The error to end with: the user's mistake if there is one."""
    errors = [error for _, error in failed]
    return next((error for error in errors if isinstance(error, ReidError)), errors[0])


@dataclass(slots=True, kw_only=True, eq=False)
class _Hand:
    """One worker process as the parent knows it, with its pipe and its job."""

    process: SpawnProcess
    pipe: "Connection[Any, Any]"
    cores: Sequence[int]
    todo: "queue.SimpleQueue[Any]" = field(default_factory=queue.SimpleQueue)
    job: int | None = None
    stopped_s: float = 0.0  # for how long it has been seen stopped
    gave_up: bool = False


class _Team:
    """Worker processes of one `run_jobs`; all but the talking happens in the caller's thread.

    A thread talks with each worker, because one that is stopped amid a message holds up its reader and its writer.
    """

    def __init__(
        self, work: Callable[[Any], Any], names: list[str], workers: int, progress: Progress
    ) -> None:
        # spawn: torch and OpenVINO keep threads, and a forked copy of a threaded process may hang
        self._context = get_context("spawn")
        self._work, self._names, self._progress = work, names, progress
        cores = _cores()
        self._threads = max(1, len(cores) // workers)
        starts = range(0, workers * self._threads, self._threads)
        self._shares = [cores[at : at + self._threads] or cores for at in starts]
        self._waiting: list[tuple[int, Any]] = []
        self._hands: list[_Hand] = []
        self._inbox: queue.SimpleQueue[tuple[_Hand, Any]] = queue.SimpleQueue()

    def fill(self, jobs: list[tuple[int, Any]]) -> None:
        """Start the workers, each with a job."""
        self._waiting = jobs[::-1]
        for cores in self._shares[: len(jobs)]:
            self._start(cores)

    def outcomes(self) -> Iterator[tuple[int, tuple[BaseException | None, Any]]]:
        """Each job's number with its error or its result, as they come."""
        looked_s = time.monotonic()
        while any(hand.job is not None for hand in self._hands):
            with suppress(queue.Empty):
                outcome = self._take(*self._inbox.get(timeout=LOOK_S))
                if outcome is not None:
                    yield outcome
            if time.monotonic() - looked_s >= LOOK_S:
                self._look()
                looked_s = time.monotonic()

    def end(self, *, at_once: bool = False) -> None:
        """Let the workers go home, or end them; none is left, whatever state it is in."""
        for hand in self._hands:
            if at_once:
                hand.process.terminate()
            else:
                hand.todo.put(None)
        until = time.monotonic() + TIDY_S
        for hand in self._hands:
            _join(hand.process, until - time.monotonic())
        self._hands.clear()

    def _start(self, cores: Sequence[int]) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=serve, args=(theirs, self._work, cores, self._threads), daemon=True
        )
        with _interrupts_held():
            process.start()
        theirs.close()
        hand = _Hand(process=process, pipe=ours, cores=cores)
        self._hands.append(hand)
        threading.Thread(target=self._talk, args=(hand,), daemon=True).start()
        self._next_job(hand)

    def _next_job(self, hand: _Hand) -> None:
        hand.job = None
        if self._waiting:
            hand.job, job = self._waiting.pop()
            hand.todo.put(job)

    def _talk(self, hand: _Hand) -> None:
        """Pass jobs to a worker and its messages to the inbox, in a thread; None once it has ended."""
        try:
            while (job := hand.todo.get()) is not None:
                hand.pipe.send(job)
                message = None
                while message is None or message[0] != "outcome":
                    message = hand.pipe.recv()
                    self._inbox.put((hand, message))
            hand.pipe.send(None)
        except (EOFError, OSError):
            self._inbox.put((hand, None))

    def _take(self, hand: _Hand, message: Any) -> tuple[int, tuple[BaseException | None, Any]] | None:
        """Take one message; the outcome of a job where it is one."""
        if message is None:
            return self._ended(hand)
        kind, *content = message
        if kind == "tell":
            method, *arguments = content
            getattr(self._progress, method)(*arguments)
            return None
        number = hand.job
        assert number is not None
        self._next_job(hand)
        error, result = content
        return number, (error, result)

    def _ended(self, hand: _Hand) -> tuple[int, tuple[BaseException | None, Any]] | None:
        """A worker is gone; another one takes its place where there is work left."""
        _join(hand.process, TIDY_S)
        self._hands.remove(hand)
        hand.pipe.close()
        if self._waiting:
            self._start(hand.cores)
        return None if hand.job is None else (hand.job, (self._loss(hand, self._names[hand.job]), None))

    @staticmethod
    def _loss(hand: _Hand, name: str) -> WorkerLost:
        if hand.gave_up:
            return WorkerLost(
                f"{name}: its worker process was stopped (SIGSTOP) for {STOPPED_S:g} s and was given up; the same "
                "command goes on with what is not done yet"
            )
        code = hand.process.exitcode or 0
        how = f"was killed ({signal.strsignal(-code)})" if code < 0 else f"ended with exit code {code}"
        why = ", most likely because memory ran out" if code == -9 else ""
        return WorkerLost(
            f"{name}: its worker process {how}{why}; the same command goes on with what is not done yet, and a "
            "smaller --workers takes less memory"
        )

    def _look(self) -> None:
        """Give up workers that were stopped: only the time counts in which this process itself ran."""
        for hand in self._hands:
            try:
                stopped = psutil.Process(hand.process.pid).status() == psutil.STATUS_STOPPED
            except psutil.Error:  # it has just ended, which its listener tells
                continue
            hand.stopped_s = hand.stopped_s + LOOK_S if stopped else 0.0
            if hand.stopped_s >= STOPPED_S:
                hand.gave_up = True
                hand.process.kill()


def _join(process: SpawnProcess, timeout_s: float) -> None:
    """Wait for a process; one that does not end in time is killed, which a stopped one obeys, too."""
    process.join(max(0.0, timeout_s))
    if process.is_alive():
        process.kill()
        process.join()


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


def _cores() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))
