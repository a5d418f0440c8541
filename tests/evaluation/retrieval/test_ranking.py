"""Ranks against lists that Python sorts, on random and degenerate input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.distance import unit
from reid.evaluation.retrieval.distances import CosineRows, MatrixRows
from reid.evaluation.retrieval.labels import Labelled, members
from reid.evaluation.retrieval.ranking import nearest, rank
from tests.evaluation.retrieval.reference import World, check, labelled, listed, random_world, same, worlds


@given(world=worlds(), keep=st.booleans())
def test_like_sorted_lists(world: World, keep: bool) -> None:
    found = rank(MatrixRows(world.matrix), world.query, world.gallery, keep_same_camera=keep)
    check(found, world.matrix, world.query, world.gallery, keep=keep)


@pytest.mark.parametrize("levels", [None, 256, 3, 1])
@pytest.mark.parametrize("people", [400, 20, 2])
def test_like_sorted_lists_where_they_are_long(people: int, levels: int | None) -> None:
    """Long lists with few matches are counted, others sorted: both ways must come up."""
    world = random_world(12, 3000, people, seed=people)
    matrix = world.matrix if levels is None else np.floor(world.matrix * levels)
    found = rank(MatrixRows(matrix), world.query, world.gallery)
    check(found, matrix, world.query, world.gallery)
    assert np.any(found.best != found.worst) == (levels is not None)


@given(world=worlds(ties=False), seed=st.integers(0, 1000))
def test_order_of_the_gallery_does_not_matter(world: World, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(world.gallery))
    moved = labelled(world.gallery.persons[order], world.gallery.cameras[order])
    one = rank(MatrixRows(world.matrix), world.query, world.gallery)
    other = rank(MatrixRows(world.matrix[:, order]), world.query, moved)
    np.testing.assert_array_equal(one.ranks, other.ranks)
    np.testing.assert_array_equal(one.matches, order[other.matches])


@given(world=worlds(), seed=st.integers(0, 1000))
def test_bounds_hold_for_any_order_of_the_gallery(world: World, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(world.gallery))
    moved = labelled(world.gallery.persons[order], world.gallery.cameras[order])
    one = rank(MatrixRows(world.matrix), world.query, world.gallery)
    other = rank(MatrixRows(world.matrix[:, order]), world.query, moved)
    np.testing.assert_array_equal(one.best, other.best)
    np.testing.assert_array_equal(one.worst, other.worst)
    assert np.all((one.best <= other.ranks) & (other.ranks <= one.worst))


@given(world=worlds())
def test_a_monotone_map_of_the_distances_does_not_matter(world: World) -> None:
    one = rank(MatrixRows(world.matrix), world.query, world.gallery)
    other = rank(MatrixRows(2 * world.matrix - 7), world.query, world.gallery)
    for name in ("ranks", "best", "worst", "matches"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_any_block_size_gives_the_same_bits(dtype: type) -> None:
    """A row is 40 kB, so 1 MiB holds 26; 129 MiB hold all."""
    rng = np.random.default_rng(3)
    world = random_world(300, 10_000, 60, seed=3)
    query, gallery = (
        unit(rng.standard_normal((n, 12)).astype(np.float32)).astype(dtype)
        for n in (len(world.query), len(world.gallery))
    )
    found = [
        rank(CosineRows(query, gallery), world.query, world.gallery, block_mib=mib) for mib in (129, 1, 2, 6)
    ]
    for other in found[1:]:
        same(found[0], other)
    matrix = CosineRows(query, gallery).rows(0, 300)
    check(found[0], matrix, world.query, world.gallery, rows=range(0, 300, 60))


def test_float16_ranks_almost_alike() -> None:
    rng = np.random.default_rng(4)
    world = random_world(20, 400, 10, seed=4)
    query, gallery = (unit(rng.standard_normal((n, 64)).astype(np.float32)) for n in (20, 400))
    full = rank(CosineRows(query, gallery), world.query, world.gallery)
    half = rank(CosineRows(query.astype(np.float16), gallery.astype(np.float16)), world.query, world.gallery)
    assert np.abs(full.ranks - half.ranks).mean() < 1


ONE = labelled([3], [0])


@pytest.mark.parametrize(
    ("query", "gallery", "ranks", "candidates"),
    [
        pytest.param(labelled([], []), labelled([1, 2], [0, 0]), [], [], id="no query"),
        pytest.param(labelled([], []), labelled([], []), [], [], id="nothing"),
        pytest.param(ONE, labelled([], []), [], [0], id="empty gallery"),
        pytest.param(ONE, labelled([3, 3], [0, 0]), [], [0], id="all removed"),
        pytest.param(ONE, labelled([3], [1]), [1], [1], id="one item"),
        pytest.param(ONE, labelled([5], [1]), [], [1], id="one item, wrong"),
        pytest.param(ONE, labelled([-1, -1], [0, 1]), [], [2], id="only distractors"),
        pytest.param(ONE, labelled([-1, 3, 4, 3], [0, 1, 0, 0]), [2], [3], id="all equal"),
    ],
)
def test_degenerate(query: Labelled, gallery: Labelled, ranks: list[int], candidates: list[int]) -> None:
    matrix = np.zeros((len(query), len(gallery)), np.float32)
    found = rank(MatrixRows(matrix), query, gallery)
    assert found.ranks.tolist() == ranks
    assert found.candidates.tolist() == candidates
    check(found, matrix, query, gallery)


def test_removed_rows_do_not_count_where_distances_are_infinite() -> None:
    found = rank(
        MatrixRows(np.full((1, 4), np.inf)), labelled([3], [0]), labelled([3, 3, 4, 3], [0, 1, 1, 0])
    )
    assert (found.ranks.tolist(), found.best.tolist(), found.worst.tolist()) == ([1], [1], [2])


def test_bad_input() -> None:
    query, gallery = labelled([1, 2], [0, 0]), labelled([1, 2, 3], [1, 1, 1])
    with pytest.raises(ValueError, match=r"\(2, 4\) do not fit 2 labelled queries and 3 in the gallery"):
        rank(MatrixRows(np.zeros((2, 4))), query, gallery)
    with pytest.raises(ValueError, match="query 1 and gallery 2 is not a number"):
        rank(MatrixRows(np.array([[0, 1, 2], [0, 1, np.nan]])), query, gallery)
    with pytest.raises(ValueError, match="query 1 is of person -1"):
        rank(MatrixRows(np.zeros((2, 3))), labelled([1, -1], [0, 0]), gallery)
    with pytest.raises(ValueError, match="from 0, got -2"):
        labelled([1, -2], [0, 0])
    with pytest.raises(ValueError, match="2 persons do not go with 1 cameras"):
        labelled([1, 2], [0])
    with pytest.raises(ValueError, match=r"Labelled.persons must be int64 of shape \(N,\), got float64"):
        Labelled(persons=np.array([1.5]), cameras=np.array([0]))


@given(world=worlds(), keep=st.booleans())
def test_members(world: World, keep: bool) -> None:
    matches, removed = members(world.query, world.gallery, keep_same_camera=keep)
    for index, (person, camera) in enumerate(zip(world.query.persons, world.query.cameras, strict=True)):
        right = world.gallery.persons == person
        gone = right & (world.gallery.cameras == camera) & (not keep)
        assert matches.of(index).tolist() == np.flatnonzero(right & ~gone).tolist()
        assert removed.of(index).tolist() == np.flatnonzero(gone).tolist()


@given(world=worlds(), top=st.integers(0, 30))
def test_nearest(world: World, top: int) -> None:
    rows = np.arange(len(world.query))[::-2]
    found, distances = nearest(MatrixRows(world.matrix), world.query, world.gallery, rows=rows, top=top)
    assert found.shape == distances.shape == (len(rows), top)
    for index, own, values in zip(rows, found, distances, strict=True):
        person, camera = world.query.persons[index], world.query.cameras[index]
        items = listed(world.matrix[index], person, camera, world.gallery)[:top]
        missing = top - len(items)
        assert own.tolist() == [place for _, place, _ in items] + [-1] * missing
        assert values.tolist() == [distance for distance, _, _ in items] + [np.inf] * missing


def test_nearest_refuses() -> None:
    query, gallery = labelled([1, 2], [0, 0]), labelled([1, 2, 3], [1, 1, 1])
    rows = np.array([1])
    with pytest.raises(ValueError, match="top must not be negative, got -1"):
        nearest(MatrixRows(np.zeros((2, 3))), query, gallery, rows=rows, top=-1)
    with pytest.raises(ValueError, match="query 1 and gallery 2 is not a number"):
        nearest(MatrixRows(np.array([[0, 1, 2], [0, 1, np.nan]])), query, gallery, rows=rows, top=2)
