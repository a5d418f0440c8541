"""Ctrl-C and SIGTERM: a job ends at its next safe place, and only then does the signal take effect."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from pipelines.runtime.progress import Progress

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopping_gently(
    progress: Progress, promise: str, *, is_the_end: bool = False
) -> Iterator[Callable[[], bool]]:
    """Yield a function that says whether a signal came; the signal takes effect when the block is left.

    A second signal takes effect at once. Only a program's main thread can arrange that; elsewhere nothing stops.

    Args:
        promise: told at the first signal, such as "stopping after this step".
        is_the_end: a signal is how the job ends, not how it is interrupted: it has no further effect.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    received: list[int] = []
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def noted(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        for each, handler in before.items():  # the next one is not asked to wait
            signal.signal(each, handler)
        progress.message(promise)

    for number in SIGNALS:
        signal.signal(number, noted)
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received and not is_the_end:
        signal.raise_signal(received[0])


def same_command(*, overwrite: bool) -> str:
    """Words for the command that goes on with an interrupted training."""
    return "the same command without --overwrite" if overwrite else "the same command"
