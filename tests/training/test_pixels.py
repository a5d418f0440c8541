import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.datasets.records import Split
from reid.embedding.crops import IMAGENET, RETAIL, Preprocessing, prepare
from reid.errors import InputError
from reid.training.pixels import Loaded, load_pixels, normalise
from reid.types import Image
from tests.training.images import random_image, split_of, write, written

SMALL = IMAGENET.resized(64, 32)
MIB_IMAGES = 2**20 // (3 * 64 * 32)  # how many fit a mebibyte


def load(split: Split, preprocessing: Preprocessing = SMALL, memory_mib: int = 8) -> Loaded:
    return load_pixels(split, preprocessing, min_px=16, memory_mib=memory_mib, advance=lambda count: None)


def decoded(path: Path) -> Image:
    return np.asarray(cv2.imdecode(np.fromfile(path, dtype=np.uint8), cv2.IMREAD_COLOR), dtype=np.uint8)


@pytest.fixture(scope="module")
def seven(tmp_path_factory: pytest.TempPathFactory) -> Split:
    return written(tmp_path_factory.mktemp("images"), 7)


@pytest.mark.parametrize("memory_mib", [8, 0])
@pytest.mark.parametrize("preprocessing", [SMALL, RETAIL, IMAGENET.resized(50, 30)])
@settings(max_examples=30)
@given(rows=st.lists(st.integers(0, 6), max_size=9))
def test_training_sees_what_serving_sees(
    seven: Split, preprocessing: Preprocessing, memory_mib: int, rows: list[int]
) -> None:
    loaded = load(seven, preprocessing, memory_mib)
    crops = [decoded(seven.paths[row]) for row in rows]
    got = normalise(loaded.pixels.get(np.array(rows, dtype=np.int64)), preprocessing)
    assert got.dtype == torch.float32
    np.testing.assert_array_equal(got.numpy(), prepare(crops, preprocessing))


def test_input_has_channels_last_in_memory() -> None:
    batch = normalise(torch.zeros(2, 3, 64, 32, dtype=torch.uint8), SMALL)
    assert batch.is_contiguous(memory_format=torch.channels_last)


def test_what_is_got_is_a_copy(seven: Split) -> None:
    pixels = load(seven).pixels
    before = pixels.get(np.arange(7)).clone()
    pixels.get(np.arange(7)).fill_(0)
    assert torch.equal(pixels.get(np.arange(7)), before)


def test_unusable_images_are_reported(tmp_path: Path) -> None:
    good = [write(tmp_path / f"für {at}.png", random_image(seed=at)) for at in range(3)]
    whole = cv2.imencode(".jpg", random_image())[1].tobytes()
    bad = {name: tmp_path / f"{name}.jpg" for name in ("empty", "text", "head", "absent")}
    bad["empty"].touch()
    bad["text"].write_text("not an image")
    bad["head"].write_bytes(whole[:100])
    flat = write(tmp_path / "flat.png", random_image(15, 40))
    thin = write(tmp_path / "thin.png", random_image(40, 15))
    least = write(tmp_path / "least.png", random_image(16, 16))
    paths = [
        bad["empty"],
        good[0],
        bad["text"],
        flat,
        good[1],
        thin,
        bad["head"],
        least,
        bad["absent"],
        good[2],
    ]

    read: list[int] = []
    loaded = load_pixels(split_of(paths), SMALL, min_px=16, memory_mib=1, advance=read.append)

    assert {(item.path, item.why) for item in loaded.left_out} == {
        (bad["empty"], "an empty file"),
        (bad["text"], "not a readable image"),
        (bad["head"], "not a readable image"),
        (bad["absent"], f"cannot be read ({os.strerror(2)})"),
        (flat, "40 x 15 pixels, less than data.min_px (16)"),
        (thin, "15 x 40 pixels, less than data.min_px (16)"),
    }
    assert loaded.split.paths == (good[0], good[1], least, good[2])
    assert loaded.split.persons.tolist() == [1, 4, 7, 9]
    assert sum(read) == len(paths)
    images = [decoded(path) for path in loaded.split.paths]
    got = normalise(loaded.pixels.get(np.arange(4)), SMALL)
    np.testing.assert_array_equal(got.numpy(), prepare(images, SMALL))


def test_memory_is_what_was_allowed(tmp_path: Path) -> None:
    count = MIB_IMAGES + 3
    paths = [write(tmp_path / f"{at}.png", random_image(seed=at)) for at in range(count)]
    pixels = load(split_of(paths), memory_mib=1).pixels
    for path in paths:
        path.unlink()
    assert pixels.get(np.arange(MIB_IMAGES)).shape == (MIB_IMAGES, 3, 64, 32)
    with pytest.raises(InputError, match=rf"{MIB_IMAGES}\.png: cannot be read .* put it back"):
        pixels.get(np.array([0, MIB_IMAGES]))


@pytest.mark.parametrize("preprocessing", [IMAGENET, RETAIL])
@pytest.mark.parametrize("memory_mib", [8, 0])
def test_mean_colour_is_in_the_networks_order(
    tmp_path: Path, preprocessing: Preprocessing, memory_mib: int
) -> None:
    blue_green_red = [(10, 20, 30), (50, 80, 100)]
    paths = [
        write(tmp_path / f"{at}.png", np.full((20, 20, 3), colour, dtype=np.uint8))
        for at, colour in enumerate(blue_green_red)
    ]
    mean = load(split_of(paths), preprocessing, memory_mib).pixels.mean
    np.testing.assert_allclose(mean, (65, 50, 30) if preprocessing.rgb else (30, 50, 65))


def test_nothing_left(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    with pytest.raises(
        InputError, match=r"made up: none of its images \(1\) .*a\.jpg, because: an empty file"
    ):
        load(split_of([tmp_path / "a.jpg"]))
    with pytest.raises(InputError, match="no images in it"):
        load(split_of([]))
