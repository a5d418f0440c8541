"""Sparse re-ranking against the dense textbook: on random, clustered, tied and degenerate features."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from reid.distance import unit
from reid.evaluation.retrieval import neighbours
from reid.evaluation.retrieval.distances import CosineRows, DistanceRows, MatrixRows
from reid.evaluation.retrieval.labels import Labelled
from reid.evaluation.retrieval.neighbours import nearest_neighbours
from reid.evaluation.retrieval.ranking import rank
from reid.evaluation.retrieval.rerank import RerankedRows
from reid.types import Array
from tests.benchmarks.peers import re_ranking
from tests.evaluation.retrieval.rerank_reference import dense

PARAMETERS = [(20, 6, 0.3), (7, 1, 0.0), (5, 3, 1.0), (2, 2, 0.5), (1, 1, 0.3)]


def random(count: int, width: int, seed: int) -> Array:
    return unit(np.random.default_rng(seed).standard_normal((count, width), dtype=np.float32))


def coarse(count: int, seed: int) -> Array:
    """Unit vectors whose products are multiples of 1/4: ties are exact in every precision, and many are equal."""
    rng = np.random.default_rng(seed)
    vectors = np.zeros((count, 6), np.float32)
    for row in vectors:
        row[rng.choice(6, 4, replace=False)] = rng.choice([-0.5, 0.5], 4)
    return vectors


def site(seed: int, queries: int = 60, images: int = 400) -> tuple[Labelled, Array, Labelled, Array]:
    """Labels and noisy vectors of people in four cameras, queries and gallery."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((25, 32))

    def draw(count: int) -> tuple[Labelled, Array]:
        persons = rng.integers(0, len(centres), count)
        vectors = unit((centres[persons] + 1.3 * rng.standard_normal((count, 32))).astype(np.float32))
        return Labelled(persons=persons, cameras=rng.integers(0, 4, count)), vectors

    return *draw(queries), *draw(images)


def whole(rows: DistanceRows) -> Array:
    return rows.rows(0, rows.shape[0])


def mean_ap(distances: DistanceRows, query: Labelled, gallery: Labelled) -> float:
    found = rank(distances, query, gallery)
    own = [found.ranks[start:stop] for start, stop in zip(found.offsets, found.offsets[1:], strict=False)]
    return float(np.mean([np.mean(np.arange(1, len(ranks) + 1) / ranks) for ranks in own if len(ranks)]))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("k1", "k2", "lambda_"), PARAMETERS)
def test_random(seed: int, k1: int, k2: int, lambda_: float) -> None:
    query, gallery = random(30, 8, seed), random(120, 8, seed + 100)
    got = RerankedRows(query, gallery, k1=k1, k2=k2, lambda_=lambda_)
    assert got.shape == (30, 120)
    expected = dense(query, gallery, k1=k1, k2=k2, lambda_=lambda_)
    np.testing.assert_allclose(whole(got), expected, atol=2e-6)


@pytest.mark.parametrize("seed", range(3))
def test_clustered(seed: int) -> None:
    asked, query, offered, gallery = site(seed)
    got, expected = RerankedRows(query, gallery), dense(query, gallery)
    np.testing.assert_allclose(whole(got), expected, atol=2e-6)
    score = mean_ap(got, asked, offered)
    assert score == pytest.approx(mean_ap(MatrixRows(expected), asked, offered), abs=1e-5)
    assert score > mean_ap(CosineRows(query, gallery), asked, offered) + 0.03  # or the data says nothing


@pytest.mark.parity
@pytest.mark.parametrize(("k1", "k2", "lambda_"), PARAMETERS)
def test_parity_with_torchreid(k1: int, k2: int, lambda_: float) -> None:
    """Its port squares the distances that it is given; with Euclidean ones it does what the authors' code does."""
    peer = re_ranking()
    if peer is None:
        pytest.skip("torchreid is not installed (pip install --no-deps torchreid)")
    _, query, _, gallery = site(0)
    pairs = ((query, gallery), (query, query), (gallery, gallery))
    expected = peer(*(cdist(a, b) for a, b in pairs), k1=k1, k2=k2, lambda_value=lambda_)
    got = RerankedRows(query, gallery, k1=k1, k2=k2, lambda_=lambda_)
    np.testing.assert_allclose(whole(got), expected, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("k1", "k2", "lambda_"), PARAMETERS)
def test_ties_are_broken_by_index(seed: int, k1: int, k2: int, lambda_: float) -> None:
    query, gallery = coarse(20, seed), coarse(130, seed + 100)
    got = RerankedRows(query, gallery, k1=k1, k2=k2, lambda_=lambda_)
    expected = dense(query, gallery, k1=k1, k2=k2, lambda_=lambda_)
    np.testing.assert_allclose(whole(got), expected, atol=2e-6)


@pytest.mark.parametrize(("queries", "images"), [(1, 1), (1, 40), (40, 1), (3, 5), (10, 11), (9, 11)])
def test_few(queries: int, images: int) -> None:
    """Down to fewer vectors than neighbours are asked for."""
    query, gallery = random(queries, 4, 0), random(images, 4, 1)
    np.testing.assert_allclose(whole(RerankedRows(query, gallery)), dense(query, gallery), atol=2e-6)


