"""Scraps of tracks go to the nearest person."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reid.linking.fragments import attach_fragments


def attach(
    labels: list[int], distances: np.ndarray, apart: np.ndarray, seconds: list[float], **limits: float
):
    return attach_fragments(
        np.array(labels, dtype=np.int64),
        distances,
        apart,
        np.array(seconds),
        shorter_than_s=limits.get("shorter_than_s", 2.0),
        max_distance=limits.get("max_distance", 0.5),
    ).tolist()


LINE = np.abs(np.array([0.0, 0.1, 1.0, 1.1, 0.4, 0.7])[:, None] - np.array([0.0, 0.1, 1.0, 1.1, 0.4, 0.7]))
FREE = np.zeros((6, 6), dtype=bool)


def test_nearest_person_in_the_mean() -> None:
    assert attach([0, 0, 1, 1, 2, 3], LINE, FREE, [5, 5, 5, 5, 1, 1]) == [0, 0, 1, 1, 0, 1]
    assert attach([0, 0, 1, 1, 2, 3], LINE, FREE, [5, 5, 5, 5, 1, 1], max_distance=0.3) == [0, 0, 1, 1, 2, 3]


def test_length_is_that_of_the_whole_cluster() -> None:
    assert attach([0, 0, 1, 1, 2, 2], LINE, FREE, [5, 5, 5, 5, 1.5, 1.5]) == [0, 0, 1, 1, 2, 2]


def test_apart_is_kept() -> None:
    apart = FREE.copy()
    apart[4, 1] = apart[1, 4] = True
    assert attach([0, 0, 1, 1, 2, 3], LINE, apart, [5, 5, 5, 5, 1, 1], max_distance=2) == [0, 0, 1, 1, 1, 1]


def test_nobody_long_nobody_at_all_and_known_people() -> None:
    assert attach([0, 0, 1, 1, 2, 3], LINE, FREE, [0.1] * 6) == [0, 0, 1, 1, 2, 3]
    assert attach([], LINE[:0, :0], FREE[:0, :0], []) == []
    endless = [np.inf, 5, 5, 5, 1, 1]
    assert attach([0, 0, 1, 1, 2, 3], LINE, FREE, endless) == [0, 0, 1, 1, 0, 1]


@given(st.integers(0, 10_000), st.floats(0, 4), st.floats(0, 2))
def test_people_stay_and_only_scraps_move(seed: int, shorter_than_s: float, max_distance: float) -> None:
    rng = np.random.default_rng(seed)
    labels, seconds = rng.integers(0, 5, 12), rng.uniform(0, 2, 12)
    labels = np.unique(labels, return_inverse=True)[1]
    distances, apart = rng.uniform(0, 2, (12, 12)), rng.random((12, 12)) < 0.05
    distances, apart = (distances + distances.T) / 2, np.triu(apart, 1) | np.triu(apart, 1).T
    apart &= labels[:, None] != labels[None, :]
    limits = {"shorter_than_s": shorter_than_s, "max_distance": max_distance}
    after = np.array(attach(labels.tolist(), distances, apart, seconds.tolist(), **limits))
    together = labels[:, None] == labels[None, :]
    joined = after[:, None] == after[None, :]
    assert np.all(joined[together]), "no cluster is torn apart"
    assert not np.any(joined & apart)
    long = np.array([seconds[labels == label].sum() >= shorter_than_s for label in labels])
    assert not np.any(joined & ~together & long[:, None] & long[None, :]), "long ones do not join each other"
