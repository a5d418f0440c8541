"""Average linkage, against recomputing every mean at every step."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.linking.clustering import average_linkage


def slowly(distances: np.ndarray, apart: np.ndarray, weights: np.ndarray, limit: float) -> list[int]:
    clusters = [[i] for i in range(len(distances))]

    def mean(a: list[int], b: list[int]) -> float:
        if any(apart[i, j] for i in a for j in b):
            return np.inf
        mass = [weights[i] * weights[j] for i in a for j in b]
        return float(np.average([distances[i, j] for i in a for j in b], weights=mass))

    while len(clusters) > 1:
        gap, a, b = min(
            (mean(p, q), i, j) for i, p in enumerate(clusters) for j, q in enumerate(clusters[:i])
        )
        if gap > limit or gap == np.inf:
            break
        clusters[b] += clusters.pop(a)
    return [next(k for k, c in enumerate(sorted(clusters, key=min)) if i in c) for i in range(len(distances))]


def problem(seed: int, count: int, forbidden: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points in the plane: distances without ties, pairs to keep apart, weights."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 2))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    apart = np.triu(rng.random((count, count)) < forbidden, 1)
    return distances, apart | apart.T, rng.uniform(0.2, 5, count)


problems = st.builds(
    problem, st.integers(0, 10_000), st.integers(0, 12), st.sampled_from([0.0, 0.1, 0.4, 1.0])
)
limits = st.sampled_from([0.0, 0.3, 0.8, 1.5, 100.0, np.inf])


@given(problems, limits)
def test_against_the_slow_one(given_problem: tuple[np.ndarray, ...], limit: float) -> None:
    distances, apart, weights = given_problem
    labels = average_linkage(distances, apart, weights, limit)
    assert labels.tolist() == slowly(distances, apart, weights, limit)


@settings(max_examples=40)
@given(st.integers(0, 10_000), limits)
def test_order_does_not_matter(seed: int, limit: float) -> None:
    distances, apart, weights = problem(seed, 25, 0.1)
    order = np.random.default_rng(seed).permutation(25)
    labels = average_linkage(distances, apart, weights, limit)
    shuffled = average_linkage(distances[order][:, order], apart[order][:, order], weights[order], limit)
    same = labels[:, None] == labels[None, :]
    np.testing.assert_array_equal(shuffled[:, None] == shuffled[None, :], same[order][:, order])
    assert not np.any(same & apart)


def test_a_weight_of_two_is_two_of_it() -> None:
    distances, apart, _ = problem(3, 8, 0.1)
    twice = np.array([0, 0, *range(1, 8)])
    weights = np.ones(8)
    weights[0] = 2
    for limit in (0.3, 0.6, 0.9, 1.2):
        heavy = average_linkage(distances, apart, weights, limit)
        doubled = average_linkage(distances[twice][:, twice], apart[twice][:, twice], np.ones(9), limit)
        assert heavy[twice].tolist() == doubled.tolist()


def test_numbers_follow_first_members() -> None:
    distances = np.array([[0, 9, 1, 9], [9, 0, 9, 9], [1, 9, 0, 9], [9, 9, 9, 0]], dtype=float)
    labels = average_linkage(distances, np.zeros((4, 4), dtype=bool), np.ones(4), 2)
    assert labels.tolist() == [0, 1, 0, 2]


def test_input_is_left_alone() -> None:
    distances, apart, weights = problem(1, 10, 0.3)
    before = [array.copy() for array in (distances, apart, weights)]
    average_linkage(distances, apart, weights, 1.0)
    for array, was in zip((distances, apart, weights), before, strict=True):
        np.testing.assert_array_equal(array, was)


@pytest.mark.parametrize("count", [0, 1])
def test_none_and_one(count: int) -> None:
    nothing = np.zeros((count, count))
    labels = average_linkage(nothing, nothing.astype(bool), np.ones(count), 1)
    assert labels.tolist() == [0] * count


@pytest.mark.parametrize("limit", [0.0, 1.0, np.inf])
def test_ties(limit: float) -> None:
    """All equally far: every limit from there on joins all, and pairs kept apart still stay so."""
    distances = 1 - np.eye(6)
    free, apart = np.zeros((6, 6), dtype=bool), np.zeros((6, 6), dtype=bool)
    apart[0, 1] = apart[1, 0] = True
    assert len(set(average_linkage(distances, free, np.ones(6), limit))) == (6 if limit < 1 else 1)
    labels = average_linkage(distances, apart, np.ones(6), limit)
    assert labels[0] != labels[1]
    assert len(set(labels)) == (6 if limit < 1 else 2)


def test_all_forbidden() -> None:
    everything = ~np.eye(5, dtype=bool)
    assert average_linkage(np.zeros((5, 5)), everything, np.ones(5), np.inf).tolist() == [0, 1, 2, 3, 4]


def test_equal_vectors_join_at_nought() -> None:
    assert average_linkage(np.zeros((4, 4)), np.zeros((4, 4), dtype=bool), np.ones(4), 0.0).max() == 0
