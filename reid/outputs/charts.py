"""Line charts as geometry that `charts.html.j2` turns into SVG.

Drawn by hand and not by matplotlib, because the page follows the reader's light or dark scheme and width, and
says on hovering what a point is; SVG from matplotlib has fixed colours and would be taken apart to do so.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]]
Tick = tuple[float, str]  # where, and what is written there

WIDTH, HEIGHT = 480, 300  # of the plotted area, in units of the view box
_WORD = 110  # of these units: as wide as a label
_FINEST = 0.4  # of these units; nearer points of a curve are one


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scale:
    """An axis: values between `low` and `high` to [0, 1], by way of `bend`."""

    label: str  # with its unit
    low: float
    high: float
    ticks: Sequence[Tick]
    bend: Callable[[Numbers], Numbers] = lambda values: values  # ascending

    def __call__(self, values: Numbers) -> Numbers:
        """Positions, 0 at `low` and 1 at `high`; what lies beyond comes out a little outside."""
        margin = 0.02  # enough to be cut off; 0 on a logarithmic axis would lie at minus infinity
        first, last = self.bend(np.array([self.low, self.high], dtype=np.float64))
        with np.errstate(divide="ignore"):
            bent = self.bend(np.asarray(values, dtype=np.float64))
        return np.asarray(np.clip((bent - first) / (last - first), -margin, 1 + margin))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """A line of a chart, or with `area` the surface under it."""

    name: str
    style: str  # CSS class
    points: str  # of an SVG polyline
    area: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dot:
    """A marked point that says what it is when it is hovered over."""

    style: str
    x: float
    y: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChartLabel:
    """A word beside what it names."""

    text: str
    style: str
    x: float
    y: float
    anchor: str  # of SVG: start, middle or end


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chart:
    """A chart, ready to be written down: positions are in units of the view box, y downwards."""

    title: str
    how_to_read: str
    x_label: str
    y_label: str
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    curves: Sequence[Curve]
    dots: Sequence[Dot] = ()
    labels: Sequence[ChartLabel] = ()


def draw(
    title: str,
    how_to_read: str,
    *,
    x: Scale,
    y: Scale,
    lines: Sequence[tuple[str, str, Numbers, Numbers]],
    areas: Sequence[tuple[str, str, Numbers, Numbers]] = (),
    dots: Sequence[tuple[str, float, float, str]] = (),
    labels: Sequence[ChartLabel] = (),
) -> Chart:
    """A chart of `lines` and `areas` (name, CSS class, x, y) and `dots` (CSS class, x, y, title).

    Values that are not finite leave a gap shut: their neighbours are joined.
    """
    curves = [
        Curve(name=name, style=style, points=_surface(_places(x(xs), y(ys))), area=True)
        for name, style, xs, ys in areas
    ] + [
        Curve(name=name, style=style, points=_written(_places(x(xs), y(ys)))) for name, style, xs, ys in lines
    ]
    return Chart(
        title=title,
        how_to_read=how_to_read,
        x_label=x.label,
        y_label=y.label,
        x_ticks=[(round(WIDTH * float(at), 1), text) for at, text in _positions(x)],
        y_ticks=[(round(HEIGHT * (1 - float(at)), 1), text) for at, text in _positions(y)],
        curves=curves,
        dots=[
            Dot(style=style, x=place[0], y=place[1], title=text)
            for style, at_x, at_y, text in dots
            for place in _places(x(np.array([at_x])), y(np.array([at_y])))
        ],
        labels=labels,
    )


def peak_labels(x: Scale, y: Scale, shapes: Sequence[tuple[str, str, Numbers, Numbers]]) -> list[ChartLabel]:
    """The names of shapes (name, CSS class, x, y) over their peaks; near ones point away from each other."""
    peaks = []
    for name, style, xs, ys in shapes:
        if len(ys) and np.max(ys) > 0:
            top = int(np.argmax(ys))
            peaks += [(place, name, style) for place in _places(x(xs[top : top + 1]), y(ys[top : top + 1]))]
    peaks.sort(key=lambda peak: peak[0])
    crowded = len(peaks) > 1 and peaks[-1][0][0] - peaks[0][0][0] < _WORD
    anchors = ["end", *["start"] * (len(peaks) - 1)] if crowded else ["middle"] * len(peaks)
    left = _WORD if crowded else 0  # room for the first one beside the axis
    return [
        ChartLabel(
            text=name,
            style=style,
            x=max(place[0], left + 8 * (anchor == "start")),
            y=place[1] - 7,
            anchor=anchor,
        )
        for (place, name, style), anchor in zip(peaks, anchors, strict=True)
    ]


def linear(label: str, low: float, high: float, *, most: int = 6, percent: bool = False) -> Scale:
    """An even axis with round ticks; `percent` writes shares as percentages."""
    span = (high - low) / most
    power = 10.0 ** math.floor(math.log10(span))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= span * (1 - 1e-9))
    count = math.floor((high - low) / step + 1e-6)
    values = [math.ceil(low / step - 1e-6) * step + step * number for number in range(count + 1)]
    ticks = [(v, f"{100 * v if percent else v:.4g}") for v in values if low <= v <= high + 1e-9 * step]
    return Scale(label=label, low=low, high=high, ticks=ticks)


def whole(label: str, low: int, high: int, *, most: int = 8) -> Scale:
    """An axis of whole numbers, such as epochs; a single one lies in its middle."""
    if low == high:
        return Scale(label=label, low=low - 1, high=high + 1, ticks=[(low, str(low))])
    sizes = (size * 10**power for power in range(12) for size in (1, 2, 5))
    step = next(size for size in sizes if (high - low) / size <= most)
    values = [low, *range(low // step * step + step, high + 1, step)]
    return Scale(label=label, low=low, high=high, ticks=[(value, str(value)) for value in values])


def logarithmic(label: str, low: float, high: float = 1.0) -> Scale:
    """Decades from `low` to `high`, both powers of ten."""
    first, last = round(math.log10(low)), round(math.log10(high))
    ticks = [(10.0**power, power_of_ten(power)) for power in range(first, last + 1)]
    return Scale(label=label, low=10.0**first, high=10.0**last, ticks=ticks, bend=np.log10)


def normal_deviate(label: str, low: float, high: float) -> Scale:
    """Shares on the scale of the normal distribution's quantiles: two normal distributions of equal spread
    give a straight DET curve (Martin et al. 1997, "The DET Curve in Assessment of Detection Task
    Performance", Eurospeech)."""
    values = (1e-6, 1e-5, 1e-4, 0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9)
    ticks = [(value, f"{100 * value:.4g}") for value in values if low <= value <= high]
    return Scale(label=label, low=low, high=high, ticks=ticks, bend=_quantiles)


def power_of_ten(exponent: int) -> str:
    """1, 10⁻⁴, ..."""
    superscripts = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    return "1" if exponent == 0 else "10" + str(exponent).translate(superscripts)


def _quantiles(shares: Numbers) -> Numbers:
    from scipy.special import ndtri

    return np.asarray(ndtri(np.clip(shares, 0, 1)))


def _positions(scale: Scale) -> Sequence[tuple[float, str]]:
    at = scale(np.array([value for value, _ in scale.ticks]))
    return [(float(place), text) for place, (_, text) in zip(at, scale.ticks, strict=True)]


def _places(x: Numbers, y: Numbers) -> list[tuple[float, float]]:
    """Points on the plotted area, without those that cannot be told from the one before."""
    finite = np.isfinite(x) & np.isfinite(y)
    placed = np.round(np.stack([WIDTH * x[finite], HEIGHT * (1 - y[finite])], axis=1), 1)
    new = np.any(np.diff(placed, axis=0, prepend=np.nan) != 0, axis=1)  # curves come with 100,000 points, too
    places: list[tuple[float, float]] = []
    for at_x, at_y in placed[new].tolist():
        if not places or math.dist((at_x, at_y), places[-1]) >= _FINEST:
            places.append((at_x, at_y))
    return places


def _written(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places)


def _surface(places: Sequence[tuple[float, float]]) -> str:
    if not places:
        return ""
    return _written([(places[0][0], HEIGHT), *places, (places[-1][0], HEIGHT)])
