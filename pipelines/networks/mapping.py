"""`reid weights map`: a linear map from one encoder's vectors to another's, fitted on crops without labels."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipelines.job_configs import MapConfig
from pipelines.runtime.progress import Progress
from pipelines.runtime.single_file import single_file
from reid.camera_config import EncoderConfig
from reid.datasets.listing import images_below
from reid.embedding import vector_map
from reid.embedding.build import build_encoder
from reid.embedding.encoder import Encoder
from reid.errors import InputError
from reid.outputs import atomic
from reid.shipped_weights import located, manifest_file
from reid.stills import read_still
from reid.types import Array, Image
from reid.wording import counted

BATCH = 64  # crops decoded at a time


def run(old: Path, new: Path, crops: Sequence[Path], config: MapConfig, progress: Progress) -> int:
    """Write the map, print its loss and return the exit code."""
    encoders = [build_encoder(EncoderConfig(weights=located(path, "encoder"))) for path in (old, new)]
    before, after = (encoder.encoder_id for encoder in encoders)
    if before == after:
        raise InputError(f"{old} and {new} are one encoder ({before}); a map is between two")
    path = config.output or vector_map.place_of(before, after)
    with single_file(path, ".npz", work="reid weights map", what="a map", ours=_is_map):
        vectors = _vectors(_files(crops, config.most), encoders, progress)
        if len(vectors[0]) < vector_map.FEWEST:
            raise InputError(
                f"{', '.join(map(str, crops))}: only {counted(len(vectors[0]), 'readable image')} in it; a map "
                f"needs {vector_map.FEWEST}, and thousands to be good"
            )
        found = vector_map.fit(before, after, *vectors)
        atomic.write_bytes(path, vector_map.dumps(found))
    loss = found.loss
    progress.summary(
        "map",
        [
            ("file", str(path)),
            ("from encoder", f"{before}, {len(found.matrix)} numbers"),
            ("to encoder", f"{after}, {len(found.offset)} numbers"),
            ("crops", f"{loss.fitted} fitted, {loss.crops} held out"),
            (
                "cosine to true vectors",
                f"{loss.cosine:.4f} on the held-out ones; their mean alone {loss.baseline:.4f}",
            ),
            ("nearest to their own crop", f"{loss.found:.1%}"),
        ],
    )
    if config.output is None:
        progress.message(f"write its entry (kind: map) in {manifest_file().name}, then run reid weights seal")
    return 0


def _is_map(path: Path) -> bool:
    try:
        vector_map.load(path)
    except InputError:
        return False
    return True


def _files(folders: Sequence[Path], most: int) -> list[Path]:
    """Images in the order of their names, at most so many: the last fifth of each folder, held out, at the end."""
    files: list[Path] = []
    held_out: list[Path] = []
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder; give one with images of people")
        found = images_below(folder)
        share = most // len(folders)
        if len(found) > share:
            found = [found[at] for at in np.linspace(0, len(found) - 1, share).astype(int)]
        end = len(found) - round(vector_map.HELD_OUT * len(found))
        files += found[:end]
        held_out += found[end:]
    return files + held_out


def _vectors(files: Sequence[Path], encoders: Sequence[Encoder], progress: Progress) -> list[Array]:
    """Vectors (N, D) of all readable images in order, by every encoder."""
    parts: list[list[Array]] = [[np.empty((0, encoder.dimension), dtype=np.float32)] for encoder in encoders]
    task = progress.task("crops", len(files), "crops")
    unread: list[Path] = []
    for start in range(0, len(files), BATCH):
        crops: list[Image] = []
        for file in files[start : start + BATCH]:
            if (image := _read(file)) is None:
                unread.append(file)
            else:
                crops.append(image)
        for own, encoder in zip(parts, encoders, strict=True):
            own.append(encoder.encode(crops).vectors)
        task.advance(len(files[start : start + BATCH]))
    task.finish()
    if unread:
        progress.message(
            f"{counted(len(unread), 'image')} cannot be decoded and left out, {unread[0]} first", "warning"
        )
    return [np.concatenate(own) for own in parts]


def _read(file: Path) -> Image | None:
    try:
        return read_still(file)
    except OSError:  # counted like what is damaged
        return None
