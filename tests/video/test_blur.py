"""Blurring of people."""

import numpy as np
import pytest

from reid.types import Image
from reid.video.blur import BLOCKS, MARGIN, blur_boxes, blur_surroundings

SIZE = (120, 200)  # height, width


def noise(seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (*SIZE, 3), dtype=np.uint8)


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:  # type: ignore[type-arg]
    return np.array(rows, dtype=np.float32).reshape(-1, 4)


def changed(before: Image, after: Image) -> np.ndarray:  # type: ignore[type-arg]
    return np.any(before != after, axis=2)


def detail(image: Image) -> float:
    """Mean difference of neighbouring pixels."""
    return float(np.abs(np.diff(image.astype(float), axis=0)).mean())


def test_boxes_and_their_margin_and_nothing_else() -> None:
    image = noise()
    after = blur_boxes(image, boxes((40, 20, 80, 100)))
    inside = np.zeros(SIZE, dtype=bool)
    inside[20 - int(80 * MARGIN) : 100 + int(80 * MARGIN), 40 - int(40 * MARGIN) : 80 + int(40 * MARGIN)] = (
        True
    )
    assert not changed(image, after)[~inside].any()
    assert changed(image, after)[inside].mean() > 0.99
    assert detail(after[20:100, 40:80]) < detail(image[20:100, 40:80]) / 10
    assert image.max() == 255, "the frame itself stays"


def test_so_few_blocks_hold_no_face() -> None:
    """What is left of a box is at most as many numbers as the mosaic has blocks: the rest is interpolated."""
    after = blur_boxes(noise(), boxes((40, 20, 80, 100)))
    region = after[8:112, 34:86].astype(float)
    rank = np.linalg.matrix_rank(region[..., 0] - region[..., 0].mean(), tol=60.0)
    assert rank <= BLOCKS + 1


def test_boxes_outside_and_broken_ones_cost_nothing() -> None:
    image = noise()
    outside = boxes((300, 10, 340, 90), (-50, -90, -10, -20), (np.nan, 0, 10, 10), (60, 60, 50, 50))
    assert not changed(image, blur_boxes(image, outside)).any()
    assert not changed(image, blur_boxes(image, boxes())).any()
    assert changed(image, blur_boxes(image, boxes((-20, -20, 20, 20))))[:20, :20].mean() > 0.98


def test_a_tiny_box_is_one_colour() -> None:
    after = blur_boxes(noise(), boxes((50, 50, 52, 55)))
    assert len(np.unique(after[50:55, 50:52].reshape(-1, 3), axis=0)) == 1


def test_all_but_a_person() -> None:
    image = noise()
    after = blur_surroundings(image, boxes((40, 20, 80, 100)), boxes())
    assert not changed(image, after)[20:100, 40:80].any()
    outside = np.ones(SIZE, dtype=bool)
    outside[20:100, 40:80] = False
    assert changed(image, after)[outside].mean() > 0.98


@pytest.mark.parametrize("other", [(60, 40, 120, 110), (30, 10, 90, 115)])
def test_who_stands_in_front_is_blurred_too(other: tuple[float, float, float, float]) -> None:
    image = noise()
    after = blur_surroundings(image, boxes((40, 20, 80, 100)), boxes(other))
    left, top, right, bottom = (int(value) for value in other)
    assert changed(image, after)[top:bottom, left:right].mean() > 0.98
    assert detail(after[top:bottom, left:right]) < detail(image) / 8
