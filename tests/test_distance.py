"""1 - cosine."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reid.distance import Floats, pairwise, unit

DIMENSION = 5
element = st.floats(-100, 100, width=32).filter(lambda x: x == 0 or abs(x) > 1e-3)
row_sets = arrays(np.float32, st.tuples(st.integers(0, 6), st.just(DIMENSION)), elements=element).filter(
    lambda rows: bool(np.all(np.abs(rows).sum(axis=1) > 0))
)


def slowly(a: Floats, b: Floats) -> list[list[float]]:
    """From the angle between each two rows, in double precision."""
    return [
        [
            1 - float(np.dot(p.astype(float), q.astype(float)) / np.linalg.norm(p) / np.linalg.norm(q))
            for q in b
        ]
        for p in a
    ]


@given(row_sets, row_sets)
def test_against_one_pair_at_a_time(a: Floats, b: Floats) -> None:
    distances = pairwise(unit(a), unit(b))
    assert distances.dtype == np.float32
    assert distances.shape == (len(a), len(b))
    assert np.all((distances >= 0) & (distances <= 2))
    np.testing.assert_allclose(distances, np.reshape(slowly(a, b), distances.shape), atol=1e-5)


@given(row_sets, st.floats(0.01, 100))
def test_scale_does_not_count_and_self_is_near(rows: Floats, factor: float) -> None:
    directions = unit(rows)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(unit(rows * np.float32(factor)), directions, atol=1e-5)
    np.testing.assert_allclose(unit(directions), directions, atol=1e-6)
    assert np.all(np.diag(pairwise(directions, directions)) < 1e-5)


def test_known_angles() -> None:
    angles = np.radians([0, 60, 90, 180])
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    np.testing.assert_allclose(pairwise(rows[:1], rows), [[0, 0.5, 1, 2]], atol=1e-6)


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_no_direction(bad: float) -> None:
    rows = np.ones((2, 3), dtype=np.float32)
    rows[1] = bad
    with pytest.raises(ValueError, match="no direction"):
        unit(rows)
