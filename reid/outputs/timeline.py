"""Positions on the report's time axis, as percentages of its width."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reid.types import Tracklet
from reid.wall_clock import WallClock

_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A stretch of time with round marks; it begins on one."""

    start_s: float
    end_s: float
    step_s: float

    @property
    def ticks(self) -> list[float]:
        """Times of the marks."""
        count = math.floor((self.end_s - self.start_s) / self.step_s + 1e-6)
        return [self.start_s + number * self.step_s for number in range(count + 1)]

    def percent(self, time_s: float) -> float:
        """Position of a time: 0 is the start, 100 the end."""
        return round(100 * (time_s - self.start_s) / (self.end_s - self.start_s), 4)

    def width(self, seconds: float) -> float:
        """Width of a stretch, in percent."""
        return round(100 * seconds / (self.end_s - self.start_s), 4)


def axis(tracklets: Sequence[Tracklet], *, most_ticks: int = 10, midnight_s: float = 0.0) -> Axis:
    """The axis that holds all of them; its marks are round from `midnight_s` on."""
    start_s = min((t.start_s for t in tracklets), default=0.0)
    end_s = max((t.end_s for t in tracklets), default=1.0)
    span_s = max(end_s - start_s, 0.5)
    step_s = next((s for s in _STEPS_S if span_s / s <= most_ticks), None)
    if step_s is None:
        step_s = 86400.0 * math.ceil(span_s / 86400 / most_ticks)
    first_s = midnight_s + math.floor((start_s - midnight_s) / step_s + 1e-9) * step_s
    return Axis(start_s=first_s, end_s=max(end_s, first_s + span_s), step_s=step_s)


class Moments:
    """Format of the report's moments: the wall clock where it is known, else seconds from the site's second 0."""

    def __init__(self, clock: WallClock | None, axis: Axis | None = None) -> None:
        self._clock = clock
        days = (
            set()
            if clock is None or axis is None
            else {clock.at(t).date() for t in (axis.start_s, axis.end_s)}
        )
        self._dated = len(days) > 1  # one day is said once, at the head of the page

    def __call__(self, time_s: float, *, tenths: bool = True) -> str:
        """1:05.3, or 10:01:05.3 in the world, with the date where there are several days."""
        if self._clock is None:
            return clock(time_s, tenths=tenths)
        moment = self._clock.at(round(time_s, 1 if tenths else 0))
        text = f"{moment:%Y-%m-%d %H:%M:%S}" if self._dated else f"{moment:%H:%M:%S}"
        return f"{text}.{moment.microsecond // 100_000}" if tenths else text

    def head(self, time_s: float) -> str | None:
        """The day and the zone of all moments on the page; None where they are not known."""
        if self._clock is None:
            return None
        moment = self._clock.at(time_s)
        zone = f"UTC{moment:%z}"
        return f"{zone[:-2]}:{zone[-2:]}" if self._dated else f"{moment:%Y-%m-%d}, {zone[:-2]}:{zone[-2:]}"


def midnight_s(clock: WallClock | None) -> float:
    """The site's second at which the first day began on its clocks; 0 where it is not known."""
    if clock is None:
        return 0.0
    begun = clock.at(0)
    return -(begun - begun.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()


def clock(time_s: float, *, tenths: bool = True) -> str:
    """65.25 -> 1:05.3; hours where there are some: 1:01:05; the sign of times before zero is kept."""
    ticks = round(abs(time_s) * 10) if tenths else round(abs(time_s)) * 10
    hours, rest = divmod(ticks, 36000)
    minutes, seconds = divmod(rest, 600)
    sign = "-" if time_s < 0 and ticks else ""
    whole, tenth = divmod(seconds, 10)
    head = f"{sign}{hours}:{minutes:02d}" if hours else f"{sign}{minutes}"
    return f"{head}:{whole:02d}" + (f".{tenth}" if tenths and not hours else "")


def duration(seconds: float) -> str:
    """4.2 s, 3 min 20 s, 2 h 05 min."""
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
