"""Images of made-up people on the disk, and the split that names them."""

from pathlib import Path

import cv2
import numpy as np

from reid.datasets.records import Split
from reid.types import Image


def random_image(height: int = 40, width: int = 24, seed: int = 0) -> Image:
    """Smooth colours, as a camera sees them: (height, width, 3) BGR."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 4, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def write(path: Path, image: Image) -> Path:
    """Without loss, whatever letters the path has."""
    path.write_bytes(cv2.imencode(".png", image)[1].tobytes())
    return path


def split_of(paths: list[Path], *, each: int = 1) -> Split:
    """`each` images of one person after another, in two cameras."""
    rows = np.arange(len(paths))
    return Split(
        name="made up",
        paths=tuple(paths),
        persons=rows // each,
        cameras=rows % 2,
        tracklets=rows,
        camera_names=("left", "right"),
    )


def written(folder: Path, count: int, *, each: int = 1) -> Split:
    """So many readable images of different sizes."""
    paths = [
        write(folder / f"{at:03d}.png", random_image(30 + 5 * at, 20 + 3 * at, seed=at))
        for at in range(count)
    ]
    return split_of(paths, each=each)
