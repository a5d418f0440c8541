"""When a live frame was taken: by its camera's own clock where that can be believed, else by its arrival.

Clocks of cameras that are kept right (NTP) agree with each other to some milliseconds, while frames arrive late, each
camera's by a delay of its own. A camera's clock that is plainly wrong does more harm than these delays.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from reid.live.capture.address import Kind
from reid.live.capture.camera_time import CameraTime, ClockSource
from reid.live.capture.stream_clock import LeastDelay

AHEAD_S = 1.0  # no frame comes from the future, and clocks that are kept right differ by less
# no frame comes later than this; HLS is played some segments late
MOST_LATE_S: Mapping[Kind, float] = {"hls": 120.0}
LATE_S = 10.0  # of all others
STEADY_S = 60.0  # a camera's clock that was set is believed again after this long
SLEW = 0.1  # seconds in a second by which times are moved from one clock to another: tracks keep their speed
_STEP_S = 0.001  # between two frames at least


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """By which clock a camera's frames are timed."""

    source: ClockSource = "arrival"
    # time of a frame by its camera less its arrival by ours; None: the camera has not said
    offset_s: float | None = None
    why: str = ""  # a sentence on why the camera's clock is not believed


class CameraClock:
    """Times one camera's frames on the site's clock, strictly ascending, over all its connections.

    Args:
        ahead_s: seconds from the site's clock to the wall clock, at this moment.
    """

    def __init__(self, kind: Kind, ahead_s: Callable[[], float]) -> None:
        self._late_s, self._ahead_s = MOST_LATE_S.get(kind, LATE_S), ahead_s
        self._least = LeastDelay()
        self._told: CameraTime | None = None
        self._steady_s = float("-inf")  # when a clock that was set is believed again
        # second 0 of the stream on the site's clock; None: arrivals count
        self._origin_s: float | None = None
        self._slip_s = 0.0  # of the times to what they should be, on the way from another clock
        self._last_s = self._last_by_arrival_s = self._last_arrival_s = float("-inf")
        self.state = ClockState()

    def begin(self) -> None:
        """A new connection: what the camera said in the one before tells nothing of it."""
        self._least, self._told, self._steady_s = LeastDelay(), None, float("-inf")
        self._origin_s, self.state = None, ClockState()

    @property
    def lead_s(self) -> float:
        """How far the times of the camera's frames are ahead of the site's clock: mostly below 0."""
        if self._origin_s is None:
            return self._slip_s
        return self._last_s - self._last_arrival_s

    def site_s(self, by_arrival_s: float, arrival_s: float, told: CameraTime | None) -> float:
        """When a frame was taken, on the site's clock.

        Args:
            by_arrival_s: when it was taken by its arrival, see `StreamClock`.
            arrival_s: when it was decoded.
            told: when it was taken by its camera's clock; None where the camera does not say.
        """
        self.state = self._judged(arrival_s, told)
        origin_s, due_s = None, by_arrival_s
        if told is not None and self.state.source != "arrival":
            ahead_s = self._ahead_s()
            origin_s, due_s = told.zero_s - ahead_s, told.at_s - ahead_s
        elapsed_s = max(0.0, by_arrival_s - self._last_by_arrival_s)  # even, where arrivals are not
        self._slip(due_s, origin_s, elapsed_s)
        self._origin_s = origin_s
        self._last_by_arrival_s, self._last_arrival_s = by_arrival_s, arrival_s
        self._last_s = max(due_s + self._slip_s, self._last_s + _STEP_S)
        return self._last_s

    def _slip(self, due_s: float, origin_s: float | None, elapsed_s: float) -> None:
        """Take up what another clock makes a difference, and lose it again little by little."""
        if elapsed_s == float("inf"):  # the first frame of all
            return
        if origin_s is not None and self._origin_s is not None:
            self._slip_s += self._origin_s - origin_s
        elif (origin_s is None) != (self._origin_s is None):
            self._slip_s = self._last_s + elapsed_s - due_s
        self._slip_s = math.copysign(max(0.0, abs(self._slip_s) - SLEW * elapsed_s), self._slip_s)

    def _judged(self, arrival_s: float, told: CameraTime | None) -> ClockState:
        if told is None:
            self._told = None
            return ClockState()
        if self._told is not None and told.jumps != self._told.jumps:
            self._steady_s = arrival_s + STEADY_S
        if self._told is None or told.jumps != self._told.jumps:
            self._least = LeastDelay()
        self._told = told
        self._least.add(arrival_s, arrival_s - told.at_s)
        offset_s = -self._least.value - self._ahead_s()
        why = ""
        if offset_s > AHEAD_S:
            why = f"its clock is {_length(offset_s)} ahead of this machine's"
        elif offset_s < -self._late_s:
            why = f"its clock is {_length(-offset_s)} behind this machine's"
        elif arrival_s < self._steady_s:
            why = "its clock was set while it ran"
        return ClockState(source="arrival" if why else told.source, offset_s=offset_s, why=why)


def _length(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else str(timedelta(seconds=round(seconds)))
