"""Progress of a task, and the protocol of what shows it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

Level = Literal["info", "warning", "error"]
Rows = Sequence[Sequence[object]]


@dataclass(slots=True)
class Meter:
    """Progress and speed of one task."""

    name: str
    total: float | None  # None: the length is not known
    unit: str
    clock: Callable[[], float] = field(repr=False)
    done: float = 0.0
    finished: bool = False
    begun: tuple[float, float] | None = (
        None  # (when, done) of the first report: waiting before it is not slowness
    )

    def add(self, amount: float) -> None:
        self.done += amount
        if self.begun is None:
            self.begun = (self.clock(), self.done)

    @property
    def rate(self) -> float | None:
        """Units per second; None before two reports."""
        if self.begun is None:
            return None
        elapsed, done = self.clock() - self.begun[0], self.done - self.begun[1]
        return done / elapsed if elapsed > 0 and done > 0 else None

    @property
    def left_s(self) -> float | None:
        rate = self.rate
        return None if rate is None or self.total is None else max(0.0, self.total - self.done) / rate


class View(Protocol):
    """Shows what `Progress` is told."""

    def started(self, meter: Meter) -> None: ...
    def advanced(self, meter: Meter) -> None: ...
    def finished(self, meter: Meter, note: str) -> None: ...
    def message(self, text: str, level: Level) -> None: ...
    def summary(self, title: str, header: Sequence[str], rows: Rows) -> None: ...
    def text(self, markdown: str) -> None: ...
    def close(self) -> None: ...
