"""The benchmark's figures on standard output."""

from collections.abc import Mapping, Sequence

import numpy as np

from pipelines.retrieval.measure import Measured
from pipelines.runtime.progress import Progress
from reid.evaluation.retrieval.scores import KS, RetrievalScores

MOST_CAMERAS = 15  # a wider matrix does not fit a terminal; benchmark.json and the page have it


def print_side_by_side(
    found: Sequence[tuple[str, Mapping[str, RetrievalScores]]], progress: Progress
) -> None:
    """All encoders in one table."""
    rows = []
    for encoder, variants in found:
        for name, scores in variants.items():
            known = scores.intervals
            figures = (scores.rank(5), scores.rank(10), scores.rank(20), scores.minp, scores.map_trapezoid)
            leading = (
                _within(scores.mAP, known.get("mAP")),
                _within(scores.rank(1), known.get("rank-1")),
            )
            rows.append((encoder, name, *leading, *map(_share, figures)))
    progress.summary(
        "side by side (%)",
        rows,
        ("encoder", "lists", "mAP", "rank-1", "rank-5", "rank-10", "rank-20", "mINP", "trapezoid"),
    )


def print_tables(measured: Measured, progress: Progress) -> None:
    """Print ranks, what is among the first K, and scores by pair of cameras; all in %."""
    progress.summary(
        f"{measured.name}: who was found (%), with 95 % bootstrap intervals over people",
        [_row(name, scores) for name, scores in measured.variants.items()],
        ("lists", "mAP", "rank-1", "rank-5", "rank-10", "rank-20", "mINP", "trapezoid"),
    )
    if measured.normalisation:
        progress.summary(
            f"{measured.name}: camera normalisation",
            [
                (name, "accepted" if one.accepted else "refused", one.why)
                for name, one in measured.normalisation.items()
            ],
            ("camera", "answer", "evidence"),
        )
    progress.summary(
        f"{measured.name}: among the first K (%)",
        [
            (name, *(_share(figure[k]) for figure in (s.precision, s.recall, s.ndcg) for k in KS))
            for name, s in measured.variants.items()
        ],
        ("lists", *(f"{figure}@{k}" for figure in ("P", "R", "NDCG") for k in KS)),
    )
    for name, scores in measured.variants.items():
        if scores.skipped:
            progress.message(
                f"{measured.name}, {name}: {scores.skipped:,} of {scores.queries + scores.skipped:,} queries have no "
                "match in the gallery and count nowhere"
            )
        if f"{scores.map_best:.4f}" != f"{scores.map_worst:.4f}":
            progress.message(
                f"{measured.name}, {name}: equal distances leave mAP between {100 * scores.map_worst:.2f} and "
                f"{100 * scores.map_best:.2f}, rank-1 between {100 * scores.rank1_worst:.2f} and "
                f"{100 * scores.rank1_best:.2f}"
            )
    names = measured.query.camera_names
    if len(names) <= MOST_CAMERAS:
        progress.summary(
            f"{measured.name}: mAP (%) of queries of a camera (row) in the gallery of one other (column)",
            [
                (name, *("" if np.isnan(value) else _share(value) for value in row))
                for name, row in zip(names, measured.camera_map.tolist(), strict=True)
            ],
            ("", *names),
        )


def _row(name: str, scores: RetrievalScores) -> tuple[str, ...]:
    known = scores.intervals
    ranks = [_within(scores.rank(k), known.get(f"rank-{k}")) for k in (1, 5, 10, 20)]
    return (
        name,
        _within(scores.mAP, known.get("mAP")),
        *ranks,
        _within(scores.minp, known.get("mINP")),
        _within(scores.map_trapezoid, known.get("trapezoid")),
    )


def _within(value: float, bounds: tuple[float, float] | None) -> str:
    return _share(value) if bounds is None else f"{_share(value)} ({_share(bounds[0])}-{_share(bounds[1])})"


def _share(value: float) -> str:
    return f"{100 * value:.1f}"
