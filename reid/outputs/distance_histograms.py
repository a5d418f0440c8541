"""Histograms of distances as charts: where pairs of one person and pairs of two people lie."""

import math
from collections.abc import Sequence

import numpy as np

from reid.outputs import charts
from reid.outputs.benchmark_result import Histogram, Numbers
from reid.outputs.charts import Chart, Scale


def histogram_panels(named: Sequence[tuple[str, Histogram]]) -> list[Chart]:
    """A panel each, with its name as title, all on the same axes; those without bins are left out."""
    shown = [(name, h) for name, h in named if len(h.genuine)]
    if not shown:
        return []
    densities = [(_density(h, h.genuine), _density(h, h.impostor)) for _, h in shown]
    spans = [_span(h) for _, h in shown]
    x = charts.linear("distance (1 - cosine)", min(low for low, _ in spans), max(high for _, high in spans))
    top = max(float(np.max(d)) for pair in densities for d in pair)
    y = charts.linear("density (per unit of distance)", 0, 1.12 * top or 1.0)
    return [_panel(name, h, *pair, x, y) for (name, h), pair in zip(shown, densities, strict=True)]


def _panel(name: str, h: Histogram, genuine: Numbers, impostor: Numbers, x: Scale, y: Scale) -> Chart:
    steps = np.repeat(h.edges, 2)[1:-1]  # both ends of every bin
    shapes = [
        ("different people", "impostor", steps, np.repeat(impostor, 2)),
        ("one person", "genuine", steps, np.repeat(genuine, 2)),
    ]
    means = [_mean(h, counts) for counts in (h.genuine, h.impostor)]
    counts = " and ".join(f"{int(counts.sum()):,}" for counts in (h.genuine, h.impostor))
    told = "" if None in means else f"; mean distances {means[0]:.2f} and {means[1]:.2f}"
    return charts.draw(
        name,
        f"{counts} pairs of one person and of different people{told}. Each surface is 1.",
        x=x,
        y=y,
        lines=shapes,
        areas=shapes,
        labels=charts.peak_labels(x, y, shapes),
    )


def _density(h: Histogram, counts: Numbers) -> Numbers:
    return np.asarray(counts, dtype=np.float64) / np.diff(h.edges) / max(1, int(np.sum(counts)))


def _mean(h: Histogram, counts: Numbers) -> float | None:
    total = float(np.sum(counts))
    return float(np.sum((h.edges[:-1] + h.edges[1:]) / 2 * counts) / total) if total else None


def _span(h: Histogram) -> tuple[float, float]:
    """The distances that hold all but a hundred-thousandth of either kind of pair, rounded outwards to 0.1."""
    used = np.zeros(len(h.genuine), dtype=bool)
    for counts in (h.genuine, h.impostor):
        used |= counts > 1e-5 * np.sum(counts)
    rows = np.flatnonzero(used) if used.any() else np.arange(len(used))
    low = math.floor(10 * float(h.edges[rows[0]]) + 1e-6) / 10
    return low, max(low + 0.1, math.ceil(10 * float(h.edges[rows[-1] + 1]) - 1e-6) / 10)
