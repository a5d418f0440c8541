"""What a camera says of its own clock: when its frames were taken by it.

An RTSP camera pairs its clock with the times of its stream in RTCP sender reports, and an HLS playlist dates its
segments. Both tell the same thing: when second 0 of the stream was, by the camera's clock.
"""

import statistics
import struct
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Literal, Protocol

ClockSource = Literal["rtcp", "program-date-time", "arrival"]

WINDOW_S = 60.0  # what the camera says is compared over this long: some write their reports carelessly
JUMP_S = 1.0  # a camera's clock that differs by more from what it said before was set
ORIGIN_S = 10.0  # between two frames: the times of the stream begin anew
_BUCKET_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraTime:
    """When a frame was taken, by its camera's clock."""

    source: ClockSource
    at_s: float  # seconds since 1970
    zero_s: float  # the same of second 0 of the stream
    jumps: int  # how often the camera's clock was set, in this connection


class CameraTimes:
    """Keeps what one connection says of its camera's clock; any thread may add to it."""

    def __init__(self, source: ClockSource) -> None:
        self._source = source
        self._lock = threading.Lock()
        # arrival and second 0, one each second of the window
        self._said: deque[tuple[float, float]] = deque()
        self._zero_s: float | None = None
        self._last_stream_s: float | None = None
        self._jumps = 0

    def add(self, zero_s: float, now_s: float) -> None:
        """Take that second 0 of the stream was at `zero_s` by the camera's clock; said at `now_s` of ours."""
        with self._lock:
            if self._zero_s is not None and abs(zero_s - self._zero_s) > JUMP_S:
                self._said.clear()
                self._jumps += 1
            if self._said and now_s - self._said[-1][0] < _BUCKET_S:
                return
            self._said.append((now_s, zero_s))
            while now_s - self._said[0][0] > WINDOW_S:
                self._said.popleft()
            self._zero_s = statistics.median(zero for _, zero in self._said)

    def at(self, stream_s: float | None) -> CameraTime | None:
        """When the frame of stream time `stream_s` was taken; None where the camera has not said."""
        with self._lock:
            if stream_s is None or self._zero_s is None:
                return None
            at_s = stream_s + self._zero_s
            return CameraTime(source=self._source, at_s=at_s, zero_s=self._zero_s, jumps=self._jumps)

    def begins_anew(self, packet: Any) -> bool:
        """Whether the stream's times have another origin from this packet on: what was said is void then."""
        if packet.pts is None or packet.time_base is None:
            return False
        stream_s = float(packet.pts * packet.time_base)
        with self._lock:
            last_s, self._last_stream_s = self._last_stream_s, stream_s
            if last_s is None or abs(stream_s - last_s) <= ORIGIN_S:
                return False
            self._said.clear()
            self._zero_s = None
            return True


class CameraTimeSource(Protocol):
    """What one connection says of its camera's clock; the camera's thread uses it."""

    def packet(self, packet: Any) -> None:
        """Take a packet of the stream, which may say something."""

    def at(self, stream_s: float | None) -> CameraTime | None:
        """When the frame of stream time `stream_s` was taken; None where the camera does not say."""


class Silent:
    """A camera that says nothing of its clock, or is not asked."""

    def packet(self, packet: Any) -> None:
        """See `CameraTimeSource`."""

    def at(self, stream_s: float | None) -> CameraTime | None:
        """See `CameraTimeSource`."""
        return None


class SenderReports:
    """The RTCP sender reports of an RTSP camera."""

    def __init__(self) -> None:
        self._times = CameraTimes("rtcp")

    def packet(self, packet: Any) -> None:
        """See `CameraTimeSource`."""
        self._times.begins_anew(packet)
        zero_s = reported_zero_s(packet)
        if zero_s is not None:
            self._times.add(zero_s, time.monotonic())

    def at(self, stream_s: float | None) -> CameraTime | None:
        """See `CameraTimeSource`."""
        return self._times.at(stream_s)


def reported_zero_s(packet: Any) -> float | None:
    """Second 0 of an RTSP stream by its camera's clock, seconds since 1970; None before the first sender report.

    FFmpeg attaches to a packet when it was taken, reckoned from the last report (`AVProducerReferenceTime`: int64
    microseconds since 1970, then flags).
    """
    if packet.pts is None or packet.time_base is None or not packet.has_sidedata("prft"):
        return None
    (taken_us,) = struct.unpack_from("=q", bytes(packet.get_sidedata("prft")))
    return float(taken_us / 1e6 - float(packet.pts * packet.time_base))
