"""Rows and cells of the benchmark's page."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from reid.outputs.benchmark_charts import style
from reid.outputs.benchmark_result import CameraPairs, EncoderResult, PointMap
from reid.video.draw import person_colour_hex

PLAIN = "single query"
MAP_PX = 300  # side of the plane of vectors
# Heading, name of its interval, what it means.
COLUMNS = (
    ("mAP", "mAP", "mean over queries of the average precision: the mean precision at each right image"),
    ("Rank-1", "rank-1", "share of queries whose nearest gallery image shows the same person"),
    ("Rank-5", "rank-5", "share of queries with a right image among the first five"),
    ("Rank-10", "rank-10", "the same among the first ten"),
    ("Rank-20", "rank-20", "the same among the first twenty"),
    (
        "mINP",
        "mINP",
        "mean inverse negative penalty: how early the last right image comes (Ye et al. 2021)",
    ),
    (
        "mAP trapezoid",
        "trapezoid",
        "mAP by the trapezoidal rule, as in Market-1501's own code (Zheng et al. 2015)",
    ),
)
_KEYS = {"mAP": "mAP", "mINP": "minp", "trapezoid": "map_trapezoid"}  # of the scores, by name of the interval
_KINDS_AT_K = (("precision", "P", "precision"), ("recall", "R", "recall"), ("ndcg", "NDCG", "NDCG"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cell:
    """A share and its 95 % interval."""

    value: float | None
    interval: tuple[float, float] | None = None
    best: bool = False  # of its column, where there are several rows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """A row of figures: one encoder, ranked one way."""

    name: str
    style: str
    encoder_id: str
    way: str
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heat:
    """Cells of a camera-pair map."""

    name: str
    names: Sequence[str]
    rows: Sequence[
        Sequence[tuple[float, int, float] | None]
    ]  # share, queries, shade in [0, 1]; None: no query


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plane:
    """Points of one encoder, by person."""

    name: str
    caption: str
    people: Sequence[tuple[str, str, Sequence[tuple[float, float, int]]]]  # name, colour, (x, y, camera)
    camera_names: Sequence[str]


def headline(results: Sequence[EncoderResult]) -> list[Line]:
    """A row for every encoder and every way of ranking."""
    rows = [
        (n, r, way, s) for n, r in enumerate(results) for way, s in {PLAIN: r.scores, **r.variants}.items()
    ]
    cells = [[_cell(scores, _figure(scores, name), name) for _, name, _ in COLUMNS] for *_, scores in rows]
    return [
        Line(name=result.name, style=style(number), encoder_id=result.encoder_id, way=way, cells=own)
        for (number, result, way, _), own in zip(rows, _with_best(cells), strict=True)
    ]


def at_k(results: Sequence[EncoderResult]) -> tuple[list[str], list[Line]]:
    """Headings and rows of precision, recall and NDCG among the first k; no headings where none is known."""
    found = [
        (f"{short}@{k}", key, k, f"{interval}@{k}")
        for key, short, interval in _KINDS_AT_K
        for k in sorted({int(k) for result in results for k in result.scores.get(key, {})})
    ]
    cells = [
        [_cell(r.scores, _at(r.scores.get(key, {}), k), interval) for _, key, k, interval in found]
        for r in results
    ]
    lines = [
        Line(name=result.name, style=style(number), encoder_id=result.encoder_id, way=PLAIN, cells=own)
        for number, (result, own) in enumerate(zip(results, _with_best(cells), strict=True))
    ]
    return [heading for heading, *_ in found], lines


def tie_sentences(results: Sequence[EncoderResult]) -> list[str]:
    """Sentences on what equal distances leave open, where they do."""
    said = []
    for result in results:
        for key, heading in (("map", "mAP"), ("rank1", "rank-1")):
            low, high = (_number(result.scores.get(f"{key}_{end}")) for end in ("worst", "best"))
            if low is not None and high is not None and f"{low:.4f}" != f"{high:.4f}":
                said.append(
                    f"{result.name}: equal distances leave {heading} open between {100 * low:.2f} and "
                    f"{100 * high:.2f} %; the table's lists keep the gallery's order among equals."
                )
    return said


def skipped_sentences(results: Sequence[EncoderResult]) -> list[str]:
    """Sentences on queries that are in no figure; one, where it is the same for all encoders."""
    said = [(result.name, _skipped(result.scores)) for result in results]
    different = {sentence for _, sentence in said}
    if len(different) == 1:
        return [sentence for sentence in different if sentence]
    return [f"{name}: {sentence}" for name, sentence in said if sentence]


def heats(results: Sequence[EncoderResult]) -> list[Heat]:
    """Camera-pair maps, shaded from the least to the greatest value of all encoders."""
    shown = [(r.name, r.camera_pairs) for r in results if r.camera_pairs is not None]
    finite = np.concatenate(
        [np.ravel(p.scores)[np.isfinite(np.ravel(p.scores))] for _, p in shown] or [np.empty(0)]
    )
    if not len(finite):
        return []
    low, span = float(finite.min()), float(finite.max() - finite.min())
    return [Heat(name=name, names=pairs.names, rows=_cells(pairs, low, span)) for name, pairs in shown]


def planes(results: Sequence[EncoderResult]) -> list[Plane]:
    """Maps of vectors, in a square of `MAP_PX`; axes have equal units."""
    return [_plane(r.name, r.points) for r in results if r.points is not None and len(r.points.points)]


def _skipped(scores: Mapping[str, Any]) -> str:
    skipped = int(scores.get("skipped", 0))
    if not skipped:
        return ""
    verbs = ("has", "counts") if skipped == 1 else ("have", "count")
    every = skipped + int(scores.get("queries", 0))
    return f"{skipped:,} of {every:,} queries {verbs[0]} no match in the gallery and {verbs[1]} nowhere."


def _cells(pairs: CameraPairs, low: float, span: float) -> list[list[tuple[float, int, float] | None]]:
    return [
        [
            (value, int(count), (value - low) / span if span else 0.5) if math.isfinite(value) else None
            for value, count in zip(row, counts, strict=True)
        ]
        for row, counts in zip(pairs.scores.tolist(), pairs.counts.tolist(), strict=True)
    ]


def _plane(name: str, points: PointMap) -> Plane:
    low, high = points.points.min(axis=0), points.points.max(axis=0)
    scale = (MAP_PX - 20) / (float(np.max(high - low)) or 1.0)
    placed = (points.points - (low + high) / 2) * scale + MAP_PX / 2
    people = []
    for person in np.unique(points.persons).tolist():
        rows = np.flatnonzero(points.persons == person)
        own = [
            (round(float(placed[r, 0]), 1), round(float(MAP_PX - placed[r, 1]), 1), int(points.cameras[r]))
            for r in rows
        ]
        people.append((*_person(person), own))
    return Plane(name=name, caption=_caption(points), people=people, camera_names=points.camera_names)


def _person(number: int) -> tuple[str, str]:
    """Name and colour."""
    return (f"person {number}", person_colour_hex(number)) if number >= 0 else ("distractor", "#888")


def _caption(points: PointMap) -> str:
    counts = f"{len(points.points):,} images of {len(np.unique(points.persons)):,} people"
    if points.method == "tsne":
        return (
            f"{counts}, t-SNE: neighbours stay neighbours; sizes of groups and the gaps between mean nothing."
        )
    told = "" if points.explained is None else f", which hold {100 * points.explained:.0f} % of the variance"
    return f"{counts} along the first two principal components{told}."


def _figure(scores: Mapping[str, Any], name: str) -> float | None:
    """A headline figure by the name of its interval."""
    if not name.startswith("rank-"):
        return _number(scores.get(_KEYS[name]))
    rank, cmc = int(name.removeprefix("rank-")), scores.get("cmc", ())
    return _number(cmc[rank - 1]) if rank <= len(cmc) else None


def _at(by_k: Mapping[Any, Any], k: int) -> float | None:
    """JSON makes text of numbers that are keys; both are found."""
    return _number(by_k.get(k, by_k.get(str(k))))


def _cell(scores: Mapping[str, Any], value: float | None, interval: str) -> Cell:
    bounds = scores.get("intervals", {}).get(interval)
    return Cell(value=value, interval=None if bounds is None else (float(bounds[0]), float(bounds[1])))


def _number(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _with_best(rows: Sequence[Sequence[Cell]]) -> list[list[Cell]]:
    """Mark the greatest of each column, where there are several rows."""
    if len(rows) < 2:
        return [list(row) for row in rows]
    tops = [
        max((cell.value for cell in column if cell.value is not None), default=None)
        for column in zip(*rows, strict=True)
    ]
    return [
        [
            replace(cell, best=cell.value is not None and cell.value == top)
            for cell, top in zip(row, tops, strict=True)
        ]
        for row in rows
    ]
