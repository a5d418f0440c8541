"""What is wrong with a live camera, judged from what it delivers. No threads, no clock of its own."""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from reid.live.config import SupervisionConfig

Level = Literal["connecting", "online", "degraded", "offline", "paused"]
RATE_S = 10.0  # frames are counted over this long
USUAL_S = 180.0  # the usual rate follows in this time: fewer frames at night are no trouble for ever


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How a camera is, and why; two are equal where nothing happened between them."""

    level: Level
    why: str  # a few words; empty where all is well


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameLook:
    """One frame, as far as health goes."""

    size: tuple[int, int]  # width, height
    codec: str
    fingerprint: int  # equal for frames that are equal


@dataclass(slots=True, kw_only=True)
class Faults:
    """How often what went wrong; a connection's end counts once, under what it was ended for."""

    disconnects: int = 0  # not by us
    stalls: int = 0  # no frame came, or nothing at all
    freezes: int = 0
    damaged: int = 0  # packets that could not be decoded
    changes: int = 0  # of size or codec within a connection, or between two
    rates: int = 0  # how often the rate left its usual one
    jumps: int = 0  # of the times that the stream tells


@dataclass(slots=True, kw_only=True)
class CameraHealth:
    """One camera's condition, from what it is told; `now_s` ascends. `must_reconnect` also counts what it finds."""

    config: SupervisionConfig
    faults: Faults = field(default_factory=Faults)
    connects: int = 0
    look: FrameLook | None = None
    _connected_s: float | None = None
    _lost: str = ""  # why; empty before the first attempt has failed
    _paused: bool = False
    _frame_s: float = 0.0  # when the last one came
    _changed_s: float = 0.0  # when the last one came that differed from the one before
    _retried: bool = False  # reconnected because of the frame that is still the same
    _times: deque[float] = field(default_factory=deque)
    _counted: bool = False  # why the connection has to end
    _usual_fps: float = 0.0
    _off: Literal["", "slower", "faster"] = ""

    def connected(self, now_s: float) -> None:
        """A connection is open; no frame has come yet."""
        self.connects += 1
        self._connected_s = self._frame_s = self._changed_s = now_s
        self._times.clear()
        self._counted, self._off = False, ""

    def frame(self, now_s: float, look: FrameLook) -> bool:
        """A frame was decoded; whether its size or codec differs from those of the one before."""
        before, self.look = self.look, look
        changed = before is not None and (before.size, before.codec) != (look.size, look.codec)
        if changed:
            self.faults.changes += 1
        if before is None or before.fingerprint != look.fingerprint:
            self._changed_s, self._retried = now_s, False
        since_s, self._frame_s = now_s - self._frame_s, now_s
        self._times.append(now_s)
        while now_s - self._times[0] > RATE_S:
            self._times.popleft()
        if self._full(now_s):
            self._rate(len(self._times) / RATE_S, since_s)
        return changed

    def jumped(self) -> None:
        """The stream's times have a new origin."""
        self.faults.jumps += 1

    def damaged(self) -> None:
        """A packet could not be decoded."""
        self.faults.damaged += 1

    def lost(self, why: str, *, stalled: bool = False) -> None:
        """The connection is gone, maybe because nothing came any more, or could not be made."""
        if self._connected_s is not None and not self._counted:
            self.faults.stalls += stalled
            self.faults.disconnects += not stalled
        self._connected_s, self._lost = None, why

    def paused(self, paused: bool) -> None:
        """Pause a camera, or go on with it."""
        self._paused = paused

    def must_reconnect(self, now_s: float) -> str | None:
        """Why the connection is no good any more; None where it is."""
        if self._connected_s is None:
            return None
        if now_s - self._frame_s > self.config.stall_s:
            self.faults.stalls += 1
            self._counted = True
            return f"no frame for {self.config.stall_s:g} s"
        if now_s - self._changed_s > self.config.frozen_s and not self._retried:
            self.faults.freezes += 1
            self._counted = self._retried = True  # once: what shows the same again may be a wall at night
            return f"the same frame for {self.config.frozen_s:g} s"
        return None

    def fps(self, now_s: float) -> float:
        """Frames a second over the last RATE_S seconds, or since the connection if that is less."""
        if self._connected_s is None:
            return 0.0
        seen = sum(now_s - time_s <= RATE_S for time_s in self._times)
        return seen / max(min(RATE_S, now_s - self._connected_s), 1e-3)

    def steady(self) -> bool:
        """Whether the connection has lasted long enough to be called a good one."""
        return self._connected_s is not None and self._frame_s - self._connected_s >= self.config.steady_s

    def state(self, now_s: float) -> State:
        """How the camera is at this moment."""
        if self._paused:
            return State(level="paused", why="on request")
        if self._connected_s is None:
            return State(level="offline", why=self._lost) if self._lost else State(level="connecting", why="")
        if self._frame_s == self._connected_s:
            level: Level = "offline" if self._lost else "connecting"
            return State(level=level, why="connected, no frame yet")
        if now_s - self._frame_s > self.config.stall_s / 2:
            return State(level="degraded", why="frames stopped coming")
        if now_s - self._changed_s > self.config.frozen_s:
            return State(level="degraded", why="the frame stands still")
        if self._off:
            why = f"{self._off} than its usual {self._usual_fps:.0f} frames a second"
            return State(level="degraded", why=why)
        return State(level="online", why="")

    def _rate(self, fps: float, since_s: float) -> None:
        """Whether the rate is far off its usual one, which follows it slowly."""
        usual_fps = self._usual_fps or fps
        self._usual_fps = usual_fps + (fps - usual_fps) * -math.expm1(-since_s / USUAL_S)
        before, least = self._off, self.config.slow_share
        if before:
            least = math.sqrt(least)  # well again half way back only, or it would be told again and again
        self._off = ""
        if fps < least * self._usual_fps:
            self._off = "slower"
        elif fps * least > self._usual_fps:
            self._off = "faster"
        self.faults.rates += bool(self._off) and not before

    def _full(self, now_s: float) -> bool:
        """Whether the rate has been counted over its whole time."""
        return self._connected_s is not None and now_s - self._connected_s >= RATE_S
