"""`reid quantise`: a trained network in 8-bit integers, for processors."""

from pathlib import Path

import cv2
import numpy as np

from pipelines.progress import Progress
from pipelines.runtime.single_file import single_file
from reid.embedding.quantise import quantise
from reid.embedding.weights import METADATA_KEY, open_weights
from reid.errors import InputError
from reid.shipped_weights import located
from reid.types import Image

PICTURES = 300  # more bring nothing: only ranges are taken from them
_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp")


def run(weights: Path, pictures: Path, output: Path, progress: Progress) -> int:
    """Write `output` (.xml, and .bin beside it), and say how far its vectors are from those of `weights`."""
    loaded = open_weights(located(weights, "encoder"))
    crops = _crops(pictures)
    weights_file = output.with_suffix(".bin")
    with single_file(
        output, ".xml", work="reid quantise", what="a network", ours=_is_network, beside=[weights_file]
    ):
        cosine = quantise(loaded, crops, output)
    size = sum(output.with_suffix(suffix).stat().st_size for suffix in (".xml", ".bin"))
    progress.summary(
        "quantised",
        [
            ("file", str(output)),
            ("MB", f"{size / 1e6:.2f}"),
            ("pictures", str(len(crops))),
            ("cosine with the float network's vectors", f"{cosine:.4f}"),
        ],
    )
    progress.message(
        "its vectors are others than the float network's: calibrate it, and begin a gallery of its own"
    )
    return 0


def _is_network(path: Path) -> bool:
    """Whether it is an OpenVINO network that carries our preprocessing."""
    return METADATA_KEY.encode() in path.read_bytes()


def _crops(folder: Path) -> list[Image]:
    """Up to `PICTURES` of a folder, evenly spread over the names."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give one with pictures of people")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS)
    places = np.linspace(0, len(files) - 1, min(len(files), PICTURES)).astype(int)
    crops = [image for at in np.unique(places) if (image := _read(files[at])) is not None]
    if len(crops) < 2:
        raise InputError(
            f"{folder}: fewer than two readable pictures ({', '.join(_ENDINGS)}) in it; give more"
        )
    return crops


def _read(file: Path) -> Image | None:
    data = np.fromfile(file, dtype=np.uint8)  # cv2.imread cannot open every path on Windows
    return cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
