"""Images on the disk, and an encoder whose vectors are known and which counts."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from reid.types import Array, Embeddings, Image

DIMENSION = 6


class Counting:
    """An encoder whose vectors say what was in the image, and which counts."""

    model_s = 0.0

    def __init__(
        self,
        encoder_id: str = "counting@1",
        backend: str = "fake",
        device: str = "cpu",
        dimension: int = DIMENSION,
    ) -> None:
        self.encoder_id = encoder_id
        self.backend = backend
        self.device = device
        self.dimension = dimension
        self.crops = 0

    def encode(self, crops: Sequence[Image]) -> Embeddings:
        self.crops += len(crops)
        vectors = np.array([slowly(crop, self.dimension) for crop in crops], dtype=np.float32)
        return Embeddings(vectors=vectors.reshape(-1, self.dimension), encoder_id=self.encoder_id)


def slowly(crop: Image, dimension: int = DIMENSION) -> Array:
    """Means of the left, the right, the upper ... part: mirror images differ."""
    height, width = crop.shape[:2]
    left, right = crop[:, : width // 2], crop[:, width // 2 :]
    parts = (left, right, crop[: height // 2], crop[height // 2 :], left[::2], right[::2])
    vector = np.array([1 + part.mean() for part in parts[:dimension]], dtype=np.float32)
    return vector / np.linalg.norm(vector)


def write(folder: Path, count: int, seed: int = 0) -> list[Path]:
    """Images without loss, each with a content of its own."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(seed)
    paths = [folder / f"{index:04d}.png" for index in range(count)]
    for path in paths:
        cv2.imwrite(str(path), rng.integers(0, 256, (8, 4, 3), dtype=np.uint8))
    return paths


def reference(paths: Sequence[Path], *, flip: bool = False) -> Array:
    rows = []
    for path in paths:
        crop = cv2.imread(str(path))
        row = slowly(crop) + slowly(crop[:, ::-1]) if flip else slowly(crop)
        rows.append(row / np.linalg.norm(row))
    return np.array(rows)
