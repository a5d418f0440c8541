"""Precision over recall, cameras apart, several images a query: against loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.distance import unit
from reid.evaluation.retrieval.curves import camera_pair_map, multi_query, precision_recall
from reid.evaluation.retrieval.distances import MatrixRows
from reid.evaluation.retrieval.ranking import rank
from tests.evaluation.retrieval.reference import World, figures, labelled, listed, random_world, worlds


@given(world=worlds(), points=st.integers(2, 12))
def test_precision_recall(world: World, points: int) -> None:
    curves = []
    for index, row in enumerate(world.matrix):
        items = listed(row, world.query.persons[index], world.query.cameras[index], world.gallery)
        total = sum(right for _, _, right in items)
        if not total:
            continue
        at = []  # recall in steps of 1 / total, precision
        for length in range(1, len(items) + 1):
            found = sum(right for _, _, right in items[:length])
            at.append((found, found / length))
        levels = [
            max(precision for found, precision in at if found * (points - 1) >= i * total)
            for i in range(points)
        ]
        curves.append(levels)
    ranking = rank(MatrixRows(world.matrix), world.query, world.gallery)
    recall, precision = precision_recall(ranking, points)
    np.testing.assert_allclose(recall, np.linspace(0, 1, points), atol=1e-12)
    np.testing.assert_allclose(precision, np.mean(curves, axis=0) if curves else [np.nan] * points)


def test_precision_recall_by_hand() -> None:
    """Matches at ranks 2 and 3 of 3: precision 1/2 and 2/3, so 2/3 is the best at any recall."""
    ranking = rank(MatrixRows(np.array([[1, 0, 2]])), labelled([5], [0]), labelled([5, 6, 5], [1, 1, 1]))
    recall, precision = precision_recall(ranking, 3)
    assert recall.tolist() == [0, 0.5, 1]
    assert precision == pytest.approx([2 / 3] * 3)
    with pytest.raises(ValueError, match="at least 2, got 1"):
        precision_recall(ranking, 1)


@given(seed=st.integers(0, 1000), size=st.integers(0, 12))
def test_multi_query(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    query = labelled(rng.integers(0, 3, 5), rng.integers(0, 2, 5))
    pool = labelled(rng.integers(0, 3, size), rng.integers(0, 2, size))
    vectors, images = (unit(rng.standard_normal((n, 6)).astype(np.float32)) for n in (5, size))
    found = multi_query(query, vectors, images, pool)
    assert found.dtype == np.float32
    for index in range(5):
        own = [
            images[place]
            for place in range(size)
            if pool.persons[place] == query.persons[index] and pool.cameras[place] == query.cameras[index]
        ]
        mean = np.mean(own, axis=0) if own else vectors[index]
        np.testing.assert_allclose(found[index], mean / np.linalg.norm(mean), atol=1e-6)


def test_multi_query_refuses() -> None:
    one = labelled([1], [0])
    with pytest.raises(ValueError, match="pool has 1 labels for 2 vectors"):
        multi_query(one, np.eye(1, 4, dtype=np.float32), np.eye(2, 4, dtype=np.float32), one)
    opposite = np.array([[1, 0], [-1, 0]], np.float32)
    with pytest.raises(ValueError, match="no direction"):
        multi_query(one, opposite[:1], opposite, labelled([1, 1], [0, 0]))


@given(world=worlds())
def test_camera_pairs(world: World) -> None:
    scores, counts = camera_pair_map(MatrixRows(world.matrix), world.query, world.gallery, cameras=4)
    expected: dict[tuple[int, int], list[float]] = {(a, b): [] for a in range(4) for b in range(4)}
    for index, row in enumerate(world.matrix):
        for camera in range(4):
            inside = np.flatnonzero(world.gallery.cameras == camera)
            part = labelled(world.gallery.persons[inside], world.gallery.cameras[inside])
            who = world.query.persons[index], world.query.cameras[index]
            own = figures(listed(row[inside], *who, part), ())
            if own is not None:
                expected[int(world.query.cameras[index]), camera].append(own.ap)
    for (a, b), values in expected.items():
        assert counts[a, b] == len(values)
        assert scores[a, b] == pytest.approx(np.mean(values) if values else np.nan, nan_ok=True)


def test_camera_pairs_in_blocks() -> None:
    world = random_world(12, 20_000, 20, seed=2)
    rows = MatrixRows(world.matrix)
    one, other = (
        camera_pair_map(rows, world.query, world.gallery, cameras=3, block_mib=mib) for mib in (1, 256)
    )
    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_array_equal(one[1], other[1])
    assert np.isnan(np.diag(one[0])).all()


def test_camera_out_of_range() -> None:
    with pytest.raises(ValueError, match="cameras must be 0 to 1, got 0 to 2"):
        camera_pair_map(MatrixRows(np.zeros((1, 2))), labelled([1], [0]), labelled([1, 1], [0, 2]), cameras=2)
