"""The training page's charts: what changed from epoch to epoch."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from reid.outputs import charts
from reid.outputs.benchmark_charts import STYLES
from reid.outputs.benchmark_result import Numbers
from reid.outputs.charts import Chart, ChartLabel, Scale
from reid.outputs.training_result import TOTAL, EpochRow

_MOST_VISIBLE = 20  # points of a line that are drawn; those of longer ones show where the pointer is
_MOST_POINTS = 120  # of a line that say their value
_FAR_APART = 30.0  # largest values of two terms; farther ones need a logarithmic axis
_DECADES = 5  # of it, at most


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Series:
    """A line over epochs; epochs without a value are left out."""

    name: str
    style: str
    epochs: Numbers  # (E,)
    values: Numbers  # (E,)
    text: Callable[[float], str]  # a value with its unit

    def dots(self, named: bool) -> list[tuple[str, float, float, str]]:
        """Points that say their value when they are hovered over."""
        every = math.ceil(len(self.values) / _MOST_POINTS)
        css = self.style if len(self.values) <= _MOST_VISIBLE else f"{self.style} quiet"
        head = f"{self.name}, " if named else ""
        return [
            (css, float(epoch), float(value), f"{head}epoch {int(epoch)}: {self.text(value)}")
            for epoch, value in list(zip(self.epochs, self.values, strict=True))[::every]
        ]


def main_charts(rows: Sequence[EpochRow], best_epoch: int) -> list[Chart]:
    """Held-out figures, where there are some, and losses: several lines each."""
    return [chart for chart in (_held_out(rows, best_epoch), _losses(rows)) if chart is not None]


def side_charts(rows: Sequence[EpochRow]) -> list[Chart]:
    """One line each: active share, where there is one, learning rate, speed."""
    return [chart for chart in (_active(rows), _learning_rate(rows), _speed(rows)) if chart is not None]


def _held_out(rows: Sequence[EpochRow], best_epoch: int) -> Chart | None:
    shown = [
        _series(name, css, ((row.epoch, row.held_out[key]) for row in rows if row.held_out), _percent)
        for name, css, key in (("rank-1", "e1", "rank1"), ("mAP", "e0", "map"))
    ]
    values = np.concatenate([series.values for series in shown])
    if not len(values):
        return None
    low = max(0.0, math.floor(10 * float(values.min()) - 0.2) / 10)
    high = min(1.0, max(low + 0.1, math.ceil(10 * float(values.max()) + 0.2) / 10))
    x = _epochs(rows)
    best = next((row.held_out for row in rows if row.epoch == best_epoch and row.held_out), None)
    marks = [] if best is None else [("e1 best", best["rank1"]), ("e0 best", best["map"])]
    return charts.draw(
        "People who are held out",
        "mAP: how early all images of the right person come, over all queries; rank-1: how often the first image "
        f"is right. Higher is better; the axis begins at {100 * low:.0f} %.",
        x=x,
        y=charts.linear("share (%)", low, high, percent=True),
        lines=[("", "reference", np.full(2, float(best_epoch)), np.array([low, high]))] * bool(marks)
        + _lines(shown),
        dots=[dot for series in shown for dot in series.dots(named=True)]
        + [
            (css, float(best_epoch), share, f"best, epoch {best_epoch}: {_percent(share)}")
            for css, share in marks
        ],
        labels=[] if best is None else [_best_label(x, best_epoch)],
    )


def _best_label(x: Scale, epoch: int) -> ChartLabel:
    """Label at the foot of the best epoch's line: curves that rise leave room there."""
    at = float(x(np.array([epoch]))[0])
    return ChartLabel(
        text=f"best: epoch {epoch}",
        style="e0",
        x=round(charts.WIDTH * at + (8 if at < 0.5 else -8), 1),
        y=charts.HEIGHT - 12,
        anchor="start" if at < 0.5 else "end",
    )


