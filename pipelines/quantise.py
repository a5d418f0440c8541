"""`reid quantise`: a trained network in 8-bit integers, for processors."""

from pathlib import Path

import numpy as np

from pipelines.runtime.progress import Progress
from pipelines.runtime.single_file import single_file
from reid.datasets.listing import images_below
from reid.embedding.quantise import quantise
from reid.embedding.weights import METADATA_KEY, open_weights
from reid.errors import InputError
from reid.shipped_weights import located
from reid.stills import SUFFIXES, read_still
from reid.types import Image
from reid.wording import counted

IMAGES = 300  # more bring nothing: only ranges are taken from them


def run(weights: Path, images: Path, output: Path, progress: Progress) -> int:
    """Write `output` (.xml, and .bin beside it), and say how far its vectors are from those of `weights`."""
    loaded = open_weights(located(weights, "encoder"))
    crops = _crops(images, progress)
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
            ("images", str(len(crops))),
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


def _crops(folder: Path, progress: Progress) -> list[Image]:
    """Up to `IMAGES` of a folder, evenly spread over the names."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give one with images of people")
    files = images_below(folder)
    places = np.linspace(0, len(files) - 1, min(len(files), IMAGES)).astype(int)
    chosen = [files[at] for at in np.unique(places)]
    read = [_read(file) for file in chosen]
    crops = [image for image in read if image is not None]
    if len(crops) < 2:
        kinds = ", ".join(sorted(SUFFIXES))
        raise InputError(f"{folder}: fewer than two readable images ({kinds}) in it; give more")
    if damaged := [file for file, image in zip(chosen, read, strict=True) if image is None]:
        progress.message(
            f"{counted(len(damaged), 'image')} cannot be decoded and left out, {damaged[0]} first",
            "warning",
        )
    return crops


def _read(file: Path) -> Image | None:
    try:
        return read_still(file)
    except OSError:  # counted like what is damaged
        return None
