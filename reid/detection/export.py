"""`.pt` detectors as OpenVINO networks: exported once, cached, and compared with the original."""

import json
import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from reid import json_text
from reid.cache import cache_folder, filling
from reid.config import DetectorConfig
from reid.detection.precision import full_precision
from reid.errors import InputError

log = logging.getLogger(__name__)

LARGEST_DIFFERENCE_PX = 1.0  # of box coordinates of the raw output, over the fixed picture below


def openvino_export(weights: Path, config: DetectorConfig) -> Path:
    """The cached OpenVINO folder of `weights`, made now if there is none.

    Beside it lies `parity.json`: the largest difference of the two networks' raw outputs on one fixed picture.

    Raises:
        InputError: the export differs by more than a pixel; run with detector.backend native.
    """
    import hashlib

    with weights.open("rb") as stream:
        content = hashlib.file_digest(stream, "blake2b").hexdigest()[:16]
    folder = cache_folder() / "detectors" / f"{content}-{config.image_size}_openvino_model"
    if not folder.exists():
        _export(weights, config.image_size, folder)
    parity = json.loads((folder / "parity.json").read_text())
    log.info(
        "detector %s runs as OpenVINO; boxes differ by at most %.3g px", weights.name, parity["boxes_px"]
    )
    return folder


def _export(weights: Path, image_size: int, folder: Path) -> None:
    from ultralytics import YOLO

    log.info("exporting %s to OpenVINO, once", weights.name)
    with tempfile.TemporaryDirectory() as work, filling(folder) as partial:
        copy = Path(work) / "detector.pt"
        shutil.copy(weights, copy)
        exported = Path(
            YOLO(str(copy)).export(format="openvino", imgsz=image_size, dynamic=True, verbose=False)
        )
        parity = _parity(copy, exported, image_size)
        if parity["boxes_px"] > LARGEST_DIFFERENCE_PX:
            raise InputError(
                f"{weights}: its OpenVINO export moves boxes by {parity['boxes_px']:.2f} px; "
                "run with --detector.backend native"
            )
        shutil.copytree(exported, partial, dirs_exist_ok=True)
        (partial / "parity.json").write_text(json_text.dumps(parity, indent=1), encoding="utf-8")


def _parity(original: Path, exported: Path, image_size: int) -> dict[str, float]:
    from ultralytics import YOLO

    picture = np.random.default_rng(0).integers(0, 256, (image_size, image_size, 3), dtype=np.uint8)
    raw = [_raw_output(YOLO(str(path), task="detect"), picture, image_size) for path in (original, exported)]
    difference = np.abs(raw[0] - raw[1])
    if raw[0].shape[1] > raw[0].shape[2]:  # end-to-end heads: (1, boxes, 6), rows of xyxy, score, class
        difference = difference.transpose(0, 2, 1)
    return {"boxes_px": float(difference[:, :4].max()), "scores": float(difference[:, 4:].max())}


def _raw_output(model: Any, picture: np.ndarray[Any, np.dtype[np.uint8]], size: int) -> np.ndarray[Any, Any]:
    """Output of the bare network (1, 4 + classes, boxes), before non-maximum suppression."""
    import torch

    with full_precision():
        model.predict([picture], imgsz=size, device="cpu", verbose=False)
    tensor = torch.from_numpy(picture[..., ::-1].copy()).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        output = model.predictor.model(tensor)
    output = output[0] if isinstance(output, list | tuple) else output
    return np.asarray(output.cpu() if hasattr(output, "cpu") else output)
