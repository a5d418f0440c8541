"""Labelled person crops to a calibration file: the distance that links, chosen by an evaluation."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from pipelines.progress import Progress
from reid.config import CalibrateConfig
from reid.embedding.build import build_encoder
from reid.embedding.encoder import Encoder
from reid.errors import InputError
from reid.evaluation.threshold import LabelledCrops, calibrate
from reid.gallery.calibration import beside, dumps
from reid.outputs import atomic
from reid.types import Image

NAME = re.compile(r"(\d+)_c(\d+)")  # Market-1501: PPPP_cCsS_FFFFFF_NN.jpg; person 0 and -1 are nobody
EXAMPLE = "0002_c1s1_000451_03.jpg"
BATCH = 256
Labelled = list[tuple[tuple[int, int], Path]]  # (person, camera) and file of every crop


def run(folders: Sequence[Path], config: CalibrateConfig, progress: Progress) -> int:
    """Embed the crops in folders with Market-1501 file names and write the encoder's calibration."""
    files = {folder: _labelled(folder) for folder in folders}
    encoder = build_encoder(config.encoder)
    sets = [_embed(folder.name, labelled, encoder, progress) for folder, labelled in files.items()]
    calibration = calibrate(sets, encoder_id=encoder.encoder_id, people_per_site=config.people_per_site)
    assert config.encoder.weights is not None  # build_encoder has refused that
    path = config.output or beside(config.encoder.weights)
    atomic.write_text(path, dumps(calibration))
    progress.summary(
        "calibration",
        [
            ("max distance", f"{calibration.max_distance:.2f}"),
            ("chosen by", calibration.operating_point),
            ("tracklets of one person within it", f"{calibration.genuine_rate:.1%} of pairs"),
            ("tracklets of two people within it", f"{calibration.impostor_rate:.2%} of pairs"),
            ("written to", str(path)),
        ],
    )
    return 0


def _embed(name: str, files: Labelled, encoder: Encoder, progress: Progress) -> LabelledCrops:
    task = progress.task(name, len(files), unit="crops")
    vectors = []
    for batch in _batches(files):
        vectors.append(encoder.encode(batch).vectors)
        task.advance(len(batch))
    task.finish()
    labels = np.array([label for label, _ in files], dtype=np.int64)
    return LabelledCrops(
        name=name, vectors=np.concatenate(vectors), persons=labels[:, 0], cameras=labels[:, 1]
    )


def _labelled(folder: Path) -> Labelled:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; it must hold crops named as in Market-1501, {EXAMPLE}")
    found = [(m, p) for p in sorted(folder.rglob("*.jpg")) if (m := NAME.match(p.name)) and int(m[1]) > 0]
    people = {int(m[1]) for m, _ in found}
    if len(people) < 2:
        raise InputError(
            f"{folder}: crops of {len(people)} people found, at least 2 are needed; "
            f"files are named as in Market-1501, {EXAMPLE}"
        )
    labelled = [((int(m[1]), int(m[2])), path) for m, path in found]
    if len({label for label, _ in labelled}) == len(people):
        raise InputError(
            f"{folder}: nobody is seen by two cameras, so nothing can be linked; the number behind _c is the camera"
        )
    return labelled


def _batches(files: Labelled) -> Iterator[list[Image]]:
    for start in range(0, len(files), BATCH):
        batch: list[Image] = []
        for _, path in files[start : start + BATCH]:
            image = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if image is None:
                raise InputError(f"{path}: not a readable picture; remove it or copy it again")
            batch.append(image.astype(np.uint8, copy=False))
        yield batch
