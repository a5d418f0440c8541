import numpy as np
import pytest
from numpy.typing import NDArray

from reid.evaluation.projection import Method, project, sample_people


def clusters(
    seed: int = 0, people: int = 6, each: int = 20, dimension: int = 64
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Unit vectors around random directions, and whose they are."""
    rng = np.random.default_rng(seed)
    persons = np.repeat(np.arange(people, dtype=np.int64), each)
    vectors = rng.normal(size=(people, dimension))[persons] + 0.15 * rng.normal(
        size=(len(persons), dimension)
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), persons


@pytest.mark.slow
@pytest.mark.parametrize(("method", "least"), [("pca", 0.8), ("tsne", 1.0)])
def test_planted_people_stay_together(method: Method, least: float) -> None:
    vectors, persons = clusters()
    points = project(vectors, method).points
    assert points.shape == (120, 2)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2) + 1e9 * np.eye(len(points))
    assert np.mean(persons[apart.argmin(axis=1)] == persons) >= least


def test_pca_is_the_decomposition_of_the_covariance() -> None:
    vectors, _ = clusters(1)
    found = project(vectors, "pca")
    values, axes = np.linalg.eigh(np.cov(vectors.T.astype(np.float64)))
    want = (vectors - vectors.mean(axis=0)) @ axes[:, ::-1][:, :2]
    np.testing.assert_allclose(np.abs(found.points), np.abs(want), atol=1e-5)
    assert found.explained == pytest.approx(values[::-1][:2].sum() / values.sum(), abs=1e-6)


@pytest.mark.parametrize("method", ["pca", pytest.param("tsne", marks=pytest.mark.slow)])
def test_the_same_seed_gives_the_same_points(method: Method) -> None:
    vectors, _ = clusters(2, each=8)
    np.testing.assert_array_equal(
        project(vectors, method, seed=3).points, project(vectors.copy(), method, seed=3).points
    )
    found = project(vectors, method)
    assert found.method == method
    assert (found.explained is None) == (method == "tsne")


@pytest.mark.slow
@pytest.mark.parametrize("method", ["pca", "tsne"])
@pytest.mark.parametrize("shape", [(1, 8), (2, 8), (3, 8), (4, 8), (5, 1), (5, 2), (40, 3)])
def test_few_vectors(method: Method, shape: tuple[int, int]) -> None:
    vectors = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    found = project(vectors, method)
    assert found.points.shape == (shape[0], 2)
    assert np.all(np.isfinite(found.points))
    assert found.method == (method if shape[0] >= 4 else "pca")


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_equal_vectors_are_one_point(method: Method) -> None:
    found = project(np.ones((10, 4), np.float32), method)
    np.testing.assert_array_equal(found.points, np.zeros((10, 2)))
    assert found.explained is None
    assert found.method == "pca"


def test_what_cannot_be_laid_out_is_refused() -> None:
    with pytest.raises(ValueError, match="'umap'"):
        project(np.ones((3, 3)), "umap")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not empty"):
        project(np.ones((0, 3)), "pca")
    with pytest.raises(ValueError, match="finite"):
        project(np.array([[1.0, np.nan]]), "pca")


def test_samples_are_whole_people() -> None:
    persons = np.array([5, -1, 5, 7, 9, 7, -1, 5, 9])
    rows = sample_people(persons, people=2, points=100, rng=np.random.default_rng(0))
    drawn = set(persons[rows].tolist())
    assert len(drawn) == 2
    assert -1 not in drawn
    np.testing.assert_array_equal(rows, np.flatnonzero(np.isin(persons, list(drawn))))
    assert len(sample_people(persons, people=9, points=4, rng=np.random.default_rng(0))) == 4
    assert len(sample_people(np.array([-1]), people=9, points=4, rng=np.random.default_rng(0))) == 0
