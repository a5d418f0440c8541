"""Stretches of a track: mean vector, best crop, merging."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.tracking.moments import Moment, condense, merge
from reid.types import Image
from tests.tracklets import towards
from tests.weight import held_bytes

DIMENSION = 8


def crop_of(value: int, texture: int = 60) -> Image:
    noise = np.random.default_rng(value).integers(-texture, texture + 1, (60, 30, 1))
    return np.clip(value + np.repeat(noise, 3, axis=2), 0, 255).astype(np.uint8)


def moment(start_s: float = 0.0) -> Moment:
    return Moment(start_s=start_s, vector_sum=np.zeros(DIMENSION, dtype=np.float32))


def made(number: int) -> Moment:
    """A closed moment of one observation, told apart by `number`."""
    one = moment(float(number))
    one.add(number + 0.25, towards(number % DIMENSION)[0], 0.1 + 0.01 * (number * 7 % 50), crop_of(100))
    one.close(90)
    return one


def shade(jpeg: bytes) -> float:
    return float(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).mean())


def test_mean_is_weighted_by_quality() -> None:
    one = moment()
    one.add(0.0, towards(0)[0], 0.9, crop_of(100))
    one.add(0.1, towards(1)[0], 0.3, crop_of(100))
    expected = np.zeros(DIMENSION)
    expected[:2] = 0.9, 0.3
    np.testing.assert_allclose(one.vector, expected / np.linalg.norm(expected), atol=1e-6)
    assert one.weight == pytest.approx(1.2)
    assert one.vector.dtype == np.float32


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_best_crop_is_kept_whenever_it_comes(order: tuple[int, ...]) -> None:
    one = moment()
    for number in order:
        one.add(0.1 * number, towards(0)[0], (0.2, 0.8, 0.5)[number], crop_of((60, 120, 180)[number]))
    one.close(95)
    assert one.best_s == pytest.approx(0.1)
    assert shade(one.crop) == pytest.approx(120, abs=5)
    assert 0 < one.best_quality <= 0.8


def test_blur_decides_between_crops_of_about_the_same_quality() -> None:
    for order in ((0, 1), (1, 0)):
        one = moment()
        for number in order:
            one.add(float(number), towards(0)[0], (0.62, 0.6)[number], crop_of(120, texture=(0, 60)[number]))
        assert one.best_s == 1.0


def test_the_frame_is_not_kept_alive() -> None:
    """A crop is a view; keeping it would keep the whole frame, and show what was drawn later."""
    frame = np.full((1080, 1920, 3), 100, dtype=np.uint8)
    one = moment()
    one.add(0.0, towards(0)[0], 0.5, frame[100:160, 100:130])
    assert held_bytes(one) < 50_000
    frame[:] = 0
    one.close(90)
    assert shade(one.crop) == pytest.approx(100, abs=3)
    assert held_bytes(one) < 5_000, "compressed, and the pixels gone"


def test_closing_twice_changes_nothing() -> None:
    one = made(3)
    crop = one.crop
    one.close(10)
    assert one.crop == crop


@given(st.integers(1, 40), st.integers(1, 15))
def test_condensing(count: int, most: int) -> None:
    moments = [MADE[i] for i in range(count)]
    kept = condense(moments, most)
    assert len(kept) == min(count, most)
    assert kept[0].start_s == 0
    assert [m.start_s for m in kept] == sorted({m.start_s for m in kept}), "in order of time"
    np.testing.assert_allclose(sum(m.vector_sum for m in kept), sum(m.vector_sum for m in moments), atol=1e-5)
    assert sum(m.weight for m in kept) == pytest.approx(sum(m.weight for m in moments))
    assert max(m.best_quality for m in kept) == max(m.best_quality for m in moments)
    lengths = np.diff([*(m.start_s for m in kept), count])
    assert lengths.max() - lengths.min() <= 1, "groups of equal length"


def test_merging_takes_the_best_crop() -> None:
    parts = [made(number) for number in range(5)]
    best = max(parts, key=lambda part: part.best_quality)
    merged = merge(parts)
    assert (merged.best_s, merged.best_quality, merged.crop) == (best.best_s, best.best_quality, best.crop)


MADE = [made(number) for number in range(40)]
