"""Displays of `Progress`: bars on a terminal, a line now and then elsewhere, JSON for programs."""

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as RichProgress
from rich.text import Text

from pipelines.runtime.meter import Level, Meter, Rows
from reid import json_text

STYLES = {"info": "", "warning": "yellow", "error": "bold red"}
EVERY_S = 10.0


class _Paced(ABC):
    """A display that tells how far a task is every so many seconds."""

    def __init__(
        self,
        out: TextIO,
        err: TextIO,
        *,
        every_s: float = EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._out, self._err, self._every_s, self._clock = out, err, every_s, clock
        self._told_s: dict[str, float] = {}

    def started(self, meter: Meter) -> None:
        self._told_s[meter.name] = self._clock()
        self._starts(meter)

    def advanced(self, meter: Meter) -> None:
        if self._clock() - self._told_s[meter.name] >= self._every_s:
            self._told_s[meter.name] = self._clock()
            self._goes_on(meter)

    @abstractmethod
    def _starts(self, meter: Meter) -> None: ...

    @abstractmethod
    def _goes_on(self, meter: Meter) -> None: ...


class Lines(_Paced):
    """A plain line per camera every ten seconds, for log files and pipes."""

    def close(self) -> None:
        pass  # it holds nothing

    def _starts(self, meter: Meter) -> None:
        about = "" if meter.total is None else f", {meter.total:.0f} {meter.unit}"
        self._say(f"{meter.name}: started{about}")

    def _goes_on(self, meter: Meter) -> None:
        self._say(f"{meter.name}: {_amount(meter)}{_speed(meter)}{_left(meter)}")

    def finished(self, meter: Meter, note: str) -> None:
        self._say(f"{meter.name}: done, {meter.done:.0f} {meter.unit}{_speed(meter)}{note and f'; {note}'}")

    def message(self, text: str, level: Level) -> None:
        self._say(text if level == "info" else f"{level}: {text}")

    def summary(self, title: str, header: Sequence[str], rows: Rows) -> None:
        print(table(title, header, rows), file=self._out, flush=True)

    def text(self, markdown: str) -> None:
        _laid_out(markdown, self._out)

    def _say(self, text: str) -> None:
        print(text, file=self._err, flush=True)


class Bars:
    """A live bar per camera."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out = out
        self._console = Console(file=err, highlight=False, markup=False, emoji=False)
        self._bars: RichProgress | None = None
        self._ids: dict[str, TaskID] = {}

    def started(self, meter: Meter) -> None:
        bars = self._live()
        if meter.name in self._ids:
            bars.remove_task(self._ids[meter.name])
        self._ids[meter.name] = bars.add_task(meter.name, total=meter.total, amount="waiting", speed="")

    def advanced(self, meter: Meter) -> None:
        if meter.name in self._ids:
            self._live().update(
                self._ids[meter.name],
                completed=meter.done,
                amount=_amount(meter),
                speed=f"{_speed(meter)}{_left(meter)}".removeprefix(", "),
            )

    def finished(self, meter: Meter, note: str) -> None:
        if meter.name in self._ids:
            speed = _speed(meter).removeprefix(", ")
            self._live().update(
                self._ids[meter.name],
                total=max(meter.done, 1),
                completed=max(meter.done, 1),
                amount=f"{meter.done:.0f} {meter.unit}",
                speed="; ".join(part for part in (speed, note) if part),
            )

    def message(self, text: str, level: Level) -> None:
        said = text if level == "info" else f"{level}: {text}"
        self._console.print(Text(said, style=STYLES[level]), soft_wrap=True)

    def summary(self, title: str, header: Sequence[str], rows: Rows) -> None:
        self.close()  # bars that redraw themselves would overwrite the table
        print(table(title, header, rows), file=self._out, flush=True)

    def text(self, markdown: str) -> None:
        self.close()
        _laid_out(markdown, self._out)

    def close(self) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars, self._ids = None, {}

    def _live(self) -> RichProgress:
        if self._bars is None:
            # Standard output is the results' own: rich must not send it to standard error.
            self._bars = RichProgress(
                *(TextColumn("{task.description}", markup=False), BarColumn(bar_width=24)),
                *(TextColumn(f"{{task.fields[{name}]}}", markup=False) for name in ("amount", "speed")),
                console=self._console,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._bars.start()
        return self._bars


class Json(_Paced):
    """One JSON object a line: events on standard error, results on standard output."""

    def close(self) -> None:
        pass  # it holds nothing

    def _starts(self, meter: Meter) -> None:
        self._task("start", meter)

    def _goes_on(self, meter: Meter) -> None:
        self._task("progress", meter)

    def finished(self, meter: Meter, note: str) -> None:
        self._task("done", meter, note=note)

    def message(self, text: str, level: Level) -> None:
        self._event(self._err, event="message", level=level, message=text)

    def summary(self, title: str, header: Sequence[str], rows: Rows) -> None:
        self._event(
            self._out, event="summary", title=title, header=list(header), rows=[list(row) for row in rows]
        )

    def text(self, markdown: str) -> None:
        self._event(self._out, event="text", text=markdown)

    def _task(self, event: str, meter: Meter, **more: object) -> None:
        counts = {meter.unit: meter.done, "total": meter.total}
        whole = {name: int(n) if n is not None and float(n).is_integer() else n for name, n in counts.items()}
        speed = "fps" if meter.unit == "frames" else f"{meter.unit}_per_s"
        times = {speed: _rounded(meter.rate), "eta_s": _rounded(meter.left_s)}
        self._event(self._err, event=event, camera=meter.name, **whole, **times, **more)

    def _event(self, stream: TextIO, **fields: object) -> None:
        print(json_text.dumps(fields, default=str, ascii_only=True), file=stream, flush=True)


def table(title: str, header: Sequence[str], rows: Rows) -> str:
    """Aligned columns that are never wrapped or cut, so that paths in them can be copied; numbers to the right."""
    body = [["" if cell is None else _one_line(str(cell)) for cell in row] for row in rows]
    lines = [list(header), *body] if header else body
    columns = max((len(line) for line in lines), default=0)
    widths = [max(cell_len(line[at]) for line in lines if at < len(line)) for at in range(columns)]
    right = [bool(header) and _numbers(body, at) for at in range(columns)]
    padded = (
        "  ".join(
            " " * (width - cell_len(cell)) * to_right + cell + " " * (width - cell_len(cell)) * (not to_right)
            for cell, width, to_right in zip(line, widths, right, strict=False)
        )
        for line in lines
    )
    return "\n".join([_one_line(title), *(f"  {line}".rstrip() for line in padded)])


def _numbers(rows: Sequence[Sequence[str]], column: int) -> bool:
    """Whether a column holds plain numbers or shares, or gaps."""
    cells = [row[column] for row in rows if column < len(row) and row[column]]
    return bool(cells) and all(re.fullmatch(r"-?[\d,]+(\.\d+)?%?", cell) for cell in cells)


def _one_line(cell: str) -> str:
    """A cell as one line: a label may hold line breaks, and what a terminal takes for commands."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in cell)


def _laid_out(markdown: str, out: TextIO) -> None:
    """A document laid out on a terminal, and as it is elsewhere."""
    if out.isatty():
        from rich.markdown import Markdown

        Console(file=out).print(Markdown(markdown))
    else:
        print(markdown.rstrip("\n"), file=out, flush=True)


def _amount(meter: Meter) -> str:
    if meter.total is None:
        return f"{meter.done:.0f} {meter.unit}"
    share = f" ({min(1.0, meter.done / meter.total):.0%})" if meter.total > 0 else ""
    return f"{meter.done:.0f}/{meter.total:.0f} {meter.unit}{share}"


def _speed(meter: Meter) -> str:
    return "" if meter.rate is None else f", {meter.rate:.1f} {meter.unit}/s"


def _left(meter: Meter) -> str:
    if (left_s := meter.left_s) is None:
        return ""
    minutes, seconds = divmod(round(left_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f", {hours}:{minutes:02}:{seconds:02} left" if hours else f", {minutes}:{seconds:02} left"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
