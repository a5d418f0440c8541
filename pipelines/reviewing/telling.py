"""Progress of writing results, shown where a page asks for it and in the terminal too."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipelines.runtime.meter import Level, Meter, Rows
from pipelines.runtime.progress import Progress
from reid.review.web.writing import Tell


@dataclass(slots=True, kw_only=True, eq=False)
class Telling:
    """A view of `Progress` that tells the share of all tasks together; sentences go to the terminal's progress."""

    tell: Tell
    under: Progress
    meters: dict[str, Meter] = field(default_factory=dict)

    def started(self, meter: Meter) -> None:
        self.meters[meter.name] = meter
        self.advanced(meter)

    def advanced(self, meter: Meter) -> None:
        totals = [(one.total or one.done or 1.0, one) for one in self.meters.values()]
        done = sum(total if one.finished else min(one.done, total) for total, one in totals)
        self.tell(meter.name, done / sum(total for total, _ in totals))

    def finished(self, meter: Meter, note: str) -> None:
        self.advanced(meter)

    def message(self, text: str, level: Level) -> None:
        self.under.message(text, level)

    def summary(self, title: str, header: Sequence[str], rows: Rows) -> None:
        self.under.summary(title, rows, header)

    def text(self, markdown: str) -> None:
        self.under.text(markdown)

    def close(self) -> None:
        """Nothing to close: the terminal's progress goes on."""
