"""Distances row by row: those of reid.distance, and the same bits however they are cut."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from reid.distance import pairwise, unit
from reid.evaluation.retrieval.distances import CosineRows, MatrixRows, blocks
from reid.evaluation.retrieval.tiles import TILE_COLUMNS, TILE_ROWS, block_height, tile_height
from reid.types import Array


def vectors(count: int, width: int = 16, seed: int = 0) -> Array:
    return unit(np.random.default_rng(seed).standard_normal((count, width)).astype(np.float32))


QUERY, GALLERY = vectors(TILE_ROWS * 2 + 45), vectors(TILE_COLUMNS + 77, seed=1)


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
@pytest.mark.parametrize(("queries", "size"), [(1, 1), (0, 5), (5, 0), (0, 0), (257, 300), (300, 4100)])
def test_like_pairwise(queries: int, size: int, device: str) -> None:
    query, gallery = vectors(queries), vectors(size, seed=1)
    rows = CosineRows(query, gallery, device=device)
    assert rows.shape == (queries, size)
    found = rows.rows(0, queries)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, pairwise(query, gallery), atol=1e-6)


def test_stay_within_0_and_2() -> None:
    query = vectors(40, width=7)
    found = CosineRows(query, np.concatenate([query, -query])).rows(0, 40)
    assert found.min() == 0
    assert found.max() == 2


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_any_block_gives_the_same_bits(dtype: type, device: str) -> None:
    rows = CosineRows(QUERY.astype(dtype), GALLERY.astype(dtype), device=device)
    whole = rows.rows(0, len(QUERY))
    for start, stop in (
        (0, 1),
        (1, 2),
        (100, 200),
        (127, 129),
        (128, 256),
        (5, len(QUERY)),
        (300, 301),
        (7, 7),
    ):
        np.testing.assert_array_equal(rows.rows(start, stop), whole[start:stop])
    for height in (1, 64, 100):
        pieces = [rows.rows(s, min(s + height, 110)) for s in range(0, 110, height)]
        np.testing.assert_array_equal(np.concatenate(pieces), whole[:110])


def test_float16_is_multiplied_in_float32() -> None:
    query, gallery = QUERY[:50].astype(np.float16), GALLERY[:60].astype(np.float16)
    expected = pairwise(query.astype(np.float32), gallery.astype(np.float32))
    np.testing.assert_allclose(CosineRows(query, gallery).rows(0, 50), expected, atol=1e-6)


@pytest.mark.parametrize("make", [lambda: CosineRows(QUERY, GALLERY), lambda: MatrixRows(np.ones((557, 5)))])
def test_rows_are_fresh_and_exist(make: Any) -> None:
    rows = make()
    first = rows.rows(0, 2)
    kept = first.copy()
    first[:] = 7
    np.testing.assert_array_equal(rows.rows(0, 2), kept)
    for start, stop in ((-1, 2), (0, 558), (3, 2)):
        with pytest.raises(ValueError, match="557"):
            rows.rows(start, stop)


def test_matrix_of_any_type() -> None:
    matrix = np.arange(12, dtype=np.uint8).reshape(3, 4)
    found = MatrixRows(matrix).rows(1, 3)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, matrix[1:])


@pytest.mark.parametrize(
    ("query", "gallery", "message"),
    [
        (vectors(2), vectors(3, width=8), "one dimension, got 16 and 8"),
        (vectors(2)[0], vectors(3), r"query must be .* \(16,\)"),
        (vectors(2), vectors(3).astype(np.float64), "gallery must be .* float64"),
        (vectors(2) * 3, vectors(3), "query row 0 has length 3"),
        (vectors(2), np.full((3, 16), np.nan, np.float32), "gallery row 0 has length nan"),
        (vectors(2), np.zeros((3, 16), np.float32), "gallery row 0 has length 0"),
    ],
)
def test_bad_features(query: NDArray[Any], gallery: NDArray[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CosineRows(query, gallery)


def test_bad_matrix() -> None:
    with pytest.raises(ValueError, match=r"\(Q, G\), got \(3,\)"):
        MatrixRows(np.zeros(3))


@pytest.mark.parametrize("size", [1, 5, 1000, 40_000, 516_000])
@pytest.mark.parametrize("block_mib", [1, 3, 256])
def test_blocks_fit(size: int, block_mib: int) -> None:
    height = block_height(size, block_mib)
    assert height >= 1
    assert height == 1 or height * size * 4 <= block_mib * 2**20
    tile = tile_height(size)
    assert height < tile or height % tile == 0, "tiles would be multiplied twice"


def test_blocks_are_all_rows_in_order() -> None:
    matrix = np.random.default_rng(0).random((5, 2**17)).astype(np.float32)  # half a MiB a row
    found = list(blocks(MatrixRows(matrix), 1))
    assert [start for start, _ in found] == [0, 2, 4]
    np.testing.assert_array_equal(np.concatenate([block for _, block in found]), matrix)


def test_blocks_name_what_is_not_a_number() -> None:
    matrix = np.ones((5, 2**17), np.float32)
    matrix[3, 77] = np.nan
    with pytest.raises(ValueError, match=r"query 3 and gallery 77 is not a number \(NaN\)"):
        list(blocks(MatrixRows(matrix), 1))
    with pytest.raises(ValueError, match="block_mib must be at least 1, got 0"):
        list(blocks(MatrixRows(matrix), 0))
