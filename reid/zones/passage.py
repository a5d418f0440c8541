"""One person's way through the zones and lines of a camera: what they entered, left and crossed.

A foot point trembles by some pixels from frame to frame. So a person has changed sides only when the foot is farther
than the margin from the edge (hysteresis), and has gone in or out of a zone only when it stays there for SETTLE_S. A
person who stands on a line, or who shifts from foot to foot at the edge of a zone, is counted once or not at all. The
moment that is told is that of the edge.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from reid.types import Array
from reid.zones.shapes import CameraShapes, Floats, Positions, Shape

SETTLE_S = 0.5 - 1e-6  # shorter stays, and shorter absences, are a foot that passes by

Step = Literal["entered", "left", "crossed"]
Direction = Literal["in", "out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneStep:
    """One thing that a person did in a zone or at a line."""

    zone: str
    step: Step
    at_s: float
    entered_s: float | None = None  # of `left`
    direction: Direction | None = None  # of `crossed`

    @property
    def dwell_s(self) -> float | None:
        """How long the person stayed; None: the person has not left."""
        return None if self.entered_s is None else self.at_s - self.entered_s


@dataclass(slots=True)
class _InZone:
    """Where a person is for one zone."""

    inside: bool = False
    in_s: float | None = None  # when the foot went in; None: it is out, for long enough
    in_clear: bool = False  # it was farther than the margin from the edge since then
    out_s: float | None = None  # when the foot went out; None: it is in
    out_clear: bool = False
    entered_s: float = 0.0

    def step(self, at_s: float, foot_inside: bool, clear: bool) -> Iterator[tuple[Step, float]]:
        yield from self._leave(at_s)  # the foot was there until now
        yield from self._enter(at_s)
        if foot_inside:
            if self.in_s is None:
                self.in_s, self.in_clear = at_s, False
            self.out_s = None
            self.in_clear |= clear
            yield from self._enter(at_s)
        elif self.in_s is not None:
            if self.out_s is None:
                self.out_s, self.out_clear = at_s, False
            self.out_clear |= clear
            yield from self._leave(at_s)

    def until_s(self, last_s: float) -> float:
        """The end of a stay in it, of a person who was seen last at `last_s`."""
        return last_s if self.out_s is None else self.out_s

    def _enter(self, at_s: float) -> Iterator[tuple[Step, float]]:
        if self.inside or self.in_s is None or self.out_s is not None or not self.in_clear:
            return
        if at_s - self.in_s >= SETTLE_S:
            self.inside, self.entered_s = True, self.in_s
            yield "entered", self.in_s

    def _leave(self, at_s: float) -> Iterator[tuple[Step, float]]:
        if self.out_s is None or at_s - self.out_s < SETTLE_S or (self.inside and not self.out_clear):
            return
        was, out_s = self.inside, self.out_s
        self.inside, self.in_s, self.out_s = False, None, None
        if was:
            yield "left", out_s


@dataclass(slots=True)
class _AtLine:
    """Where a person is for one line."""

    crossings: int = 0  # to its right less to its left, since the foot was last clear of it
    crossed_s: float = 0.0  # the last of them
    began: bool = False  # the foot has been clear of it


@dataclass(slots=True, kw_only=True, eq=False)
class Passage:
    """Follows one person; times ascend."""

    _zones: dict[str, _InZone] = field(default_factory=dict)
    _lines: dict[str, _AtLine] = field(default_factory=dict)
    _foot: Floats | None = None
    last_s: float = float("-inf")

    def step(self, shapes: CameraShapes, at_s: float, positions: Positions, row: int) -> list[ZoneStep]:
        """Take where the person is: row `row` of the positions."""
        found: list[ZoneStep] = []
        foot, inside, clear = positions.feet[row], positions.inside[row], positions.clear[row]
        for column, shape in enumerate(shapes.shapes):
            if shape.zone.line:
                found += self._at_line(shape, at_s, foot, bool(clear[column]))
            else:
                found += self._in_zone(shape.zone.name, at_s, bool(inside[column]), bool(clear[column]))
        self._foot, self.last_s = foot, at_s
        return found

    def finish(self) -> list[ZoneStep]:
        """The person is out of view, and so out of every zone."""
        found = [
            ZoneStep(zone=name, step="left", at_s=one.until_s(self.last_s), entered_s=one.entered_s)
            for name, one in self._zones.items()
            if one.inside
        ]
        self._zones.clear()
        return found

    def inside(self) -> set[str]:
        """Names of the zones that the person is in."""
        return {name for name, one in self._zones.items() if one.inside}

    def drop(self, names: Iterable[str]) -> None:
        """Forget zones and lines that are no more."""
        for name in names:
            self._zones.pop(name, None)
            self._lines.pop(name, None)

    def _in_zone(self, name: str, at_s: float, foot_inside: bool, clear: bool) -> Iterator[ZoneStep]:
        one = self._zones.setdefault(name, _InZone())
        for step, when_s in one.step(at_s, foot_inside, clear):
            entered_s = one.entered_s if step == "left" else None
            yield ZoneStep(zone=name, step=step, at_s=when_s, entered_s=entered_s)

    def _at_line(self, shape: Shape, at_s: float, foot: Floats, clear: bool) -> Iterator[ZoneStep]:
        one = self._lines.setdefault(shape.zone.name, _AtLine())
        if self._foot is not None and (crossings := shape.crossed(self._foot, foot)):
            one.crossings += crossings
            one.crossed_s = at_s
        if clear:
            if one.began:
                direction: Direction = "in" if one.crossings > 0 else "out"
                for _ in range(abs(one.crossings)):
                    yield ZoneStep(
                        zone=shape.zone.name, step="crossed", at_s=one.crossed_s, direction=direction
                    )
            one.began, one.crossings = True, 0


def steps_of(shapes: CameraShapes, times_s: Floats, boxes: Array) -> list[ZoneStep]:
    """What one person did, from being first seen to being last seen.

    Args:
        times_s: (T,) ascending.
        boxes: (T, 4).
    """
    positions, passage = shapes.positions(boxes), Passage()
    found = [
        step
        for row, at_s in enumerate(times_s.tolist())
        for step in passage.step(shapes, at_s, positions, row)
    ]
    return found + passage.finish()
