import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.transforms.v2 import functional as vision

from reid.training.augment import Augment
from reid.training.config import AugmentConfig
from tests.training.images import random_image

HEIGHT, WIDTH = 64, 32
MEAN = np.array([100.4, 50.0, 9.6])
COLOUR = torch.tensor([100, 50, 10], dtype=torch.uint8)[:, None, None]
KINDS = ("flip", "crop", "affine", "jitter", "grayscale", "blur", "low_resolution", "patch", "erase")
STILL: dict[str, Any] = {
    "brightness": 0,
    "contrast": 0,
    "saturation": 0,
    "hue": 0,
}  # a jitter that changes nothing


def planes(seed: int, height: int = HEIGHT, width: int = WIDTH) -> torch.Tensor:
    return torch.from_numpy(random_image(height, width, seed).transpose(2, 0, 1).copy())


IMAGE, OTHER = planes(1), planes(2)


def augment(**chances: Any) -> Augment:
    none: dict[str, Any] = dict.fromkeys(KINDS, 0.0)
    return Augment(AugmentConfig(**(none | chances)), size=(HEIGHT, WIDTH), mean=MEAN)


def changed(seed: int = 0, *, image: torch.Tensor | None = None, **chances: Any) -> torch.Tensor:
    return augment(**chances)(IMAGE if image is None else image, OTHER, np.random.default_rng(seed))


def alone(*kinds: str) -> torch.Tensor:
    chances: dict[str, Any] = dict.fromkeys(kinds, 1.0)
    return changed(**chances)


