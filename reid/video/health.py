"""Damage of a file while it is read: times that do not ascend, frames that cannot be decoded."""

from dataclasses import dataclass
from pathlib import Path

from reid.errors import InputError
from reid.wording import counted

_STEP_S = 0.001  # between two frames that claim the same time
_RESTART_S = 1.0  # a step back this long is a recorder that restarted its clock, not jitter


class Clock:
    """Seconds from a file's first frame, strictly ascending whatever the container's timestamps do."""

    def __init__(self, frame_s: float, origin_s: float | None) -> None:
        self._frame_s = frame_s
        self._origin_s = origin_s  # the first frame's timestamp; None: the file has no timestamps
        self._count = 0
        self._last_s = 0.0
        self.repaired = 0  # frames whose timestamp did not ascend
        self.first_repair_s = 0.0

    def time_s(self, stamp_s: float | None) -> float:
        """The time of the next frame, from the container's timestamp for it if there is one."""
        time_s = self._next(stamp_s)
        self._count += 1
        self._last_s = time_s
        return time_s

    def _next(self, stamp_s: float | None) -> float:
        if self._origin_s is None:
            return self._count * self._frame_s
        if stamp_s is None:
            return self._last_s + self._frame_s if self._count else 0.0
        time_s = stamp_s - self._origin_s
        if not self._count or time_s > self._last_s:
            return max(time_s, 0.0)
        self.first_repair_s = self.first_repair_s if self.repaired else self._last_s
        self.repaired += 1
        if time_s > self._last_s - _RESTART_S:
            return self._last_s + min(_STEP_S, self._frame_s / 10)
        self._origin_s = stamp_s - self._last_s - self._frame_s
        return self._last_s + self._frame_s


@dataclass(slots=True)
class Health:
    """Counts damage while one file is decoded, and puts it into one sentence."""

    time_s: float = 0.0  # of the frame decoded last
    bad_packets: int = 0  # could not be decoded
    first_bad_s: float = 0.0
    concealed: int = 0  # decoded with errors that the decoder painted over
    first_concealed_s: float = 0.0
    stopped: str = ""  # why the container could not be read on
    oversized: InputError | None = None  # of the first packet that declared too many pixels

    def bad_packet(self) -> None:
        """A packet was skipped after the frame decoded last."""
        self.first_bad_s = self.first_bad_s if self.bad_packets else self.time_s
        self.bad_packets += 1

    def concealed_frame(self) -> None:
        """The frame decoded last holds concealed errors."""
        self.first_concealed_s = self.first_concealed_s if self.concealed else self.time_s
        self.concealed += 1

    def sentence(self, path: Path, clock: Clock, missing_s: float) -> str | None:
        """Describe the damage of `path`, or None; `missing_s`: what the header promises beyond its end."""
        parts = []
        if self.bad_packets:
            packets = counted(self.bad_packets, "packet")
            parts.append(f"{packets} could not be decoded, from {self.first_bad_s:.1f} s")
        if self.oversized is not None:
            parts.append(f"the first of them {str(self.oversized).removeprefix(f'{path}: ')}")
        if self.concealed:
            frames = counted(self.concealed, "frame")
            parts.append(f"{frames} decoded with errors, from {self.first_concealed_s:.1f} s")
        if clock.repaired:
            stamps = counted(clock.repaired, "timestamp")
            parts.append(f"{stamps} did not ascend and were repaired, from {clock.first_repair_s:.1f} s")
        if self.stopped:
            parts.append(f"reading stopped at {self.time_s:.1f} s ({self.stopped})")
        if missing_s > 0:
            parts.append(f"it ends at {self.time_s:.1f} s, {missing_s:.1f} s before its stated end")
        return f"{path}: damaged: {'; '.join(parts)}" if parts else None
