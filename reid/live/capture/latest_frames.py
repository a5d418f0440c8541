"""Newest frame wins: what is between cameras that deliver when they like and networks that take what they can.

Every camera has a slot for one frame. A newer frame replaces one that nobody took, so nothing queues, and what is
processed is never older than one round of the networks. All drops are counted, with their reason.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

Reason = Literal["newer", "sampling", "old", "paused"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameCounts:
    """What became of a camera's frames so far."""

    offered: int
    taken: int
    dropped: dict[Reason, int]


class LatestFrames(Generic[T]):
    """One slot a camera. Cameras offer from threads of their own; one thread takes.

    Args:
        clock: seconds, ascending.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: dict[str, tuple[float, T]] = {}
        self._cameras: dict[str, _Camera] = {}
        self._rounds = 0
        self._closed = False

    def offer(self, camera_id: str, item: T) -> None:
        """Put a frame into its camera's slot, in place of one that was not taken, or drop it, and count why."""
        with self._changed:
            camera = self._cameras.setdefault(camera_id, _Camera())
            camera.offered += 1
            now = self._clock()
            if camera.paused:
                camera.dropped["paused"] += 1
            elif not camera.due(now):
                camera.dropped["sampling"] += 1
            else:
                if camera_id in self._waiting:
                    camera.dropped["newer"] += 1
                self._waiting[camera_id] = (now, item)
                self._changed.notify()

    def take(self, most: int, *, timeout_s: float, max_age_s: float) -> list[tuple[str, T]]:
        """The waiting frames of at most `most` cameras, those first that were served longest ago.

        Waits up to `timeout_s` for the first; empty where none came, or the slots are closed. Frames that have waited
        longer than `max_age_s` are dropped instead: the thread that takes was busy for as long.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed, timeout_s)
            now = self._clock()
            for camera_id in [c for c, (came, _) in self._waiting.items() if now - came > max_age_s]:
                del self._waiting[camera_id]
                self._cameras[camera_id].dropped["old"] += 1
            turn = sorted(self._waiting, key=lambda camera_id: self._cameras[camera_id].served)
            taken = []
            for camera_id in turn[:most]:
                self._rounds += 1
                camera = self._cameras[camera_id]
                camera.served, camera.taken = self._rounds, camera.taken + 1
                taken.append((camera_id, self._waiting.pop(camera_id)[1]))
            return taken

    def sample(self, camera_id: str, fps: float | None) -> None:
        """Let at most so many frames a second of a camera in, evenly; None: all."""
        with self._changed:
            self._cameras.setdefault(camera_id, _Camera()).fps = fps

    def pause(self, camera_id: str, paused: bool) -> None:
        """Let none in, or in again."""
        with self._changed:
            self._cameras.setdefault(camera_id, _Camera()).paused = paused
            if paused and self._waiting.pop(camera_id, None) is not None:
                self._cameras[camera_id].dropped["paused"] += 1

    def remove(self, camera_id: str) -> None:
        """Forget a camera with its frame and counts."""
        with self._changed:
            self._waiting.pop(camera_id, None)
            self._cameras.pop(camera_id, None)

    def counts(self, camera_id: str) -> FrameCounts:
        """What became of its frames; one frame more may be waiting."""
        with self._changed:
            camera = self._cameras.get(camera_id, _Camera())
            return FrameCounts(offered=camera.offered, taken=camera.taken, dropped=dict(camera.dropped))

    def close(self) -> None:
        """Wake who waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class _Camera:
    """Counts of one camera, and when its next frame is due."""

    def __init__(self) -> None:
        self.fps: float | None = None
        self.paused = False
        self.offered = self.taken = 0
        self.served = 0  # the round in which a frame was taken last
        self.dropped: Counter[Reason] = Counter()
        self._next_s = float("-inf")

    def due(self, now: float) -> bool:
        """Whether a frame at `now` is the next of an even sampling."""
        if self.fps is None:
            return True
        step = 1 / self.fps
        if now < self._next_s - step / 10:  # a camera's own jitter must not cost every second frame
            return False
        self._next_s = max(self._next_s + step, now + step / 2)
        return True
