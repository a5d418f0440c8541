"""Images of the benchmark's page: ranked lists, and where an encoder looks, as `data:` addresses."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from reid.outputs.benchmark_result import Activation, Kind, Numbers, RankedQuery
from reid.outputs.thumbnails import data_uri
from reid.stills import read_still, require_still
from reid.types import Image

_HEIGHT_PX = 128
_STRENGTH = 0.55  # of the colours over the image, where the map is 1
KINDS: dict[Kind, str] = {
    "worst": "Worst queries",
    "median": "Median queries",
    "best": "Best queries",
    "chosen": "Chosen queries",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tile:
    """A gallery image in a list."""

    uri: str | None  # None: not an image
    right: bool
    distance: float
    note: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """A query and its list."""

    uri: str | None
    query: RankedQuery
    tiles: Sequence[Tile]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RankedCrop:
    """A crop, and the crop under its activation map."""

    plain: str | None
    overlaid: str | None
    note: str


def rows_by_kind(ranked: Sequence[RankedQuery]) -> dict[str, list[Row]]:
    """Heading to rows, in the order that they came; kinds without a query are left out."""
    groups = {title: [_row(q) for q in ranked if q.kind == kind] for kind, title in KINDS.items()}
    return {title: rows for title, rows in groups.items() if rows}


def activation_crops(activations: Sequence[Activation]) -> list[RankedCrop]:
    """The images of activation maps."""
    return [_look(activation) for activation in activations]


def read_image(path: Path) -> Image:
    """An image of any kind that is read, as 8-bit BGR, whatever letters its path has.

    Raises:
        InputError: the file cannot be read or is not an image.
    """
    return require_still(path, "copy it again, or take it out")


def overlay(image: Image, heat: Numbers) -> Image:
    """The BGR image with `heat` (h, w) in [0, 1], of any size, over it: from blue (0) over green to red (1).

    Raises:
        ValueError: the map is empty or not finite.
    """
    if heat.ndim != 2 or 0 in heat.shape or not np.all(np.isfinite(heat)):
        raise ValueError(f"a map must be (h, w), not empty and finite, got shape {heat.shape}")
    height, width = image.shape[:2]
    small = np.asarray(heat, dtype=np.float32)
    smooth = np.clip(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)
    colours = cv2.applyColorMap(np.round(255 * smooth).astype(np.uint8), cv2.COLORMAP_TURBO)
    weight = (_STRENGTH * (0.35 + 0.65 * smooth))[:, :, None]  # the least looked at stays visible
    mixed = image * (1 - weight) + colours * weight
    return np.asarray(np.round(mixed), dtype=np.uint8)


def _row(query: RankedQuery) -> Row:
    tiles = [
        Tile(uri=_uri(item.crop), right=item.right, distance=item.distance, note=item.note)
        for item in query.items
    ]
    return Row(uri=_uri(query.crop), query=query, tiles=tiles)


def _look(activation: Activation) -> RankedCrop:
    shows = activation.crop
    image = read_still(shows) if isinstance(shows, Path) else shows
    if image is None:
        return RankedCrop(plain=None, overlaid=None, note=activation.note)
    height, width = image.shape[:2]
    size = (max(1, round(width * _HEIGHT_PX / height)), _HEIGHT_PX)
    # At the size shown, so that a small crop's map is as smooth as a large one's.
    shown: Image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return RankedCrop(plain=_uri(shown), overlaid=_uri(overlay(shown, activation.map)), note=activation.note)


def _uri(crop: Path | Image) -> str | None:
    if isinstance(crop, Path):
        return data_uri(crop.read_bytes(), _HEIGHT_PX)
    _, coded = cv2.imencode(".png", crop)
    return data_uri(coded.tobytes(), _HEIGHT_PX)
