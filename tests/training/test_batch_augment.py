"""Changes of a whole batch, each against the plain version or torchvision's."""

from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import functional as vision

from reid.training.augment import Augment
from reid.training.batch_augment import BatchAugment, Views, hue_rotations
from reid.training.config import AugmentConfig
from tests.training.images import random_image

HEIGHT, WIDTH, COUNT = 64, 32, 24
MEAN = np.array([100.4, 50.0, 9.6])
COLOUR = torch.tensor([100.0, 50.0, 10.0])[:, None, None]
KINDS = ("flip", "crop", "affine", "jitter", "grayscale", "blur", "low_resolution", "patch", "erase")
FREE_KINDS = ("recolour", "join")
HIDING = ("blur", "low_resolution", "patch", "erase")  # which teachers do not see
STILL: dict[str, Any] = {"brightness": 0, "contrast": 0, "saturation": 0, "hue": 0}


def smooth(seed: int) -> torch.Tensor:
    """Bilinear sampling of noise depends on the last bit of a place, of a smooth image it does not."""
    image = cv2.GaussianBlur(random_image(HEIGHT, WIDTH, seed), (0, 0), 3)
    return torch.from_numpy(cv2.normalize(image, None, 0, 255, cv2.NORM_MINMAX).transpose(2, 0, 1).copy())


IMAGES = torch.stack([smooth(seed) for seed in range(COUNT)])
ALL, NONE = np.ones(COUNT, dtype=bool), np.zeros(COUNT, dtype=bool)


def views(*, free: np.ndarray = NONE, seed: int = 0, images: torch.Tensor = IMAGES, **chances: Any) -> Views:
    config = AugmentConfig(**({"by": "batch"} | dict.fromkeys((*KINDS, *FREE_KINDS), 0.0) | chances))
    augment = BatchAugment(config, size=(HEIGHT, WIDTH), mean=MEAN)
    return augment(images, free[: len(images)], np.random.default_rng(seed))


def assert_near(got: torch.Tensor, wanted: torch.Tensor, levels: float) -> None:
    assert (got - wanted.float()).abs().max() <= levels


def test_no_chance_changes_nothing() -> None:
    made = views(free=ALL)
    assert_near(made.clear, IMAGES, 1e-3)
    assert torch.equal(made.clear, made.augmented)


@pytest.mark.parametrize("kind", [*KINDS, *FREE_KINDS])
def test_every_way_changes_images_by_itself_and_teachers_see_what_they_should(kind: str) -> None:
    made = views(free=ALL, **{kind: 1.0})
    changed = (made.augmented - IMAGES).abs().amax(dim=(1, 2, 3)) > 2
    assert changed.float().mean() > 0.9
    assert torch.equal(made.clear, made.augmented) == (kind not in HIDING)
    if kind in HIDING:
        assert_near(made.clear, IMAGES, 1e-3)


@pytest.mark.parametrize("kind", [*KINDS, *FREE_KINDS])
def test_a_chance_is_a_share_of_the_images(kind: str) -> None:
    changed = [
        (views(free=ALL, seed=seed, **{kind: 0.25}).augmented - IMAGES).abs().amax(dim=(1, 2, 3)) > 2
        for seed in range(20)
    ]
    assert 0.15 < torch.stack(changed).float().mean() < 0.32


@pytest.mark.parametrize("kind", FREE_KINDS)
def test_only_free_images_become_other_people(kind: str) -> None:
    half = np.arange(COUNT) % 2 == 0
    made = views(free=half, **{kind: 1.0})
    assert_near(made.clear[1::2], IMAGES[1::2], 1e-3)
    assert (made.clear[::2] - IMAGES[::2]).abs().amax(dim=(1, 2, 3)).gt(2).float().mean() > 0.9


def test_a_flip_is_torchvisions() -> None:
    assert_near(views(flip=1.0).clear, vision.horizontal_flip(IMAGES), 1e-3)


