"""Chart of a calibration: distances of genuine and impostor pairs, and reliability of probabilities."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reid.outputs import atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GENUINE, IMPOSTOR, CHOSEN, QUIET = (
    "#0072b2",
    "#d55e00",
    "#111111",
    "#777777",
)  # told apart by the colour-blind
LOWEST = 1e-5  # share of pairs a stretch of STEP; less is not drawn
STEP = 0.02

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """Distances of one kind of items: tracklets or images."""

    title: str
    edges: Floats  # (E,) ascending distances
    genuine: Floats  # (E,) share of genuine pairs within each
    impostor: Floats
    points: Mapping[str, float]  # distance by operating point
    chosen: str | None  # the point that is used


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Diagram:
    """Reliability diagram: stated probabilities against observed shares."""

    said: Floats
    seen: Floats
    share: Floats  # of all pairs
    error: float
    doubtful_error: float  # where 10 to 90 % is said
    method: str


def write_chart(path: Path, title: str, panels: tuple[Panel, ...], diagram: Diagram | None) -> None:
    """A PNG of histograms, one panel a kind of items, and of the reliability diagram where there is one."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = len(panels) + (diagram is not None)
    figure = Figure(figsize=(5.6 * len(panels) + 4.4 * (diagram is not None), 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    widths = [5.6] * len(panels) + [4.4] * (diagram is not None)
    axes = figure.subplots(1, columns, squeeze=False, gridspec_kw={"width_ratios": widths})[0]
    for axis, panel in zip(axes, panels, strict=False):
        _histograms(axis, panel)
    if diagram is not None:
        _reliability(axes[-1], diagram)
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    with atomic.replacing(path) as partial:
        figure.savefig(partial, dpi=130, format="png")


def _histograms(axis: "Axes", panel: Panel) -> None:
    end = _end(panel)
    grid = np.arange(0, end + STEP / 2, STEP)
    for name, colour, within in (
        ("same person", GENUINE, panel.genuine),
        ("two people", IMPOSTOR, panel.impostor),
    ):
        shares = np.diff(np.interp(grid, panel.edges, within))
        axis.stairs(shares, grid, baseline=LOWEST, fill=True, color=colour, alpha=0.25, lw=0)
        axis.stairs(np.maximum(shares, LOWEST), grid, baseline=None, color=colour, lw=1.4, label=name)
    axis.set_yscale("log")
    axis.set_ylim(LOWEST, 10.0)  # above 1 is room for names
    axis.set_yticks([10.0**power for power in range(-5, 1)])
    axis.set_xlim(0, end)
    _thresholds(axis, panel)
    axis.set_title(panel.title, fontsize=10, loc="left")
    axis.set_xlabel("distance (1 - cosine)")
    axis.set_ylabel(f"share of pairs per {STEP:g}, log scale")
    axis.legend(loc="upper right", frameon=True, framealpha=0.9, edgecolor="none", fontsize=9)
    _plain(axis)


def _thresholds(axis: "Axes", panel: Panel) -> None:
    """A line at each point, its name beside its upper end; names climb down so that none covers another."""
    for row, (name, distance) in enumerate(sorted(panel.points.items(), key=lambda item: item[1])):
        chosen = name == panel.chosen
        colour = CHOSEN if chosen else QUIET
        axis.axvline(distance, color=colour, lw=2.0 if chosen else 1.0, ls="-" if chosen else (0, (4, 3)))
        axis.annotate(
            f"{name}: {distance:.2f}",
            (distance, 0.965 - 0.055 * row),
            xycoords=("data", "axes fraction"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            color=colour,
            weight="bold" if chosen else "normal",
            bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.85},
        )


def _end(panel: Panel) -> float:
    """Distance within which nearly all pairs lie."""
    far = max(
        np.interp(0.999, *_ascending(within, panel.edges)) for within in (panel.genuine, panel.impostor)
    )
    return float(min(2.0, np.ceil(max(far, *panel.points.values(), 0.2) * 10) / 10 + 0.1))


def _ascending(within: Floats, edges: Floats) -> tuple[Floats, Floats]:
    kept = np.concatenate([[True], np.diff(within) > 0])
    return within[kept], edges[kept]


def _reliability(axis: "Axes", diagram: Diagram) -> None:
    axis.plot([0, 1], [0, 1], color=QUIET, lw=1, ls=(0, (4, 3)))
    sizes = 30 + 50 * (np.log10(np.maximum(diagram.share, 1e-4)) + 4)
    axis.plot(diagram.said, diagram.seen, color=GENUINE, lw=1.2)
    axis.scatter(diagram.said, diagram.seen, s=sizes, color=GENUINE, edgecolor="white", zorder=3)
    axis.set_xlim(-0.04, 1.04)
    axis.set_ylim(-0.04, 1.04)
    axis.set_aspect("equal")
    axis.set_title(f"Probability of tracklet pairs ({diagram.method})", fontsize=10, loc="left")
    axis.set_xlabel("said: mean probability of a bin")
    axis.set_ylabel("seen: share that is one person")
    axis.text(
        0.97,
        0.04,
        f"expected calibration error {diagram.error:.4f},\n{diagram.doubtful_error:.3f} where 10 to 90 % is said,\n"
        "on people not fitted on\nlarger dots: more pairs",
        transform=axis.transAxes,
        ha="right",
        va="bottom",
        fontsize=8.5,
        color=QUIET,
    )
    _plain(axis)


def _plain(axis: "Axes") -> None:
    axis.grid(visible=True, color="#e6e6e6", lw=0.6)
    axis.set_axisbelow(True)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
