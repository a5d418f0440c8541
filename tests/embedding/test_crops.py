from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from reid.embedding.crops import IMAGENET, RETAIL, Preprocessing, cut, prepare
from reid.types import Array, Image


def slowly(crop: Image, preprocessing: Preprocessing) -> Array:
    """The same for one crop as torchreid does it, with PIL, pixel by pixel formula."""
    size = (preprocessing.width, preprocessing.height)
    pixels = np.asarray(Pillow.fromarray(crop[..., ::-1].copy()).resize(size, Pillow.Resampling.BILINEAR))
    planes = []
    for plane in range(3):
        channel = pixels[..., plane if preprocessing.rgb else 2 - plane].astype(np.float64)
        planes.append((channel - preprocessing.mean[plane]) / preprocessing.std[plane])
    return np.stack(planes).astype(np.float32)


def smooth(height: int, width: int) -> Image:
    coarse = np.random.default_rng(1).integers(0, 256, (6, 4, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("preprocessing", [IMAGENET, RETAIL])
@pytest.mark.parametrize("size", [(128, 64), (256, 128), (100, 128), (512, 256), (333, 170), (500, 60)])
def test_agrees_with_pillow(preprocessing: Preprocessing, size: tuple[int, int]) -> None:
    crop = smooth(*size)
    got = prepare([crop], preprocessing)[0]
    levels = np.abs(got - slowly(crop, preprocessing)) * np.array(preprocessing.std)[:, None, None]
    # Rounding is one level of 255; where an axis shrinks, an area mean and PIL's triangle differ at edges.
    assert levels.max() <= (1.01 if size[0] <= 256 and size[1] <= 128 else 6)
    assert levels.mean() < 0.6


def test_antialiasing_keeps_the_mean_of_fine_detail() -> None:
    stripes = np.zeros((2560, 1280, 3), dtype=np.uint8)
    stripes[::10] = 255  # one row of ten: plain bilinear sees either none or far too many
    level = prepare([stripes], RETAIL).mean()
    aliased = prepare([stripes], replace(RETAIL, interpolation="bilinear")).mean()
    assert level == pytest.approx(25.5, abs=1)
    assert abs(aliased - 25.5) > 10


def test_a_batch_is_its_crops(crops: list[Image]) -> None:
    together = prepare(crops, IMAGENET)
    assert together.shape == (5, 3, 256, 128)
    assert together.dtype == np.float32
    for crop, prepared in zip(crops, together, strict=True):
        np.testing.assert_array_equal(prepare([crop], IMAGENET)[0], prepared)


def test_no_crops() -> None:
    assert prepare([], IMAGENET).shape == (0, 3, 256, 128)


def test_one_pixel() -> None:
    pixel = np.array([[[10, 20, 30]]], dtype=np.uint8)  # blue, green, red
    np.testing.assert_array_equal(prepare([pixel], RETAIL)[0, :, 0, 0], [10, 20, 30])
    expected = (np.array([30, 20, 10]) - IMAGENET.mean) / IMAGENET.std
    np.testing.assert_allclose(prepare([pixel], IMAGENET)[0, :, 255, 127], expected, atol=1e-5)


@pytest.mark.parametrize(
    "crop",
    [
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4, 4), np.uint8),
    ],
)
def test_bad_crops_are_refused(crop: Image) -> None:
    with pytest.raises(ValueError, match="a crop must be uint8"):
        prepare([crop], IMAGENET)


coordinates = st.floats(-200, 200, allow_nan=False, width=32)


@given(st.lists(st.tuples(coordinates, coordinates, coordinates, coordinates), max_size=8))
def test_cut_always_gives_a_view_inside(boxes: list[tuple[float, float, float, float]]) -> None:
    image = np.arange(40 * 30 * 3, dtype=np.uint32).astype(np.uint8).reshape(40, 30, 3)
    crops = cut(image, np.array(boxes, dtype=np.float32).reshape(-1, 4))
    assert len(crops) == len(boxes)
    for crop, (x1, y1, x2, y2) in zip(crops, boxes, strict=True):
        assert min(crop.shape) >= 1
        assert crop.base is not None
        assert np.shares_memory(crop, image)
        if 0 <= x1 < x2 <= 30 and 0 <= y1 < y2 <= 40:
            expected = image[int(np.floor(y1)) : int(np.ceil(y2)), int(np.floor(x1)) : int(np.ceil(x2))]
            np.testing.assert_array_equal(crop, expected)


def test_cut_refuses_what_has_no_place() -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(ValueError, match="finite"):
        cut(image, np.array([[0, 0, np.nan, 1]], dtype=np.float32))
    with pytest.raises(ValueError, match="empty image"):
        cut(image[:0], np.array([[0, 0, 1, 1]], dtype=np.float32))


def test_dictionary_and_back() -> None:
    assert Preprocessing.from_dict(IMAGENET.to_dict()) == IMAGENET
    values = RETAIL.to_dict()
    del values["interpolation"]
    assert Preprocessing.from_dict(values) == RETAIL


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gamma": 1}, r"unknown: \['gamma'\]"),
        ({"rgb": "maybe"}, "rgb is 'maybe': must be a valid boolean"),
        ({"rgb": 2}, "rgb is 2"),
        ({"mean": [1, 2]}, "mean"),
        ({"mean": 3}, "mean is 3: must be a valid tuple"),
        ({"std": [1, 0, 1]}, "std above 0"),
        ({"height": 0}, "must be 1 to 4096 pixels"),
        ({"height": 10**9}, "must be 1 to 4096 pixels"),
        ({"mean": [1e300, 1, 1]}, "mean must be finite"),
        ({"mean": [float("nan"), 1, 1]}, "mean must be finite"),
        ({"std": [1, 1, float("nan")]}, "std above 0"),
        ({"std": [1, 1e300, 1]}, "std must be at most 1e\\+06"),
        ({"height": [1]}, r"height is \[1\]: must be a valid integer"),
        ({"interpolation": "nearest"}, "interpolation is 'nearest': must be 'antialiased' or 'bilinear'"),
    ],
)
def test_wrong_values_are_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Preprocessing.from_dict(IMAGENET.to_dict() | change)
