"""`benchmark.html`: one self-contained page that shows what encoders can do on a data set, and where they fail.

Everything is in the file: images as data addresses, charts as SVG, style inline; nothing is fetched, no script.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reid.outputs import atomic, benchmark_tables, charts
from reid.outputs.benchmark_charts import histogram_charts, ranking_charts, rates, style, verification_charts
from reid.outputs.benchmark_result import EncoderResult
from reid.outputs.ranked_lists import activation_crops, rows_by_kind
from reid.outputs.templates import template


def write_benchmark_page(
    path: Path,
    *,
    data_set: str,
    facts: Mapping[str, str],
    notes: Sequence[str] = (),
    protocol: str,
    run: Mapping[str, str],
    results: Sequence[EncoderResult],
) -> None:
    """Write the page; the old file or the new one, never a part.

    Args:
        path: where to.
        data_set: its name.
        facts: of the data, shown as tiles: "query" to "3,368 images, 750 people, 6 cameras", ...
        notes: sentences about the data: junk left out, missing files.
        protocol: the sentence that says what was removed from the lists and what was averaged.
        run: command, version, date, machine, ...: shown as they are.
        results: one an encoder, in the order shown.

    Raises:
        ValueError: no result, or an activation map that is not a finite image.
        OSError: an image cannot be read; one that is not an image is only said to be none.
    """
    if not results:
        raise ValueError("a benchmark page needs at least one result")
    html = template("benchmark.html.j2").render(
        data_set=data_set,
        facts=facts,
        notes=notes,
        protocol=protocol,
        run=run,
        results=results,
        encoders=[(result.name, style(number)) for number, result in enumerate(results)],
        **_scores(results),
        **_charts(results),
        **_images(results),
    )
    atomic.write_text(path, html)


def _scores(results: Sequence[EncoderResult]) -> dict[str, Any]:
    """Content of the tables."""
    k_headings, k_lines = benchmark_tables.at_k(results)
    return {
        "columns": benchmark_tables.COLUMNS,
        "plain": benchmark_tables.PLAIN,
        "lines": benchmark_tables.headline(results),
        "skipped": benchmark_tables.skipped_sentences(results),
        "ties": benchmark_tables.tie_sentences(results),
        "k_headings": k_headings,
        "k_lines": k_lines,
        "heats": benchmark_tables.heats(results),
    }


def _charts(results: Sequence[EncoderResult]) -> dict[str, Any]:
    return {
        "ranking": ranking_charts(results),
        "histograms": histogram_charts(results),
        "verification": verification_charts(results),
        "rates": rates(results),
        "width": charts.WIDTH,
        "height": charts.HEIGHT,
    }


def _images(results: Sequence[EncoderResult]) -> dict[str, Any]:
    """Ranked lists, planes of vectors, activation maps."""
    planes = benchmark_tables.planes(results)
    named = [(result, style(number)) for number, result in enumerate(results)]
    return {
        "lists": [(result.name, css, rows_by_kind(result.ranked)) for result, css in named if result.ranked],
        "planes": planes,
        "camera_count": max((len(plane.camera_names) for plane in planes), default=0),
        "looks": [
            (r.name, css, activation_crops(r.activations), r.activation_method)
            for r, css in named
            if r.activations
        ],
        "side": benchmark_tables.MAP_PX,
        "radius": 2.6,
    }
