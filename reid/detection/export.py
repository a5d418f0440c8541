"""`.pt` detectors as OpenVINO networks: exported once, cached, and compared with the original."""

import json
import logging
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

from reid import json_text
from reid.cache import cache_folder, cached
from reid.camera_config import DetectorConfig
from reid.detection import parity
from reid.detection.loading import load_network
from reid.errors import InputError

log = logging.getLogger(__name__)

_LAYOUT = 2  # of the cached folders; a higher number makes all exports anew


def openvino_export(weights: Path, config: DetectorConfig) -> Path:
    """The cached OpenVINO folder of `weights`, made now if there is none.

    Beside it lies `parity.json`: the largest difference of the two networks' decoded boxes on one frame with people.

    Raises:
        InputError: the export's boxes differ by more than a pixel, or their scores; run with detector.backend native.
    """
    import hashlib

    with weights.open("rb") as stream:
        content = hashlib.file_digest(stream, "blake2b").hexdigest()[:16]
    folder = cache_folder() / "detectors" / f"{content}-{config.image_size}-{_LAYOUT}_openvino_model"
    cached(folder, lambda partial: _export(weights, config.image_size, partial))
    found = json.loads((folder / "parity.json").read_text())
    log.info("detector %s runs as OpenVINO; boxes differ by at most %.3g px", weights.name, found["boxes_px"])
    return folder


def _export(weights: Path, image_size: int, partial: Path) -> None:
    log.info("exporting %s to OpenVINO, once", weights.name)
    with tempfile.TemporaryDirectory() as work:
        copy = Path(work) / "detector.pt"
        shutil.copy(weights, copy)
        exported = Path(
            load_network(copy, weights).model.export(
                format="openvino", imgsz=image_size, dynamic=True, verbose=False
            )
        )
        found = parity.compare(copy, exported, image_size)
        if not found.good:
            told = f"moves boxes by {found.boxes_px:.2f} px and scores by {found.scores:.2f}"
            told = (
                told
                if found.boxes
                else "cannot be compared, as neither finds anything in a frame with people"
            )
            raise InputError(f"{weights}: its OpenVINO export {told}; run with --detector.backend native")
        shutil.copytree(exported, partial, dirs_exist_ok=True)
        (partial / "parity.json").write_text(json_text.dumps(asdict(found), indent=1))
