"""The time of a live site: seconds that never step, and the wall clock beside them.

Frames, tracks and appearances are timed on the site's clock, which runs with the monotonic one, so that a wall clock
that is set neither shortens nor lengthens what was seen. What people and programs are told is on the wall clock.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

log = logging.getLogger(__name__)

STEP_S = 0.5  # between two checks: more is a step, less is the adjusting that keeps a clock right


class SiteClock:
    """Converts between the monotonic clock, the site's clock and the wall clock; any thread may use it.

    Args:
        wall: seconds since 1970.
        monotonic: seconds, ascending.
    """

    def __init__(
        self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._lock = threading.Lock()
        self._origin_s = wall() - monotonic()
        self._ahead_s = 0.0  # of the wall clock, to the site's
        self._steps = 0

    @property
    def steps(self) -> int:
        """How often the wall clock was set."""
        return self._steps

    @property
    def monotonic_s(self) -> float:
        """The monotonic clock."""
        return self._monotonic()

    @property
    def now_s(self) -> float:
        """The site's clock."""
        return self._monotonic() + self._origin_s

    def at(self, monotonic_s: float) -> float:
        """A moment of the monotonic clock on the site's."""
        return monotonic_s + self._origin_s

    def wall_s(self, site_s: float) -> float:
        """A moment of the site's clock on the wall clock as it is set now; steps since the last check count."""
        return site_s + self._follow()

    def site_s(self, wall_s: float) -> float:
        """A moment of the wall clock as it is set now on the site's clock."""
        return wall_s - self._follow()

    def check(self) -> None:
        """Follow the wall clock; call it about once a second, so that it can drift without a step being counted."""
        self._follow()

    def _follow(self) -> float:
        with self._lock:
            ahead_s = self._wall() - self._monotonic() - self._origin_s
            stepped_s = ahead_s - self._ahead_s
            if abs(stepped_s) >= STEP_S:
                self._steps += 1
                log.warning(
                    "the wall clock was set %s by %.1f s: it is %s now; times of what is told from now on are by it, "
                    "and what was seen before is as long as it was",
                    "back" if stepped_s < 0 else "forward",
                    abs(stepped_s),
                    f"{datetime.fromtimestamp(self._wall(), UTC):%Y-%m-%d %H:%M:%S} UTC",
                )
            self._ahead_s = ahead_s
            return ahead_s