def _losses(rows: Sequence[EpochRow]) -> Chart:
    names = list(dict.fromkeys(name for row in rows for name in row.losses if name != TOTAL))
    if len(names) == 1 and all(row.losses.get(names[0]) == row.losses[TOTAL] for row in rows):
        names = []
    shown = [
        _series(name, css, ((row.epoch, row.losses[name]) for row in rows if name in row.losses), _short)
        for name, css in [
            *((name, f"e{1 + number % (STYLES - 1)}") for number, name in enumerate(names)),
            (TOTAL, "e0"),
        ]
    ]
    said = "total is the sum of the others, each times its weight" if names else "there is one term"
    return charts.draw(
        "Loss",
        f"Mean over the steps of an epoch; {said}. Lower is better, but only compared with the same objectives.",
        x=_epochs(rows),
        y=_loss_axis(shown),
        lines=_lines(shown),
        dots=[dot for series in shown for dot in series.dots(named=True)],
    )


def _loss_axis(shown: Sequence[_Series]) -> Scale:
    """Even from 0, unless that would press a term against it."""
    values = np.concatenate([series.values for series in shown])
    values = values[np.isfinite(values)]
    tops = [top for series in shown if (top := float(np.max(series.values, initial=0.0))) > 0]
    highest = max(tops, default=1.0)
    if tops and min(tops) * _FAR_APART < highest and values.min() >= 0:
        last = math.ceil(math.log10(highest))
        first = max(last - _DECADES, math.floor(math.log10(float(values[values > 0].min()))))
        return charts.logarithmic("loss, logarithmic", 10.0**first, 10.0**last)
    return charts.linear("loss", min(0.0, 1.05 * float(values.min(initial=0.0))), 1.05 * highest)


def _active(rows: Sequence[EpochRow]) -> Chart | None:
    shown = _series(
        "active", "e2 solid", ((r.epoch, r.active) for r in rows if r.active is not None), _percent
    )
    if not len(shown.values):
        return None
    return charts.draw(
        "Active share",
        "Of the triplets (or pairs, or quadruplets) that were compared, how many still cost something. Near 0 there "
        "is nothing left to learn from them.",
        x=_epochs(rows),
        y=charts.linear("active (%)", 0, 1, percent=True),
        lines=_lines([shown]),
        dots=shown.dots(named=False),
    )


def _learning_rate(rows: Sequence[EpochRow]) -> Chart:
    highest = max(row.learning_rate for row in rows)
    power = math.floor(math.log10(highest)) if highest > 0 else 0
    unit = 10.0**power
    shown = _series(
        "learning rate",
        "e3 solid",
        ((r.epoch, r.learning_rate / unit) for r in rows),
        lambda v: _short(v * unit),
    )
    label = f"learning rate (× {charts.power_of_ten(power)})" if power else "learning rate"
    return charts.draw(
        "Learning rate",
        "Of the last step of each epoch.",
        x=_epochs(rows),
        y=charts.linear(label, 0, 1.05 * highest / unit or 1.0),
        lines=_lines([shown]),
        dots=shown.dots(named=False),
    )


def _speed(rows: Sequence[EpochRow]) -> Chart:
    shown = _series(
        "speed", "e5 solid", ((r.epoch, r.images_per_s) for r in rows), lambda v: f"{v:,.4g} images/s"
    )
    return charts.draw(
        "Speed",
        "Images trained on in a second, without the evaluations.",
        x=_epochs(rows),
        y=charts.linear("images per second", 0, 1.1 * max(row.images_per_s for row in rows) or 1.0),
        lines=_lines([shown]),
        dots=shown.dots(named=False),
    )


def _epochs(rows: Sequence[EpochRow]) -> Scale:
    return charts.whole("epoch", rows[0].epoch, rows[-1].epoch)


def _series(
    name: str, style: str, points: Iterable[tuple[int, float]], text: Callable[[float], str]
) -> _Series:
    places = np.array(list(points), dtype=np.float64).reshape(-1, 2)
    return _Series(name=name, style=style, epochs=places[:, 0], values=places[:, 1], text=text)


def _lines(shown: Sequence[_Series]) -> list[tuple[str, str, Numbers, Numbers]]:
    return [(series.name, series.style, series.epochs, series.values) for series in shown]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _short(value: float) -> str:
    return f"{value:.4g}"
