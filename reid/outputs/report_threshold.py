"""The report's section of the threshold: its source, and its place among the distances of an evaluation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from reid.types import Match

WIDTH, HEIGHT = 1000, 170  # of the histograms, in units of the drawing


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One decision of this run on the axis of distances."""

    x: float
    person_id: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdChart:
    """Histograms of the calibration over one axis, and this run's decisions below it."""

    genuine: str | None  # outlines, as points of an SVG polygon; None: the file holds no curves
    impostor: str | None
    limit: float  # x of the threshold
    labels: tuple[tuple[float, str], ...]  # x and text along the axis
    links: tuple[Tick, ...]
    runners_up: tuple[Tick, ...]
    beyond: int  # links farther than the threshold: averages of people, and fragments


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdSection:
    """The section's content; what is missing is left out."""

    data_set: str | None
    operating_point: str | None
    own: float | None  # the calibration's distance, where the run used another one
    genuine_rate: float | None
    impostor_rate: float | None
    people: int | None  # of the site that probabilities hold for
    expected: Mapping[str, Any] | None  # of links at this site, see `ExpectedRates`
    camera_pairs: tuple[tuple[str, float], ...]
    chart: ThresholdChart | None


def threshold(run: Mapping[str, Any], matches: Sequence[Match]) -> ThresholdSection | None:
    """The section, or None where nothing is known of the run's threshold."""
    known = run.get("threshold") or {}
    limit = known.get("max_distance")
    if limit is None:
        return None
    given = known.get("calibration") or {}
    own = given.get("max_distance")
    return ThresholdSection(
        data_set=given.get("data_set"),
        operating_point=given.get("operating_point"),
        own=own if own is not None and abs(own - limit) > 1e-9 else None,
        genuine_rate=given.get("genuine_rate"),
        impostor_rate=given.get("impostor_rate"),
        people=given.get("people"),
        expected=known.get("expected"),
        camera_pairs=tuple((given.get("camera_pairs") or {}).items()),
        chart=_chart(float(limit), given.get("curves"), matches),
    )


def _chart(limit: float, curves: Mapping[str, Any] | None, matches: Sequence[Match]) -> ThresholdChart | None:
    linked = [m for m in matches if m.person_id is not None]
    links = [(m, m.distance, m.person_id) for m in linked if m.distance is not None]
    others = [(m, m.runner_up_distance, m.runner_up_id) for m in linked]
    farthest = max([limit, *(d for _, d, _ in [*links, *others] if d is not None)])
    steps = list(curves["distance"]) if curves else []
    bars = [_shares(curves[name]) for name in ("genuine_rate", "impostor_rate")] if curves else []
    drawn = [at for own in bars for at, share in zip(steps[1:], own, strict=True) if share > 0.002]
    if not links and not drawn:
        return None
    end = min(2.0, max([farthest + 0.05, *drawn]))
    highest = max((share for own in bars for share in own), default=1.0)
    genuine, impostor = [_outline(steps, own, end, highest) for own in bars] or (None, None)

    def ticks(decisions: Sequence[tuple[Match, float | None, int | None]]) -> tuple[Tick, ...]:
        return tuple(
            Tick(x=_x(d, end), person_id=who, title=f"{match.tracklet} at {d:.3f}")
            for match, d, who in decisions
            if d is not None and who is not None
        )

    return ThresholdChart(
        genuine=genuine,
        impostor=impostor,
        limit=_x(limit, end),
        labels=tuple((_x(tenth / 10, end), f"{tenth / 10:.1f}") for tenth in range(0, int(end * 10) + 1, 2)),
        links=ticks(links),
        runners_up=ticks(others),
        beyond=sum(d is not None and d > limit for _, d, _ in links),
    )


def _shares(rates: Sequence[float]) -> list[float]:
    """Share of pairs between one distance and the next."""
    return [max(0.0, after - before) for before, after in pairwise(rates)]


def _outline(steps: Sequence[float], shares: Sequence[float], end: float, highest: float) -> str:
    """A histogram's steps as polygon points, closed along the axis."""
    points = [(0.0, float(HEIGHT))]
    for (left, right), share in zip(pairwise(steps), shares, strict=True):
        if left >= end:
            break
        y = HEIGHT * (1 - 0.95 * share / highest) if highest > 0 else float(HEIGHT)
        points += [(_x(left, end), y), (_x(min(right, end), end), y)]
    points.append((points[-1][0], float(HEIGHT)))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _x(distance: float, end: float) -> float:
    return round(WIDTH * min(distance, end) / end, 1)
