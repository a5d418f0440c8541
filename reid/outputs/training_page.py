"""`training.html`: one self-contained page on how a training went, what came out, and where it fails.

Everything is in the file: images as data addresses, charts as SVG, style inline; nothing is fetched, no script.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from reid.outputs import atomic, charts
from reid.outputs.benchmark_result import Histogram, RankedQuery
from reid.outputs.distance_histograms import histogram_panels
from reid.outputs.ranked_lists import rows_by_kind
from reid.outputs.templates import template
from reid.outputs.thumbnails import data_uri
from reid.outputs.timeline import duration
from reid.outputs.training_charts import main_charts, side_charts
from reid.outputs.training_result import TOTAL, EpochRow

_BATCH_PX = 2100  # height of the augmented batch's image: 16 people of 128 pixels
_NOT_KNOWN = "–"


def write_training_page(
    path: Path,
    *,
    title: str,
    facts: Mapping[str, str],
    notes: Sequence[str],
    recipe: Mapping[str, str],
    defaults: Mapping[str, str],
    rows: Sequence[EpochRow],
    best_epoch: int,
    intervals: Mapping[str, tuple[float, float]],
    histograms: Mapping[int, Histogram],
    worst: Sequence[RankedQuery],
    augmented_png: bytes | None,
    run: Mapping[str, str],
) -> None:
    """Write the page; the old file or the new one, never a part.

    Args:
        path: where to.
        title: what was trained.
        facts: of the network and the data, shown as tiles: "training" to "12,936 images, 651 people", ...
        notes: sentences about the data and the training: images left out, stopped early.
        recipe: every setting to its value.
        defaults: every setting to its default; what differs is shown first.
        rows: one an epoch, in order.
        best_epoch: whose weights were kept; 0 where no epoch was evaluated.
        intervals: 95 % of the best epoch's figures ("map", "rank1", "minp"), over people; may lack any.
        histograms: epoch to cosine distances of its batches' pairs, in order; usually the first and the last.
        worst: held-out queries and the top of their lists, from the network that was kept.
        augmented_png: an image of an augmented batch.
        run: command, versions, date, machine, ...: shown as they are.

    Raises:
        ValueError: no epoch, or the best one is none of those that were evaluated.
        OSError: an image of a query cannot be read; one that is not an image is only said to be none.
    """
    best = _best(rows, best_epoch)
    html = template("training.html.j2").render(
        title=title,
        tiles=_tiles(rows, best, intervals),
        facts=facts,
        notes=notes,
        changed=[
            (name, value, defaults.get(name, _NOT_KNOWN))
            for name, value in recipe.items()
            if value != defaults.get(name)
        ],
        recipe=recipe,
        rows=rows,
        terms=list(dict.fromkeys(name for row in rows for name in row.losses if name != TOTAL)),
        total=TOTAL,
        minp=any("minp" in (row.held_out or ()) for row in rows),
        best=best,
        main=main_charts(rows, best_epoch),
        side=side_charts(rows),
        histograms=histogram_panels([(f"Epoch {epoch}", counts) for epoch, counts in histograms.items()]),
        lists=rows_by_kind(worst),
        augmented=None if augmented_png is None else data_uri(augmented_png, _BATCH_PX),
        has_augmented=augmented_png is not None,
        run=run,
        width=charts.WIDTH,
        height=charts.HEIGHT,
        duration=duration,
    )
    atomic.write_text(path, html)


def _best(rows: Sequence[EpochRow], best_epoch: int) -> EpochRow | None:
    if not rows:
        raise ValueError("a training page needs at least one epoch")
    evaluated = {row.epoch: row for row in rows if row.held_out is not None}
    if best_epoch not in evaluated and (best_epoch or evaluated):
        raise ValueError(f"best_epoch {best_epoch} is none of those that were evaluated: {list(evaluated)}")
    return evaluated.get(best_epoch)


def _tiles(
    rows: Sequence[EpochRow], best: EpochRow | None, intervals: Mapping[str, tuple[float, float]]
) -> list[tuple[str, str, str]]:
    """Name, figure, and what is to be said of it."""
    found = {} if best is None or best.held_out is None else best.held_out
    when = "not evaluated" if best is None else f"epoch {best.epoch}"
    within = {
        name: f", 95 % of draws of such people: {100 * low:.1f} to {100 * high:.1f} %"
        for name, (low, high) in intervals.items()
    }
    judged = [
        (name, f"{100 * found[key]:.1f} %" if key in found else _NOT_KNOWN, when + within.get(key, ""))
        for key, name in (("map", "best held-out mAP"), ("rank1", "rank-1"), ("minp", "mINP"))
        if key in found or key != "minp"
    ]
    speed = median(row.images_per_s for row in rows)
    waited = median(row.loader_share for row in rows)
    return [
        *judged,
        ("epochs", f"{len(rows):,}", f"{rows[-1].step:,} steps"),
        ("images per second", f"{speed:,.0f}", "median of the epochs"),
        ("time", duration(rows[-1].seconds), f"{100 * waited:.1f} % of a step waiting for images"),
    ]
