"""Retrieval scores as a textbook writes them: one list a query, sorted by Python, walked from the top."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from reid.evaluation.retrieval.labels import Labelled
from reid.evaluation.retrieval.ranks import Ranking

Matrix = NDArray[Any]


def labelled(persons: Sequence[int] | Matrix, cameras: Sequence[int] | Matrix) -> Labelled:
    return Labelled(persons=np.array(persons, np.int64), cameras=np.array(cameras, np.int64))


def listed(
    row: Matrix, person: int, camera: int, gallery: Labelled, *, keep: bool = False, ties: str = "stable"
) -> list[tuple[float, int, bool]]:
    """The list of one query: distance, gallery row, and whether it is right."""
    items = []
    columns = zip(row.tolist(), gallery.persons.tolist(), gallery.cameras.tolist(), strict=True)
    for place, (distance, shown, seen_by) in enumerate(columns):
        right = shown == person
        if right and seen_by == camera and not keep:
            continue
        items.append((distance, place, right))
    middle = {"stable": lambda item: 0, "best": lambda item: not item[2], "worst": lambda item: item[2]}[ties]
    return sorted(items, key=lambda item: (item[0], middle(item), item[1]))


def ranks(items: Sequence[tuple[float, int, bool]]) -> list[int]:
    return [rank for rank, (_, _, right) in enumerate(items, 1) if right]


@dataclass(frozen=True)
class Figures:
    ap: float
    ap_trapezoid: float
    inp: float
    precision: list[float]
    recall: list[float]
    ndcg: list[float]


def figures(items: Sequence[tuple[float, int, bool]], ks: Sequence[int]) -> Figures | None:
    """The figures of one list; None where nothing is right."""
    right = [item[2] for item in items]
    total = sum(right)
    if not total:
        return None
    ap = trapezoid = 0.0
    found = last = 0
    old_precision = 1.0
    for rank, hit in enumerate(right, 1):
        if hit:
            found, last = found + 1, rank
            ap += found / rank / total
            trapezoid += (found / rank + old_precision) / 2 / total
        old_precision = found / rank
    return Figures(
        ap=ap,
        ap_trapezoid=trapezoid,
        inp=total / last,
        precision=[sum(right[:k]) / k for k in ks],
        recall=[sum(right[:k]) / total for k in ks],
        ndcg=[
            sum(hit / log2(1 + rank) for rank, hit in enumerate(right[:k], 1))
            / sum(1 / log2(1 + rank) for rank in range(1, min(total, k) + 1))
            for k in ks
        ],
    )


def check(
    found: Ranking,
    matrix: Matrix,
    query: Labelled,
    gallery: Labelled,
    *,
    keep: bool = False,
    rows: Any = None,
) -> None:
    """Compare a ranking with the lists of some queries (all of them)."""
    for index in range(len(query)) if rows is None else rows:
        own = slice(found.offsets[index], found.offsets[index + 1])
        who = (matrix[index], int(query.persons[index]), int(query.cameras[index]), gallery)
        items = listed(*who, keep=keep)
        right = [item for item in items if item[2]]
        assert found.candidates[index] == len(items)
        assert found.ranks[own].tolist() == ranks(items)
        assert found.best[own].tolist() == ranks(listed(*who, keep=keep, ties="best"))
        assert found.worst[own].tolist() == ranks(listed(*who, keep=keep, ties="worst"))
        assert found.distances[own].tolist() == [distance for distance, _, _ in right]
        assert found.matches[own].tolist() == [place for _, place, _ in right]


def same(one: Ranking, other: Ranking) -> None:
    """Both rankings are equal to the bit."""
    for name in ("offsets", "ranks", "best", "worst", "distances", "matches", "candidates"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@dataclass(frozen=True)
class World:
    matrix: Matrix  # (Q, G) float32
    query: Labelled
    gallery: Labelled


@st.composite
def worlds(draw: st.DrawFn, *, ties: bool | None = None) -> World:
    """Few people, cameras and levels of distance, so that ties, empty lists and lists of one are common."""
    queries, size = draw(st.integers(0, 6)), draw(st.integers(0, 24))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    people, cameras = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    if draw(st.booleans()) if ties is None else ties:
        matrix = rng.integers(0, draw(st.integers(1, 6)), (queries, size)).astype(np.float32)
        matrix[matrix == 5] = np.inf
    else:
        matrix = rng.permutation(queries * size).reshape(queries, size).astype(np.float32)
    return World(
        matrix,
        labelled(rng.integers(0, people, queries), rng.integers(0, cameras, queries)),
        labelled(rng.integers(-1, people, size), rng.integers(0, cameras, size)),
    )


def random_world(queries: int, size: int, people: int, seed: int) -> World:
    """All distances of a query differ, and lie in [0, 1)."""
    rng = np.random.default_rng(seed)
    places = rng.permuted(np.tile(np.arange(size), (queries, 1)), axis=1)
    return World(
        (places / size).astype(np.float32),
        labelled(rng.integers(0, people, queries), rng.integers(0, 3, queries)),
        labelled(rng.integers(-1, people, size), rng.integers(0, 3, size)),
    )
