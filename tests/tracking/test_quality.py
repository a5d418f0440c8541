"""What makes a crop better."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.tracking.quality import qualities, sharpness
from tests.tracking.walkers import BLANK, HEIGHT, WIDTH, found


def quality(*box: float, score: float = 0.9) -> float:
    return float(qualities(BLANK, found([box], [score]))[0])


GOOD = (200.0, 100.0, 260.0, 240.0)


def test_one_defect_at_a_time() -> None:
    best = quality(*GOOD)
    assert best == pytest.approx(0.9, abs=1e-6)
    assert quality(*GOOD, score=0.5) < best
    assert quality(200, 100, 230, 170) < best, "small"
    assert quality(200, 100, 340, 240) < best, "wider than a whole person"
    assert quality(1, 100, 61, 240) < best, "cut by the left border"
    assert quality(WIDTH - 61, 100, WIDTH - 1, 240) < best, "cut by the right border"
    assert quality(200, HEIGHT - 140, 260, HEIGHT) < best, "cut by the lower border"
    assert quality(200, 0, 260, 140) < best, "cut by the upper border"


def test_height_beyond_enough_adds_nothing() -> None:
    assert quality(200, 20, 290, 180) == pytest.approx(quality(200, 10, 340, 340))


def test_the_more_is_hidden_the_worse() -> None:
    seen = [
        float(qualities(BLANK, found([GOOD, (x, 100, x + 60, 240)]))[0]) for x in (300, 250, 230, 215, 200)
    ]
    assert seen == sorted(seen, reverse=True)
    assert seen[0] == pytest.approx(quality(*GOOD))
    assert seen[-1] > 0


corner = st.tuples(st.floats(-50, 700, width=32), st.floats(-50, 400, width=32))
sizes = st.tuples(st.floats(0, 300, width=32), st.floats(0, 300, width=32))


@given(st.lists(st.tuples(corner, sizes, st.floats(0, 1, width=32)), max_size=6))
def test_bounds_and_order(people: list) -> None:
    boxes = [(x, y, x + w, y + h) for (x, y), (w, h), _ in people]
    scores = [score for *_, score in people]
    values = qualities(BLANK, found(boxes, scores))
    assert values.shape == (len(people),)
    assert values.dtype == np.float32
    assert np.all((values > 0) & (values <= 1)), "never 0: a track of poor crops still has a mean"
    order = np.random.default_rng(0).permutation(len(people))
    shuffled = qualities(BLANK, found([boxes[i] for i in order], [scores[i] for i in order]))
    np.testing.assert_array_equal(shuffled, values[order])


def test_sharpness_falls_with_blur_and_not_with_size() -> None:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (32, 16, 3), dtype=np.uint8)
    crop = cv2.resize(coarse, (64, 128), interpolation=cv2.INTER_CUBIC)
    blurred = [sharpness(cv2.GaussianBlur(crop, (0, 0), sigma)) for sigma in (0.5, 1, 2, 4)]
    assert [sharpness(crop), *blurred] == sorted([sharpness(crop), *blurred], reverse=True)
    double = cv2.resize(crop, (128, 256), interpolation=cv2.INTER_CUBIC)
    assert sharpness(double) == pytest.approx(sharpness(crop), rel=0.3)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 300, 3), (300, 1, 3)])
def test_sharpness_of_slivers(shape: tuple[int, int, int]) -> None:
    assert sharpness(np.full(shape, 7, dtype=np.uint8)) == 0
