"""Frames that can be had sooner than they are due, given out at their own speed: those of files and of HLS."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

JUMP_S = 10.0  # a frame that is due so much later follows on a jump of the stream's clock: no wait
_TURN_S = 0.2  # who waits looks up so often whether all is over
T = TypeVar("T")


class Playback:
    """Holds frames back until they are due.

    Args:
        frame_s: between two frames where the stream does not say when they are due.
        late_s: up to so late, frames are given out at once until they are on time again; where one is later, all
            that follow are.
        speed: seconds of the stream in a second of ours.
        wait: lets so many seconds pass.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        *,
        frame_s: float,
        late_s: float,
        speed: float = 1.0,
        wait: Callable[[float], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._frame_s, self._late_s, self._speed = frame_s, late_s, speed
        self._wait, self._clock = wait, clock
        self._offset_s: float | None = None  # from the stream's clock to ours
        self._last_s: float | None = None

    def hold(self, stream_s: float | None) -> float:
        """Wait until a frame is due; when that is on the stream's clock, also where the stream does not say."""
        if stream_s is None:
            stream_s = 0.0 if self._last_s is None else self._last_s + self._frame_s
        self._last_s, now_s = stream_s, self._clock()
        played_s = stream_s / self._speed
        if self._offset_s is None or not -self._late_s <= self._offset_s + played_s - now_s <= JUMP_S:
            self._offset_s = now_s - played_s
        self._wait(max(0.0, self._offset_s + played_s - now_s))
        return stream_s


class Ahead(Generic[T]):
    """What `source` yields, taken by a thread of its own before it is asked for. Iterate once, then close.

    Args:
        most: so many items ahead.
        close: of what `source` reads from. The thread calls it when nobody takes any more, as what was taken may be
            in use until then, and when it is out of `source`, which may be long after.
        stop: ends the iteration.
    """

    def __init__(
        self, source: Iterator[T], *, most: int, close: Callable[[], object], stop: threading.Event
    ) -> None:
        self._source, self._most, self._close, self._stop = source, most, close, stop
        self._changed = threading.Condition()
        self._items: deque[T] = deque()
        self._error: Exception | None = None
        self._begun = self._over = self._closed = False

    def __iter__(self) -> Iterator[T]:
        self._begun = True
        threading.Thread(target=self._read, name="reads ahead", daemon=True).start()
        while not self._stop.is_set():
            with self._changed:
                if not self._changed.wait_for(lambda: self._items or self._over, _TURN_S):
                    continue
                if not self._items:
                    break
                item = self._items.popleft()
                self._changed.notify_all()
            yield item
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Stop giving out frames; does not wait for the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if not self._begun:
            self._close()

    def _read(self) -> None:
        try:
            for item in self._source:
                if not self._put(item):
                    break
        except Exception as error:  # is the taker's
            self._error = error
        with self._changed:
            self._over = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._closed)
        self._close()

    def _put(self, item: T) -> bool:
        """Whether it will be taken."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._items) < self._most or self._closed)
            self._items.append(item)
            self._changed.notify_all()
            return not self._closed