def levels_apart(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return (a.int() - b.int()).abs()


def test_no_chance_changes_nothing() -> None:
    got = changed()
    assert torch.equal(got, IMAGE)
    assert got.data_ptr() != IMAGE.data_ptr()


@pytest.mark.parametrize("kind", KINDS)
def test_every_way_changes_the_image_by_itself(kind: str) -> None:
    got = alone(kind)
    assert got.shape == IMAGE.shape
    assert got.dtype == torch.uint8
    assert not torch.equal(got, IMAGE)


@pytest.mark.parametrize(("first", "second"), itertools.combinations(KINDS, 2))
def test_two_ways_go_together(first: str, second: str) -> None:
    got = alone(first, second)
    assert got.shape == IMAGE.shape
    assert not torch.equal(got, alone(first))


@given(seed=st.integers(0, 2**32))
def test_all_at_once(seed: int) -> None:
    before, lent = IMAGE.clone(), OTHER.clone()
    everything: dict[str, Any] = dict.fromkeys(KINDS, 1.0)
    got = changed(seed, **everything)
    assert torch.equal(got, changed(seed, **everything))  # of the same random state
    assert not torch.equal(got, changed(seed + 1, **everything))
    assert got.shape == IMAGE.shape
    assert got.dtype == torch.uint8
    assert torch.equal(before, IMAGE)
    assert torch.equal(lent, OTHER)


@pytest.mark.parametrize("kind", KINDS)
def test_chances_are_kept(kind: str) -> None:
    once = augment(**{kind: 0.3})
    rng = np.random.default_rng(0)
    share = np.mean([not torch.equal(once(IMAGE, OTHER, rng), IMAGE) for _ in range(2000)])
    # A crop or a drop of resolution may happen to change nothing; a standard error is .01.
    assert 0.25 < share < 0.34


def test_flip() -> None:
    np.testing.assert_array_equal(changed(flip=1).numpy(), IMAGE.numpy()[:, :, ::-1])


@pytest.mark.parametrize("crop_px", [1, 10, 40, 10_000])
def test_crop_is_a_window_of_the_padded_image(crop_px: int) -> None:
    pad = min(max(1, round(crop_px * HEIGHT / 256)), WIDTH)  # crop_px is meant for a height of 256
    padded = vision.pad(IMAGE, [pad] * 4, fill=0).numpy()
    inside = vision.pad(torch.ones_like(IMAGE), [pad] * 4, fill=0).numpy()
    padded = np.where(inside, padded, COLOUR.numpy())
    windows = {
        padded[:, top : top + HEIGHT, left : left + WIDTH].tobytes()
        for top in range(2 * pad + 1)
        for left in range(2 * pad + 1)
    }
    got = [changed(seed, crop=1, crop_px=crop_px).numpy().tobytes() for seed in range(200)]
    assert set(got) <= windows
    assert len(set(got)) > min(100, len(windows) // 2)


@pytest.mark.parametrize("seed", range(5))
def test_affine_agrees_with_torchvision(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rng.random(3)  # whether to flip, to crop, to do this
    angle, scale = rng.uniform(-8, 8), rng.uniform(0.9, 1.1)
    how: dict[str, Any] = {"angle": -angle, "translate": [0, 0], "scale": scale, "shear": [0, 0]}  # clockwise
    how["interpolation"] = vision.InterpolationMode.BILINEAR
    expected = vision.affine(IMAGE, **how, fill=COLOUR.flatten().tolist())
    covered = vision.affine(torch.full((1, HEIGHT, WIDTH), 255, dtype=torch.uint8), **how)[0]
    rim = (covered > 0) & (covered < 255)  # where image and colour are mixed, each in its way
    apart = levels_apart(changed(seed, affine=1), expected)
    assert apart[:, ~rim].max() <= 3  # positions are rounded to a 32nd of a pixel
    assert rim.float().mean() < 0.12


def test_affine_by_nothing() -> None:
    assert torch.equal(changed(affine=1, rotate_deg=0, scale=0), IMAGE)


def drawn(name: str, largest: float, seed: int = 0) -> float:
    """What jitter draws for one of its changes: they are drawn in this order, before they are shuffled."""
    rng = np.random.default_rng(seed)
    rng.random(4)  # whether to flip, to crop, to rotate, to do this
    order = ("brightness", "contrast", "saturation", "hue")
    amounts = [rng.uniform(-largest, largest) if each == name else rng.uniform(0, 0) for each in order]
    return float(amounts[order.index(name)])


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("brightness", lambda amount: vision.adjust_brightness(IMAGE, 1 + amount)),
        ("contrast", lambda amount: vision.adjust_contrast(IMAGE, 1 + amount)),
        ("saturation", lambda amount: vision.adjust_saturation(IMAGE, 1 + amount)),
        ("hue", lambda amount: vision.adjust_hue(IMAGE, amount)),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_jitter_agrees_with_torchvision(
    name: str, reference: Callable[[float], torch.Tensor], seed: int
) -> None:
    got = changed(seed, jitter=1, **(STILL | {name: 0.5}))
    expected = reference(drawn(name, 0.5, seed))
    assert levels_apart(got, expected).max() <= 1
    assert levels_apart(got, IMAGE).max() > 1


def test_jitter_by_nothing() -> None:
    assert torch.equal(changed(jitter=1, **STILL), IMAGE)


def test_brightness_by_hand() -> None:
    factor = 1 + drawn("brightness", 1)
    expected = np.clip(IMAGE.numpy() * factor, 0, 255)
    got = changed(jitter=1, **(STILL | {"brightness": 1})).numpy()
    assert np.abs(got - expected).max() <= 1


def test_grayscale_by_hand() -> None:
    red, green, blue = IMAGE.numpy().astype(float)
    got = changed(grayscale=1).numpy()
    assert np.abs(got - (0.299 * red + 0.587 * green + 0.114 * blue)).max() < 1.1
    assert (got == got[0]).all()


@pytest.mark.parametrize("seed", range(3))
def test_blur_agrees_with_torchvision(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rng.random(6)  # whether to flip, crop, rotate, jitter, take the colour out, do this
    deviation = rng.uniform(0.5, 1.5)
    size = round(6 * deviation + 1) | 1  # what OpenCV takes for this deviation
    expected = vision.gaussian_blur(IMAGE, [size, size], [deviation, deviation])
    assert levels_apart(changed(seed, blur=1), expected).max() <= 1


def test_low_resolution_keeps_coarse_and_loses_fine() -> None:
    plain = COLOUR.repeat(1, HEIGHT, WIDTH)
    assert torch.equal(changed(low_resolution=1, image=plain), plain)
    board = (np.indices((HEIGHT, WIDTH)).sum(axis=0) % 2 * 255).astype(np.uint8)
    got = [
        changed(seed, low_resolution=1, image=torch.from_numpy(np.stack([board] * 3))) for seed in range(40)
    ]
    assert min(image.float().std() for image in got) < 10  # at a quarter of the size all is gray
    assert all(abs(image.float().mean() - 127.5) < 8 for image in got)


@given(seed=st.integers(0, 2**32))
def test_patch_covers_an_edge_and_not_the_body(seed: int) -> None:
    dark, light = torch.zeros_like(IMAGE), torch.arange(1, 1 + IMAGE.numel()).reshape(IMAGE.shape).byte() | 1
    got = augment(patch=1)(dark, light, np.random.default_rng(seed))
    covered = (got != 0).any(dim=0).numpy()
    np.testing.assert_array_equal(got.numpy(), np.where(covered, light.numpy(), 0))  # from the same place
    rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    assert covered.sum() == len(rows) * len(columns)  # one rectangle
    assert len(rows) == np.ptp(rows) + 1 >= HEIGHT // 4
    assert len(columns) == np.ptp(columns) + 1 <= WIDTH // 4
    assert columns[0] == 0 or columns[-1] == WIDTH - 1


@given(seed=st.integers(0, 2**32))
def test_erasing_is_a_rectangle_of_the_papers_sizes_in_the_mean(seed: int) -> None:
    got = changed(seed, erase=1, image=torch.full_like(IMAGE, 255))
    erased = (got != 255).any(dim=0).numpy()
    np.testing.assert_array_equal(got.numpy(), np.where(erased, COLOUR.numpy(), 255))
    high, wide = erased.any(axis=1).sum(), erased.any(axis=0).sum()
    assert erased.sum() == high * wide
    # Sides are rounded: half a pixel either way.
    assert (high - 0.5) * (wide - 0.5) <= 0.4 * HEIGHT * WIDTH
    assert (high + 0.5) * (wide + 0.5) >= 0.02 * HEIGHT * WIDTH
    assert (high - 0.5) / (wide + 0.5) <= 1 / 0.3
    assert (high + 0.5) / (wide - 0.5) >= 0.3


@pytest.mark.parametrize(("height", "width"), [(16, 16), (17, 90), (200, 16)])
def test_unusual_sizes(height: int, width: int) -> None:
    everything = AugmentConfig(**dict.fromkeys(KINDS, 1.0))
    image = planes(1, height, width)
    once = Augment(everything, size=(height, width), mean=MEAN)
    for seed in range(50):
        assert once(image, planes(2, height, width), np.random.default_rng(seed)).shape == image.shape


def test_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(3, 64, 32\), got \(3, 64, 64\)"):
        changed(image=torch.zeros(3, 64, 64, dtype=torch.uint8))