@pytest.mark.parametrize("lambda_", [0.0, 0.3])
def test_all_the_same(lambda_: float) -> None:
    """More than k1 copies of one vector: most have no mutual neighbour, and no distance is a number over 0."""
    query, gallery = np.tile(coarse(1, 0), (4, 1)), np.tile(coarse(1, 0), (60, 1))
    got = whole(RerankedRows(query, gallery, lambda_=lambda_))
    assert np.isfinite(got).all()
    np.testing.assert_allclose(got, dense(query, gallery, lambda_=lambda_), atol=2e-6)


def test_copies_of_each() -> None:
    query, gallery = coarse(5, 0), np.repeat(coarse(5, 0), 30, axis=0)
    np.testing.assert_allclose(whole(RerankedRows(query, gallery)), dense(query, gallery), atol=2e-6)


def test_nobody_to_find_or_to_ask() -> None:
    assert whole(RerankedRows(random(3, 4, 0), random(0, 4, 1))).shape == (3, 0)
    assert whole(RerankedRows(random(0, 4, 0), random(3, 4, 1))).shape == (0, 3)


@pytest.mark.parametrize("height", [1, 7, 64, 299])
def test_blocks_are_identical(height: int) -> None:
    rows = RerankedRows(random(300, 16, 0), random(500, 16, 1))
    blocks = [rows.rows(start, min(start + height, 300)) for start in range(0, 300, height)]
    assert np.array_equal(np.concatenate(blocks), whole(rows))


def test_rows_are_fresh() -> None:
    rows = RerankedRows(random(5, 8, 0), random(40, 8, 1))
    before = whole(rows)
    whole(rows)[:] = -1
    assert np.array_equal(whole(rows), before)


def test_order_of_the_gallery_does_not_matter() -> None:
    query, gallery = random(20, 8, 0), random(150, 8, 1)
    order = np.random.default_rng(2).permutation(150)
    shuffled = whole(RerankedRows(query, gallery[order]))
    np.testing.assert_allclose(shuffled, whole(RerankedRows(query, gallery))[:, order], atol=2e-6)


def test_half_precision_and_length() -> None:
    """Both give the distances of the directions that are left."""
    query, gallery = random(20, 8, 0).astype(np.float16), random(150, 8, 1).astype(np.float16)
    expected = dense(query, gallery)
    np.testing.assert_allclose(whole(RerankedRows(query, gallery)), expected, atol=2e-6)
    longer = RerankedRows(query.astype(np.float32) * 3, gallery.astype(np.float32) * 7)
    np.testing.assert_allclose(whole(longer), expected, atol=2e-6)


@pytest.mark.parametrize("vectors", [random(150, 8, 0), coarse(150, 1), np.tile(coarse(1, 2), (150, 1))])
@pytest.mark.parametrize("k", [1, 5, 21, 40, 150, 200])
@pytest.mark.parametrize("tile", [16, 64, 149, 1024])
def test_neighbours_over_tiles(vectors: Array, k: int, tile: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal to a stable sort of all distances, whether a list is full after one tile or after many."""
    monkeypatch.setattr(neighbours, "_TILE", tile)
    found = nearest_neighbours(vectors, k)
    distances = np.maximum(1 - vectors.astype(np.float64) @ vectors.T.astype(np.float64), 0)
    np.testing.assert_array_equal(found.indices, np.argsort(distances, axis=1, kind="stable")[:, :k])
    np.testing.assert_allclose(found.farthest, distances.max(axis=1), atol=1e-6)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"k1": 0}, r"k1 and k2 of 1 or more .* got 0, 6, 0\.3"),
        ({"k2": 0}, r"got 20, 0, 0\.3"),
        ({"lambda_": 1.5}, r"lambda in \[0, 1\], got 20, 6, 1\.5"),
        ({"gallery": random(5, 9, 0)}, r"\(Q, D\) and \(G, D\), got \(3, 8\) and \(5, 9\)"),
        ({"gallery": np.zeros((5, 8), np.float32)}, "no direction"),
        ({"query": random(3, 8, 0)[0]}, r"got \(8,\)"),
    ],
)
def test_nonsense_is_refused(changed: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {"query": random(3, 8, 0), "gallery": random(5, 8, 1), **changed}
    with pytest.raises(ValueError, match=words):
        RerankedRows(given.pop("query"), given.pop("gallery"), **given)


def test_rows_that_do_not_exist() -> None:
    rows = RerankedRows(random(3, 8, 0), random(5, 8, 1))
    with pytest.raises(ValueError, match="3"):
        rows.rows(0, 4)


def test_two_thirds_in_whole_numbers() -> None:
    """3 * common > 2 * size is what the paper's `common > 2 / 3 * size` means, in floating point too."""
    sizes: NDArray[np.int64] = np.arange(200)
    assert all(
        (3 * np.arange(size + 1) > 2 * size).tolist() == (np.arange(size + 1) > 2 / 3 * size).tolist()
        for size in sizes
    )
