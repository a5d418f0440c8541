"""Training images as they could also have been: mirrored, shifted, badly lit, blurred, partly hidden.

Works on uint8 planes, before normalisation, as torchvision.transforms.v2 does. Mirror, crop, patch and erasing are
slices. Where torchvision converts to float32 and back, OpenCV gives the same in less time, to within a level
(rotation: three): at 256 x 128 on one core blur takes 0.1 ms instead of 1.3, hue 0.4 instead of 1.7, rotation 0.2
instead of 0.7.
"""

import math

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.transforms.v2 import functional as vision

from reid.training.config import AugmentConfig
from reid.types import Image

CROP_HEIGHT_PX = 256  # the height of input that crop_px is meant for
BLUR_DEVIATION_PX = (0.5, 1.5)
ERASED_AREA = (0.02, 0.4)  # shares of the image, and height by width: Zhong et al. 2020, section 4.2
ERASED_ASPECT = (0.3, 1 / 0.3)
_ERASE_TRIES = 100
EDGE = 0.25  # share of the width on either side that seldom shows the person
PATCH_HEIGHT = (0.25, 1.0)  # shares of the image's height


class Augment:
    """Changes one image at a time, each way with its probability.

    From the lens to what stands in front of it: geometry, colour, blur, resolution, then patch and erasing, whose
    edges stay sharp.
    """

    def __init__(self, config: AugmentConfig, *, size: tuple[int, int], mean: NDArray[np.float64]) -> None:
        """`size`: height and width of the images; `mean` (3,): the colour of what is not seen, 0 to 255 RGB."""
        self._config = config
        self._size = size
        self._colour = torch.from_numpy(np.round(mean).astype(np.uint8))
        self._pad_px = min(max(1, round(config.crop_px * size[0] / CROP_HEIGHT_PX)), *size)

    def __call__(self, image: torch.Tensor, other: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
        """A changed copy of `image` (3, H, W) uint8 RGB; `other`, of the same size, lends the patch.

        Everything random comes from `rng`.
        """
        config = self._config
        if image.shape != (3, *self._size):
            raise ValueError(f"image must have shape {(3, *self._size)}, got {tuple(image.shape)}")
        image = image.clone()
        if rng.random() < config.flip:
            image = vision.horizontal_flip(image)
        if rng.random() < config.crop:
            image = self._crop(image, rng)
        if rng.random() < config.affine:
            image = self._affine(image, rng)
        if rng.random() < config.jitter:
            image = self._jitter(image, rng)
        if rng.random() < config.grayscale:
            gray = vision.rgb_to_grayscale(image, num_output_channels=3)
            image = gray.contiguous()  # it is one plane seen three times, which cannot be written to
        if rng.random() < config.blur:
            deviation = rng.uniform(*BLUR_DEVIATION_PX)
            image = _planes(cv2.GaussianBlur(_interleaved(image), (0, 0), deviation))
        if rng.random() < config.low_resolution:
            image = self._low_resolution(image, rng)
        if rng.random() < config.patch:
            _patch(image, other, rng)
        if rng.random() < config.erase:
            _erase(image, self._colour, rng)
        return image

    def _crop(self, image: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
        """The window of the size somewhere on the image with a margin: what is outside gets the colour."""
        height, width = self._size
        down, right = rng.integers(-self._pad_px, self._pad_px, size=2, endpoint=True).tolist()
        shifted = torch.empty_like(image)
        for plane, level in zip(shifted, self._colour.tolist(), strict=True):
            plane.fill_(level)
        top, left = max(down, 0), max(right, 0)
        bottom, end = height + min(down, 0), width + min(right, 0)
        shifted[:, top:bottom, left:end] = image[:, top - down : bottom - down, left - right : end - right]
        return shifted

    def _affine(self, image: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
        """Rotation and scale around the middle, bilinear."""
        height, width = self._size
        angle_deg = rng.uniform(-self._config.rotate_deg, self._config.rotate_deg)
        scale = rng.uniform(1 - self._config.scale, 1 + self._config.scale)
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle_deg, scale)
        colour = self._colour.tolist()
        return _planes(cv2.warpAffine(_interleaved(image), matrix, (width, height), borderValue=colour))

    def _jitter(self, image: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
        """Brightness, contrast, saturation and hue, in random order as in torchvision's ColorJitter."""
        config = self._config
        changes = (
            (vision.adjust_brightness, 1 + rng.uniform(-config.brightness, config.brightness)),
            (vision.adjust_contrast, 1 + rng.uniform(-config.contrast, config.contrast)),
            (vision.adjust_saturation, 1 + rng.uniform(-config.saturation, config.saturation)),
            (_turn_hue, rng.uniform(-config.hue, config.hue)),
        )
        for at in rng.permutation(len(changes)).tolist():
            change, amount = changes[at]
            image = change(image, amount)
        return image

    def _low_resolution(self, image: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
        """Shrink and enlarge bilinearly, as the network sees a small crop."""
        share = rng.uniform(self._config.low_resolution_least, 1)
        small = [max(1, round(share * side)) for side in self._size]
        shrunk = vision.resize(image, small, antialias=True)
        enlarged: torch.Tensor = vision.resize(shrunk, list(self._size), antialias=True)
        return enlarged


def _turn_hue(image: torch.Tensor, turns: float) -> torch.Tensor:
    colours = cv2.cvtColor(_interleaved(image).astype(np.float32) / np.float32(255), cv2.COLOR_RGB2HSV)
    colours[..., 0] = np.mod(colours[..., 0] + np.float32(360 * turns), np.float32(360))
    return _planes(np.rint(cv2.cvtColor(colours, cv2.COLOR_HSV2RGB) * 255).astype(np.uint8))


def _patch(image: torch.Tensor, other: torch.Tensor, rng: np.random.Generator) -> None:
    """Background of another image over background of this one, in place.

    People stand in the middle of their crop, so the outer quarter of the width on either side is mostly what was
    around them. A rectangle there, from the edge inwards, of any width up to the quarter and at any height, is
    taken from the same place of the other image.
    """
    _, height, width = image.shape
    wide = int(rng.integers(1, max(1, int(EDGE * width)), endpoint=True))
    high = max(1, round(rng.uniform(*PATCH_HEIGHT) * height))
    top = int(rng.integers(0, height - high, endpoint=True))
    columns = slice(0, wide) if rng.random() < 0.5 else slice(width - wide, width)
    image[:, top : top + high, columns] = other[:, top : top + high, columns]


def _erase(image: torch.Tensor, colour: torch.Tensor, rng: np.random.Generator) -> None:
    """Random erasing (Zhong et al. 2020, algorithm 1), in place: shapes are drawn until one fits."""
    _, height, width = image.shape
    for _ in range(_ERASE_TRIES):
        area = rng.uniform(*ERASED_AREA) * height * width
        aspect = rng.uniform(*ERASED_ASPECT)
        high, wide = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < high < height and 0 < wide < width:
            top = int(rng.integers(0, height - high, endpoint=True))
            left = int(rng.integers(0, width - wide, endpoint=True))
            image[:, top : top + high, left : left + wide] = colour[:, None, None]
            return


def _interleaved(image: torch.Tensor) -> Image:
    return np.asarray(cv2.merge(list(image.numpy())), dtype=np.uint8)


def _planes(image: Image) -> torch.Tensor:
    return torch.from_numpy(np.stack(cv2.split(image)))
