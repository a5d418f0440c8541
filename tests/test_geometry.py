"""Boxes, against counting pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from reid.geometry import Boxes, area, clip, covered, intersection, iou

SIZE = 12


def boxes(*rows: ArrayLike) -> Boxes:
    return np.array(rows, dtype=np.float32).reshape(-1, 4)


def pixels(box: Boxes) -> np.ndarray:
    """The pixels (SIZE, SIZE) that an integer box covers, visited one by one."""
    x1, y1, x2, y2 = box.tolist()
    return np.array([[x1 <= x < x2 and y1 <= y < y2 for x in range(SIZE)] for y in range(SIZE)])


corner = st.integers(0, SIZE)
on_pixels = st.lists(st.tuples(corner, corner, corner, corner), max_size=5).map(lambda rows: boxes(*rows))
number = st.floats(-2000, 2000, width=32)
anywhere = st.lists(st.tuples(number, number, number, number), max_size=5).map(lambda rows: boxes(*rows))


@given(on_pixels, on_pixels)
def test_areas_are_counted_pixels(a: Boxes, b: Boxes) -> None:
    in_a, in_b = [pixels(box) for box in a], [pixels(box) for box in b]
    both = [[(p & q).sum() for q in in_b] for p in in_a]
    either = [[(p | q).sum() for q in in_b] for p in in_a]
    shape = (len(a), len(b))
    assert area(a).tolist() == [p.sum() for p in in_a]
    assert intersection(a, b).tolist() == np.reshape(both, shape).tolist()
    expected = np.reshape(both, shape) / np.maximum(np.reshape(either, shape), 1)
    np.testing.assert_allclose(iou(a, b), expected, rtol=1e-6)


@given(on_pixels)
def test_covered_by_the_one_that_covers_most(all_boxes: Boxes) -> None:
    shown = [pixels(box) for box in all_boxes]
    for i, share in enumerate(covered(all_boxes).tolist()):
        others = [(shown[i] & other).sum() for j, other in enumerate(shown) if j != i]
        assert share == pytest.approx(max(others, default=0) / max(shown[i].sum(), 1))


@given(anywhere, anywhere)
def test_bounds_and_symmetry_of_iou(a: Boxes, b: Boxes) -> None:
    values = iou(a, b)
    assert values.dtype == np.float32
    assert np.all((values >= 0) & (values <= 1))
    np.testing.assert_array_equal(values, iou(b, a).T)
    solid = area(a) > 0
    np.testing.assert_allclose(np.diag(iou(a, a))[solid], 1, rtol=1e-6)


@given(anywhere, st.integers(1, 1000), st.integers(1, 1000))
def test_clipping(raw: Boxes, width: int, height: int) -> None:
    inside = clip(raw, width, height)
    assert inside.dtype == np.float32
    assert np.all((inside >= 0) & (inside <= [width, height, width, height]))
    np.testing.assert_array_equal(clip(inside, width, height), inside)
    whole = boxes((0, 0, width, height))
    turned_out = (raw[:, 2:] < raw[:, :2]).any(axis=1)
    np.testing.assert_allclose(
        area(inside)[~turned_out], intersection(raw, whole)[~turned_out, 0], rtol=1e-5, atol=1e-3
    )


def test_turned_inside_out_is_empty() -> None:
    assert area(boxes((5, 5, 1, 1), (5, 1, 1, 5), (3, 3, 3, 9))).tolist() == [0, 0, 0]
    assert iou(boxes((5, 5, 1, 1)), boxes((5, 5, 1, 1))).tolist() == [[0]]


def test_no_boxes_and_one() -> None:
    none, one = boxes(), boxes((0, 0, 4, 4))
    assert iou(none, one).shape == (0, 1)
    assert iou(one, none).shape == (1, 0)
    assert clip(none, 10, 10).shape == (0, 4)
    assert covered(none).shape == (0,)
    assert covered(one).tolist() == [0]


def test_twins_cover_each_other() -> None:
    assert covered(boxes((0, 0, 4, 4), (0, 0, 4, 4), (2, 0, 6, 4))).tolist() == [1, 1, 0.5]
