"""The path through torch, on torch's CPU: equal numbers from equal distances. CUDA is not exercised."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.distance import unit
from reid.evaluation.retrieval.curves import camera_pair_map
from reid.evaluation.retrieval.distances import CosineRows, MatrixRows
from reid.evaluation.retrieval.on_device import rank_on_device
from reid.evaluation.retrieval.pairs import pair_counts
from reid.evaluation.retrieval.ranking import nearest, rank
from tests.evaluation.retrieval.reference import World, check, labelled, random_world, same, worlds


@given(world=worlds(), keep=st.booleans())
def test_equal_to_numpy(world: World, keep: bool) -> None:
    matrix = MatrixRows(world.matrix)
    found = rank_on_device(matrix, world.query, world.gallery, device="cpu", keep_same_camera=keep)
    same(found, rank(matrix, world.query, world.gallery, keep_same_camera=keep))
    check(found, world.matrix, world.query, world.gallery, keep=keep)


@pytest.mark.parametrize("levels", [None, 20])
def test_equal_in_blocks(levels: int | None) -> None:
    """At 32 bytes a distance, 1 MiB holds 16 rows."""
    world = random_world(50, 2000, 30, seed=8)
    matrix = MatrixRows(world.matrix if levels is None else np.floor(world.matrix * levels))
    expected = rank(matrix, world.query, world.gallery)
    assert np.any(expected.best != expected.worst) == (levels is not None)
    for block_mib in (1, 64):
        found = rank_on_device(matrix, world.query, world.gallery, device="cpu", block_mib=block_mib)
        same(found, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_distances_and_ranks_stay_on_the_device(dtype: type) -> None:
    rng = np.random.default_rng(9)
    world = random_world(40, 500, 8, seed=9)
    query, gallery = (unit(rng.standard_normal((n, 32)).astype(np.float32)).astype(dtype) for n in (40, 500))
    rows = CosineRows(query, gallery, device="cpu:0")
    found = rank(rows, world.query, world.gallery)
    check(found, rows.rows(0, 40), world.query, world.gallery)
    plain = rank(CosineRows(query, gallery), world.query, world.gallery)
    np.testing.assert_allclose(found.distances, plain.distances, atol=1e-6)
    same(found, rank(rows, world.query, world.gallery, block_mib=1))


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_what_is_no_ranking_takes_its_rows(dtype: type) -> None:
    """All that reads distances block by block has from the device what it has from the same matrix."""
    rng = np.random.default_rng(10)
    world = random_world(40, 9000, 8, seed=10)
    query, gallery = (unit(rng.standard_normal((n, 16)).astype(np.float32)).astype(dtype) for n in (40, 9000))
    rows = CosineRows(query, gallery, device="cpu:0")
    matrix, who = MatrixRows(rows.rows(0, 40)), (world.query, world.gallery)
    edges = np.linspace(0, 2, 101, dtype=np.float32)
    counted, wanted = (pair_counts(one, *who, edges=edges, block_mib=1) for one in (rows, matrix))
    for name in ("genuine", "impostor", "genuine_total", "impostor_total", "nearest_genuine"):
        np.testing.assert_array_equal(getattr(counted, name), getattr(wanted, name), err_msg=name)
    asked = np.array([3, 0, 39])
    for found, expected in (
        *zip(*(nearest(one, *who, rows=asked, top=7) for one in (rows, matrix)), strict=True),
        *zip(*(camera_pair_map(one, *who, cameras=3, block_mib=1) for one in (rows, matrix)), strict=True),
    ):
        np.testing.assert_array_equal(found, expected)


def test_the_gallery_lies_on_the_device_that_is_named() -> None:
    """torch's device without memory stands for one that is not the CPU: nothing may be left to numpy."""
    vectors = np.eye(3, dtype=np.float32)
    rows = CosineRows(vectors, vectors, device="meta")
    assert rows.tiles.gallery.device.type == "meta"
    assert rows.tiles.tensor(0, 2).device.type == "meta"


def test_not_a_number() -> None:
    matrix = np.zeros((3, 4), np.float32)
    matrix[2, 1] = np.nan
    with pytest.raises(ValueError, match="query 2 and gallery 1 is not a number"):
        rank_on_device(
            MatrixRows(matrix), labelled([1] * 3, [0] * 3), labelled([1] * 4, [1] * 4), device="cpu"
        )