def test_a_crop_is_a_shifted_image_with_the_mean_around_it() -> None:
    made, shifts = views(crop=1.0).clear, set()
    reach = 3  # 10 pixels at a height of 256
    for image, got in zip(IMAGES, made, strict=True):
        canvas = COLOUR.expand(3, HEIGHT + 2 * reach, WIDTH + 2 * reach).clone()
        canvas[:, reach:-reach, reach:-reach] = image
        found = [
            (down, right)
            for down in range(2 * reach + 1)
            for right in range(2 * reach + 1)
            if (canvas[:, down : down + HEIGHT, right : right + WIDTH] - got).abs().max() < 1e-2
        ]
        assert len(found) == 1
        shifts.add(found[0])
    assert len(shifts) > 10


@pytest.mark.parametrize("turn", [{"scale": 0.0}, {"rotate_deg": 0.0}, {}])
def test_rotation_and_scale_are_those_of_one_image(turn: dict[str, float]) -> None:
    """The same angle and scale, found by trying: inside, where no margin is mixed in."""
    got = views(affine=1.0, images=IMAGES[:3], **turn).clear
    inside = np.s_[:, HEIGHT // 4 : -HEIGHT // 4, WIDTH // 4 : -WIDTH // 4]
    for image, made in zip(IMAGES[:3], got, strict=True):
        source = image.numpy().transpose(1, 2, 0).astype(np.float32)
        best = np.inf
        for angle in np.linspace(-8, 8, 65) if turn != {"rotate_deg": 0.0} else [0.0]:
            for scale in np.linspace(0.9, 1.1, 41) if turn != {"scale": 0.0} else [1.0]:
                matrix = cv2.getRotationMatrix2D(
                    ((WIDTH - 1) / 2, (HEIGHT - 1) / 2), float(angle), float(scale)
                )
                turned = cv2.warpAffine(source, matrix, (WIDTH, HEIGHT)).transpose(2, 0, 1)
                best = min(best, np.abs(turned[inside] - made.numpy()[inside]).max())
        assert best < 4


@pytest.mark.parametrize("kind", ["brightness", "contrast", "saturation"])
def test_colours_change_as_torchvisions_do(kind: str) -> None:
    """The same amount, found by trying."""
    change = getattr(vision, f"adjust_{kind}")
    got = views(jitter=1.0, **(STILL | {kind: 0.3})).clear
    amounts = []
    for image, made in zip(IMAGES[:6], got, strict=False):
        tried = np.linspace(0.7, 1.3, 121)
        apart = [float((change(image, float(one)).float() - made).abs().mean()) for one in tried]
        assert min(apart) < 1.5
        amounts.append(tried[int(np.argmin(apart))])
    assert np.ptp(amounts) > 0.1


def test_grey_is_torchvisions() -> None:
    assert_near(views(grayscale=1.0).clear, vision.rgb_to_grayscale(IMAGES, num_output_channels=3), 1.1)


def test_hue_turns_around_grey() -> None:
    """A third of a turn exchanges the channels in a circle; grey stays; the sum of channels stays."""
    third, whole = hue_rotations(np.array([1 / 3, 1.0]))
    np.testing.assert_allclose(third, [[0, 0, 1], [1, 0, 0], [0, 1, 0]], atol=1e-12)
    np.testing.assert_allclose(whole, np.eye(3), atol=1e-12)
    any_ = hue_rotations(np.random.default_rng(0).uniform(-0.5, 0.5, 9))
    np.testing.assert_allclose(any_ @ np.ones(3), np.ones((9, 3)), atol=1e-12)
    np.testing.assert_allclose(np.ones(3) @ any_, np.ones((9, 3)), atol=1e-12)


def test_joined_people_are_two_of_the_batch() -> None:
    made = views(free=ALL, join=1.0).clear
    others = set()
    for at, got in enumerate(made):
        same = (got - IMAGES[at]).abs().amax(dim=(0, 2)) < 1e-2
        first = int(same.float().argmin())
        assert HEIGHT * 0.3 < first < HEIGHT * 0.7
        below = [
            other for other in range(COUNT) if (got[:, first:] - IMAGES[other][:, first:]).abs().max() < 1e-2
        ]
        assert len(below) == 1
        assert below[0] != at
        others.add(below[0])
    assert len(others) == COUNT


def test_blur_is_gaussian() -> None:
    sharp = torch.stack(
        [torch.from_numpy(random_image(HEIGHT, WIDTH, seed).transpose(2, 0, 1).copy()) for seed in range(3)]
    )
    made = views(images=sharp, blur=1.0).augmented
    for image, got in zip(sharp.numpy(), made.numpy(), strict=True):
        source = image.transpose(1, 2, 0).astype(np.float32)
        apart = [
            np.abs(cv2.GaussianBlur(source, (9, 9), float(one)).transpose(2, 0, 1) - got).max()
            for one in np.linspace(0.5, 1.5, 401)
        ]
        assert min(apart) < 1


def test_low_resolution_is_torchvisions() -> None:
    made = views(low_resolution=1.0).augmented
    sizes = set()
    for image, got in zip(IMAGES, made, strict=True):
        apart = {}
        for share in np.linspace(0.25, 1, 301):
            small = [max(1, round(share * side)) for side in (HEIGHT, WIDTH)]
            if tuple(small) not in apart:
                shrunk = vision.resize(image.float(), small, antialias=True)
                back = vision.resize(shrunk, [HEIGHT, WIDTH], antialias=True)
                apart[tuple(small)] = float((back - got).abs().max())
        best = min(apart, key=lambda size: apart[size])
        assert apart[best] < 1e-2
        sizes.add(best)
    assert len(sizes) == 4


@pytest.mark.parametrize("kind", ["patch", "erase"])
def test_rectangles_follow_the_rules_of_one_image(kind: str) -> None:
    """Sizes and places have the distribution of the plain version, which draws them one by one."""

    def boxes(images: list[torch.Tensor]) -> np.ndarray:
        found = []
        for at, image in enumerate(images):
            apart = ((image.float() - IMAGES[at % COUNT]).abs() > 0.01).any(dim=0)
            rows, columns = torch.nonzero(apart.any(dim=1)).ravel(), torch.nonzero(apart.any(dim=0)).ravel()
            if len(rows):
                ends = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
                found.append([int(one) for one in ends])
        return np.array(found)

    rng = np.random.default_rng(5)
    plain = Augment(
        AugmentConfig(**(dict.fromkeys(KINDS, 0.0) | {kind: 1.0})), size=(HEIGHT, WIDTH), mean=MEAN
    )
    ours = boxes([image for seed in range(30) for image in views(seed=seed, **{kind: 1.0}).augmented])
    wanted = boxes([plain(IMAGES[at % COUNT], IMAGES[(at + 5) % COUNT], rng) for at in range(30 * COUNT)])
    assert len(ours) > 0.95 * len(wanted)
    np.testing.assert_allclose(ours.mean(axis=0), wanted.mean(axis=0), atol=2)
    np.testing.assert_allclose(ours.std(axis=0), wanted.std(axis=0), atol=2)


def test_erased_places_show_the_mean() -> None:
    made = views(erase=1.0).augmented
    erased = ((made - IMAGES).abs() > 0.01).any(dim=1)
    assert 0.02 < erased.float().mean() < 0.4
    shown = made.permute(0, 2, 3, 1)[erased]
    assert_near(shown, COLOUR.ravel(), 1e-3)


def test_it_is_a_function_of_the_random_numbers() -> None:
    chances: dict[str, Any] = dict.fromkeys((*KINDS, *FREE_KINDS), 0.5)
    first, again, other = (views(free=ALL, seed=seed, **chances) for seed in (3, 3, 4))
    assert torch.equal(first.augmented, again.augmented)
    assert not torch.equal(first.augmented, other.augmented)


def test_levels_stay_levels() -> None:
    chances: dict[str, Any] = dict.fromkeys((*KINDS, *FREE_KINDS), 0.7)
    for seed in range(5):
        made = views(free=ALL, seed=seed, brightness=0.9, contrast=0.9, saturation=0.9, **chances)
        for view in (made.clear, made.augmented):
            assert view.min() > -0.01
            assert view.max() < 255.01


def test_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(64, 32\)"):
        views(images=IMAGES[:, :, :-1])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU")
def test_a_gpu_makes_the_same() -> None:
    chances: dict[str, Any] = dict.fromkeys((*KINDS, *FREE_KINDS), 0.5)
    here, there = views(free=ALL, **chances), views(free=ALL, images=IMAGES.cuda(), **chances)
    assert_near(there.augmented.cpu(), here.augmented, 0.1)
