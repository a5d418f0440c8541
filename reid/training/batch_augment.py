"""Augmentation of a whole batch at once, on the device that trains.

A GPU asks for thousands of images a second, more than processors change one by one. The changes are those of
`augment.py`, with the same settings and in the same order. What differs: flip, crop, rotation and scale are one
bilinear sampling; brightness, contrast, saturation, hue and grey are one linear map of colours, in this order, in
which hue is a rotation around the grey axis; images of a batch that lose resolution share a few sizes.

Two changes are for images that only a teacher judges, because they make people who are not there: `recolour` turns
hues by any angle and exchanges channels, `join` puts the upper part of one person above the lower part of another.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from reid.training.augment import (
    BLUR_DEVIATION_PX,
    CROP_HEIGHT_PX,
    EDGE,
    ERASED_AREA,
    ERASED_ASPECT,
    PATCH_HEIGHT,
)
from reid.training.config import AugmentConfig

_LUMA = np.array([0.299, 0.587, 0.114])
_SIZES = 4  # of the images of a batch that lose resolution
_BLUR_REACH_PX = 4
_JOINED_AT = (0.35, 0.65)  # share of the height where the other person begins
_EXCHANGED = 0.3  # share of recoloured images whose channels change places
_ERASE_TRIES = 20
_PERMUTATIONS = np.array([[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Views:
    """Images (N, 3, H, W) float32 RGB, 0 to 255, of one batch."""

    clear: Tensor  # moved and coloured, as a teacher sees them
    augmented: Tensor  # and blurred, coarse or partly hidden, as the network sees them


class BatchAugment:
    """Changes images of a batch, each image each way with its probability."""

    def __init__(self, config: AugmentConfig, *, size: tuple[int, int], mean: Floats) -> None:
        """`size`: height and width of the images; `mean` (3,): the colour of what is not seen, 0 to 255 RGB."""
        self._config = config
        self._size = size
        self._colour = torch.from_numpy(np.round(mean)).float()[:, None, None]
        self._pad_px = min(max(1, round(config.crop_px * size[0] / CROP_HEIGHT_PX)), *size)

    def __call__(self, images: Tensor, free: Flags, rng: np.random.Generator) -> Views:
        """Changed copies of `images` (N, 3, H, W) uint8 RGB, on their device.

        Args:
            free: (N,) whether an image may be recoloured and joined.
            rng: everything random comes from it.
        """
        if images.shape[1:] != (3, *self._size):
            raise ValueError(f"images must have shape (N, 3, {self._size}), got {tuple(images.shape)}")
        count, config = len(images), self._config
        colour = self._colour.to(images.device)
        clear = self._moved(images.float() - colour, rng) + colour
        clear = self._coloured(clear, free, rng)
        if config.join and free.any():
            clear = self._joined(clear, free, rng)
        augmented = clear
        for share, change in (
            (config.blur, self._blurred),
            (config.low_resolution, self._coarse),
        ):
            if len(rows := np.flatnonzero(rng.random(count) < share)):
                augmented = augmented.clone() if augmented is clear else augmented
                at = torch.from_numpy(rows).to(images.device)
                augmented[at] = change(augmented[at], rng)
        if config.patch:
            others = augmented[_partners(count, rng, images.device)]
            augmented = self._inside(augmented, others, _patches(count, self._size, config.patch, rng))
        if config.erase:
            augmented = self._inside(augmented, colour, _erasures(count, self._size, config.erase, rng))
        return Views(clear=clear, augmented=augmented)

    def _moved(self, images: Tensor, rng: np.random.Generator) -> Tensor:
        """Flip, crop, rotation and scale; what comes from outside is 0."""
        config, count, (height, width) = self._config, len(images), self._size
        flipped = np.where(rng.random(count) < config.flip, -1.0, 1.0)
        cropped = rng.random(count) < config.crop
        shift = np.where(
            cropped[:, None], rng.integers(-self._pad_px, self._pad_px, (count, 2), endpoint=True), 0
        )  # down, right
        turned = rng.random(count) < config.affine
        angle = np.radians(np.where(turned, rng.uniform(-config.rotate_deg, config.rotate_deg, count), 0))
        scale = np.where(turned, rng.uniform(1 - config.scale, 1 + config.scale, count), 1)
        # from a place of the result to that of the image, around the middle, in pixels
        cosine, sine = np.cos(angle) / scale, np.sin(angle) / scale
        across = np.stack([flipped * cosine, -flipped * sine, -flipped * shift[:, 1]], axis=1)
        down = np.stack([sine, cosine, -shift[:, 0].astype(np.float64)], axis=1)
        # affine_grid counts in halves of the sides
        across *= np.array([1, height / width, 2 / width])
        down *= np.array([width / height, 1, 2 / height])
        theta = torch.from_numpy(np.stack([across, down], axis=1)).float().to(images.device)
        grid = functional.affine_grid(theta, [count, 3, height, width], align_corners=False)
        return functional.grid_sample(images, grid, align_corners=False)

    def _coloured(self, images: Tensor, free: Flags, rng: np.random.Generator) -> Tensor:
        config, count = self._config, len(images)
        jittered = rng.random(count) < config.jitter
        free = free & (rng.random(count) < config.recolour)

        def amounts(reach: float) -> Floats:
            return np.where(jittered, rng.uniform(-reach, reach, count), 0)

        identity, grey = np.eye(3), np.outer(np.ones(3), _LUMA)
        brightness = 1 + amounts(config.brightness)
        contrast, saturation = 1 + amounts(config.contrast), 1 + amounts(config.saturation)
        hue = np.where(free, rng.uniform(-0.5, 0.5, count), amounts(config.hue))
        exchanged = free & (rng.random(count) < _EXCHANGED)
        map_ = np.tile(identity, (count, 1, 1))
        order = _PERMUTATIONS[rng.integers(0, len(_PERMUTATIONS), count)]
        map_[exchanged] = identity[order[exchanged]]
        map_ = hue_rotations(hue) @ map_
        map_ = (saturation[:, None, None] * identity + (1 - saturation)[:, None, None] * grey) @ map_
        map_ = np.where((rng.random(count) < config.grayscale)[:, None, None], grey @ map_, map_)
        changed = np.any(map_ != identity, axis=(1, 2)) | (brightness != 1) | (contrast != 1)
        if not changed.any():
            return images
        rows = torch.from_numpy(np.flatnonzero(changed)).to(images.device)
        chosen = images[rows]

        def column(values: Floats) -> Tensor:
            return torch.from_numpy(values[changed]).float().to(images.device)[:, None, None, None]

        chosen = (chosen * column(brightness)).clamp_(0, 255)
        luma = torch.from_numpy(_LUMA).float().to(images.device)[:, None, None]
        level = (chosen * luma).sum(dim=1).mean(dim=(1, 2))[:, None, None, None]
        chosen = (level + (chosen - level) * column(contrast)).clamp_(0, 255)
        maps = torch.from_numpy(map_[changed]).float().to(images.device)
        chosen = torch.bmm(maps, chosen.flatten(2)).clamp_(0, 255).reshape(chosen.shape)
        return images.index_copy(0, rows, chosen)

    def _joined(self, images: Tensor, free: Flags, rng: np.random.Generator) -> Tensor:
        """Below some height, free images show another free one."""
        height = self._size[0]
        circle = rng.permutation(np.flatnonzero(free))
        others = np.arange(len(images))
        others[circle] = np.roll(circle, 1)
        chosen = free & (rng.random(len(images)) < self._config.join)
        first = np.where(chosen, np.round(rng.uniform(*_JOINED_AT, len(images)) * height), height)
        below = np.arange(height) >= first[:, None]
        mask = torch.from_numpy(below).to(images.device)[:, None, :, None]
        return torch.where(mask, images[torch.from_numpy(others).to(images.device)], images)

    def _blurred(self, images: Tensor, rng: np.random.Generator) -> Tensor:
        deviation = rng.uniform(*BLUR_DEVIATION_PX, len(images))[:, None]
        reach = np.arange(-_BLUR_REACH_PX, _BLUR_REACH_PX + 1)
        weights = np.exp(-((reach / deviation) ** 2) / 2)
        weights /= weights.sum(axis=1, keepdims=True)
        kernel = torch.from_numpy(np.repeat(weights, 3, axis=0)).float().to(images.device)
        planes = images.reshape(1, -1, *self._size)
        margin = [_BLUR_REACH_PX] * 4
        padded = functional.pad(planes, margin, mode="reflect")
        down = functional.conv2d(padded, kernel[:, None, :, None], groups=planes.shape[1])
        return functional.conv2d(down, kernel[:, None, None, :], groups=planes.shape[1]).reshape(images.shape)

    def _coarse(self, images: Tensor, rng: np.random.Generator) -> Tensor:
        """Shrink and enlarge bilinearly, as the network sees a small crop."""
        parts = []
        for part in images.chunk(_SIZES):
            share = rng.uniform(self._config.low_resolution_least, 1)
            small = [max(1, round(share * side)) for side in self._size]
            shrunk = functional.interpolate(part, small, mode="bilinear", antialias=True)
            parts.append(functional.interpolate(shrunk, list(self._size), mode="bilinear", antialias=True))
        return torch.cat(parts)

    def _inside(self, images: Tensor, other: Tensor, boxes: NDArray[np.int64]) -> Tensor:
        """`images` with `other` inside `boxes` (N, 4): top, bottom, left and right ends."""
        height, width = self._size
        top, bottom, left, right = (boxes[:, at, None] for at in range(4))
        rows, columns = np.arange(height), np.arange(width)
        tall = torch.from_numpy((rows >= top) & (rows < bottom)).to(images.device)
        wide = torch.from_numpy((columns >= left) & (columns < right)).to(images.device)
        return torch.where((tall[:, :, None] & wide[:, None, :])[:, None], other, images)


def hue_rotations(turns: Floats) -> Floats:
    """(N, 3, 3) rotations of RGB around the grey axis: brightness as the sum of channels stays."""
    angle = 2 * math.pi * turns[:, None, None]
    third = np.full((3, 3), 1 / 3)
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    return np.asarray(np.cos(angle) * np.eye(3) + (1 - np.cos(angle)) * third + np.sin(angle) * cross)


def _partners(count: int, rng: np.random.Generator, device: torch.device) -> Tensor:
    """Another image of the batch for each."""
    steps = rng.integers(1, max(2, count), count)
    return torch.from_numpy((np.arange(count) + steps) % count).to(device)


def _patches(count: int, size: Sequence[int], share: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Rectangles at the left or right edge; empty ones where an image has none."""
    height, width = size
    wide = rng.integers(1, max(1, int(EDGE * width)), count, endpoint=True)
    high = np.maximum(1, np.round(rng.uniform(*PATCH_HEIGHT, count) * height)).astype(np.int64)
    top = rng.integers(0, height - high, endpoint=True)
    left = np.where(rng.random(count) < 0.5, 0, width - wide)
    given = (rng.random(count) < share).astype(np.int64)
    return np.stack([top, top + given * high, left, left + wide], axis=1)


def _erasures(count: int, size: Sequence[int], share: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Rectangles of random erasing (Zhong et al. 2020, algorithm 1); empty ones where an image has none."""
    height, width = size
    area = rng.uniform(*ERASED_AREA, (_ERASE_TRIES, count)) * height * width
    aspect = rng.uniform(*ERASED_ASPECT, (_ERASE_TRIES, count))
    high, wide = np.round(np.sqrt(area * aspect)), np.round(np.sqrt(area / aspect))
    fits = (high > 0) & (high < height) & (wide > 0) & (wide < width)
    first = fits.argmax(axis=0), np.arange(count)
    given = (rng.random(count) < share) & fits[first]
    tall = np.where(given, high[first], 0).astype(np.int64)
    broad = np.where(given, wide[first], 0).astype(np.int64)
    top, left = rng.integers(0, height - tall, endpoint=True), rng.integers(0, width - broad, endpoint=True)
    return np.stack([top, top + tall, left, left + broad], axis=1)
