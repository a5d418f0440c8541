"""When a live frame was taken, on the site's clock.

A stream says exactly how its frames follow each other, but from an origin of its own; their arrival says when they
were taken, but late, by a delay that varies. The frame that was least delayed lately ties one to the other.
"""

from collections import deque

WINDOW_S = 60.0  # delays are compared over this long: shorter than clocks drift by a frame
JUMP_S = 2.0  # a stream time this far from what its arrival says is a new origin, not a delay
_STEP_S = 0.001  # between two frames that claim one time
_BUCKET_S = 1.0


class LeastDelay:
    """The least of some delays over the last WINDOW_S, a value a second."""

    def __init__(self) -> None:
        self._least: deque[tuple[float, float]] = deque()  # arrival and least delay of every second

    def __bool__(self) -> bool:
        return bool(self._least)

    @property
    def value(self) -> float:
        """Seconds."""
        return min(delay for _, delay in self._least)

    @property
    def first_s(self) -> float:
        """Arrival of the oldest that counts."""
        return self._least[0][0]

    @property
    def last_s(self) -> float:
        """Arrival of the newest, to the second."""
        return self._least[-1][0]

    def add(self, arrival_s: float, delay_s: float) -> None:
        """Take another; those that are too old count no more."""
        if self._least and arrival_s - self._least[-1][0] < _BUCKET_S:
            began, least = self._least[-1]
            self._least[-1] = began, min(least, delay_s)
        else:
            self._least.append((arrival_s, delay_s))
        while arrival_s - self._least[0][0] > WINDOW_S:
            self._least.popleft()


class StreamClock:
    """Stream seconds to seconds of the site's clock, of one connection, strictly ascending."""

    def __init__(self) -> None:
        self._least = LeastDelay()
        self._first: tuple[float, float] | None = None  # (arrival, offset) at the beginning, for the drift
        self._last_s = self._last_stream_s = float("-inf")
        self.jumps = 0  # new origins of the stream's times
        self.behind_s = 0.0  # from the last frame's time to its arrival; 0 where the stream tells none

    def site_s(self, stream_s: float | None, arrival_s: float) -> float:
        """When the frame with stream time `stream_s` was taken, at the latest `arrival_s`.

        Args:
            stream_s: None where the stream does not say; the arrival counts then.
            arrival_s: when it was decoded, on the site's clock.
        """
        site_s = arrival_s
        stands = stream_s is not None and 0 <= self._last_stream_s - stream_s < JUMP_S
        if stream_s is not None and not stands:  # some senders give all frames one time
            self._last_stream_s = stream_s
            offset = arrival_s - stream_s
            if self._least and abs(offset - self._offset) > JUMP_S and not self._late(offset):
                self._least = LeastDelay()
                self._first = None
                self.jumps += 1
            self._add(arrival_s, offset)
            site_s = stream_s + self._offset
        self._last_s = max(site_s, self._last_s + _STEP_S)
        self.behind_s = max(0.0, arrival_s - self._last_s)
        return self._last_s

    @property
    def drift(self) -> float:
        """Seconds that the stream's clock loses in a second of ours; 0 until it has run for two windows."""
        if self._first is None or not self._least:
            return 0.0
        elapsed = self._least.last_s - self._first[0]
        return (self._offset - self._first[1]) / elapsed if elapsed >= 2 * WINDOW_S else 0.0

    @property
    def _offset(self) -> float:
        return self._least.value

    def _late(self, offset: float) -> bool:
        """Whether the frame is only delayed: what was held up on its way comes within some seconds."""
        return 0 < offset - self._offset < 5 * JUMP_S

    def _add(self, arrival_s: float, offset: float) -> None:
        self._least.add(arrival_s, offset)
        if self._first is None and self._least.last_s - self._least.first_s >= WINDOW_S / 2:
            self._first = self._least.first_s, self._offset
