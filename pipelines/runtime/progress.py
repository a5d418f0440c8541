"""Reports of a job: progress and warnings on standard error, results on standard output.

`Progress` counts and measures; a view shows it: bars on a terminal, lines elsewhere, or JSON for programs.
Workers in other processes report through pipes that the job drains here; any thread may call the methods. What is
shown is made printable here: names of files and people, and what cameras and receivers say, come from elsewhere.
"""

import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TextIO

from pipelines.runtime.displays import Bars, Json, Lines
from pipelines.runtime.meter import Level, Meter, Rows, View
from reid.printable import printable


@dataclass(frozen=True, slots=True)
class Task:
    """One camera's share of a `Progress`."""

    progress: "Progress"
    name: str

    def advance(self, amount: float = 1) -> None:
        self.progress.advance(self.name, amount)

    def finish(self, note: str = "") -> None:
        self.progress.finish(self.name, note)


class Progress:
    """Receiver of a job's reports. Quiet: only answers, warnings and errors get through."""

    def __init__(
        self, view: View, *, quiet: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._view, self._quiet, self._clock = view, quiet, clock
        self._meters: dict[str, Meter] = {}
        self._lock = threading.RLock()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._view.close()

    def task(self, name: str, total: float | None, unit: str = "frames") -> Task:
        """Announce a task, usually a camera; `total` None: unknown. A name announced again starts anew."""
        with self._lock:
            meter = self._meters[name] = Meter(printable(name), total, unit, self._clock)
            if not self._quiet:
                self._view.started(meter)
        return Task(self, name)

    def advance(self, name: str, amount: float = 1) -> None:
        """Count `amount` more units of a task that was announced."""
        with self._lock:
            meter = self._meters[name]
            meter.add(amount)
            if not self._quiet:
                self._view.advanced(meter)

    def finish(self, name: str, note: str = "") -> None:
        """A task is over, however much of it was counted: totals of damaged recordings are estimates."""
        with self._lock:
            meter = self._meters[name]
            meter.finished = True
            if not self._quiet:
                self._view.finished(meter, printable(note))

    def message(self, text: str, level: Level = "info") -> None:
        """A sentence for the user; bars stay below it."""
        with self._lock:
            if level != "info" or not self._quiet:
                self._view.message(printable(text, lines=True), level)

    def summary(self, title: str, rows: Rows, header: Sequence[str] = ()) -> None:
        """A table of what a job did, on standard output; without `header`, rows are usually (what, value) pairs."""
        with self._lock:
            if not self._quiet:
                shown = [[printable(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
                self._view.summary(printable(title), [printable(cell) for cell in header], shown)

    def answer(self, title: str, rows: Rows = (), header: Sequence[str] = ()) -> None:
        """A table, or just the sentence `title`, that was asked for: shown as a summary, even if quiet."""
        with self._lock:
            self._view.summary(title, header, rows)

    def text(self, markdown: str) -> None:
        """A document that the command was asked for, on standard output, even if quiet."""
        with self._lock:
            self._view.text(markdown)


def reporter(
    *, quiet: bool = False, log_format: str = "text", out: TextIO | None = None, err: TextIO | None = None
) -> Progress:
    """The `Progress` that suits the streams: JSON if asked for, bars on a terminal, lines elsewhere."""
    out, err = out or sys.stdout, err or sys.stderr
    view: View
    if log_format == "json":
        view = Json(out, err)
    elif err.isatty() and not quiet:
        view = Bars(out, err)
    else:
        view = Lines(out, err)
    return Progress(view, quiet=quiet)
