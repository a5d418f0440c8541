"""Any detector that ultralytics loads, reduced to people. The only file that imports ultralytics' models."""

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reid.config import DetectorConfig
from reid.detection.export import openvino_export
from reid.detection.precision import full_precision
from reid.errors import InputError
from reid.geometry import clip
from reid.home import usable_home
from reid.shipped_weights import checked, chosen
from reid.types import Detections, Image

log = logging.getLogger(__name__)


class YoloDetector:
    """People in images, by an ultralytics network.

    Raises:
        InputError: the weights are missing, are not a detector, or know no class "person".
    """

    def __init__(self, config: DetectorConfig) -> None:
        weights = existing_weights(config.weights)
        self.detector_id = content_id(weights, config)
        self.model_s = 0.0
        self._config = config
        self._device = _device(config.device)
        export = _wants_export(weights, config)
        self._model, self._person = _load(weights)  # first, so that no useless file is exported
        if export:
            self._model, self._person = _load(openvino_export(weights, config))
        self._batch = config.batch

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """One `Detections` per image (H, W, 3) BGR; sizes may differ."""
        found: list[Detections] = []
        for start in range(0, len(images), self._batch):
            found += self._detect_batch(list(images[start : start + self._batch]))
        return found

    def _ready(self) -> bool:
        """Whether ultralytics has compiled the network, which it puts off until the first picture."""
        return getattr(self._model.predictor, "model", None) is not None

    def _detect_batch(self, images: list[Image]) -> list[Detections]:
        if not self._ready():
            self.warm_up()
        results = self._model.predict(
            images,
            classes=[self._person],
            conf=self._config.confidence,
            iou=self._config.iou,
            imgsz=self._config.image_size,
            device=self._device,
            batch=len(images),
            verbose=False,
        )
        self.model_s += sum(result.speed["inference"] for result in results) / 1000
        return [_detections(result, image) for result, image in zip(results, images, strict=True)]

    def warm_up(self) -> None:
        """Compile and allocate before the clock runs; learns whether the network takes batches.

        Exported networks often have a batch of one built in, and say so only by failing.
        """
        blank = np.zeros((64, 64, 3), dtype=np.uint8)
        if not self._ready():
            with full_precision():
                self._model.predict(
                    [blank], imgsz=self._config.image_size, device=self._device, verbose=False
                )
        backend = self._model.predictor.model
        if getattr(backend, "format", "") != "pt" and not getattr(backend, "dynamic", False):
            self._batch = int(getattr(backend, "batch", 1) or 1)


def existing_weights(weights: Path | None) -> Path:
    """The path of the detector's weights, by default of those that ship, or a sentence about what to do."""
    weights = chosen(weights, "detector")
    if weights is None:
        raise InputError(
            "no detector is given: --detector FILE (or detector.weights) takes ultralytics weights such as "
            "yolo26n.pt, an .onnx or .engine file, or an OpenVINO folder"
        )
    if not checked(weights).exists():
        raise InputError(
            f"{weights}: no such detector; nothing is downloaded by itself, so fetch the file first "
            f"(for ultralytics' own: `yolo settings` and docs.ultralytics.com/models) or give another path"
        )
    return weights


def _wants_export(weights: Path, config: DetectorConfig) -> bool:
    if config.backend == "openvino" and weights.suffix != ".pt":
        raise InputError(f"{weights}: detector.backend openvino exports .pt weights; give those, or use auto")
    if weights.suffix != ".pt" or config.backend == "native":
        return False
    if config.backend == "openvino":
        return True
    import torch

    return config.device == "cpu" or (config.device == "auto" and not torch.cuda.is_available())


def _device(asked: str) -> str | None:
    """The device as ultralytics wants it; None: its choice."""
    if asked in ("auto", "cpu"):
        return None if asked == "auto" else asked
    import torch

    kind, _, number = asked.partition(":")
    if kind not in ("cuda", "mps") or (number and not number.isdecimal()):
        raise InputError(f"detector.device must be auto, cpu, cuda:0 or mps, got {asked!r}")
    count = torch.cuda.device_count() if kind == "cuda" else int(torch.backends.mps.is_available())
    if int(number or 0) >= count:
        raise InputError(f"detector.device {asked}: this machine has no such device; use cpu, or auto")
    return asked


def _load(path: Path) -> tuple[Any, int]:
    """The ultralytics model and the number of its person class."""
    usable_home()
    from ultralytics import YOLO

    try:
        model = YOLO(str(path), task="detect")
        names: dict[int, str] = dict(model.names)
    except Exception as error:  # ultralytics raises whatever its loaders raise; the cause stays attached
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path}: ultralytics cannot load it as a detector ({reason})") from error
    people = [number for number, name in names.items() if name.lower() in ("person", "pedestrian", "people")]
    if people:
        return model, people[0]
    if len(names) == 1:
        return model, next(iter(names))
    some = ", ".join(list(names.values())[:5])
    raise InputError(f"{path}: none of its {len(names)} classes is called person ({some}, ...)")


def _detections(result: Any, image: Image) -> Detections:
    boxes = result.boxes.xyxy.cpu().numpy().astype(np.float32)
    height, width = image.shape[:2]
    boxes = clip(boxes, width, height)
    solid = np.all(boxes[:, 2:] - boxes[:, :2] >= 1, axis=1)
    scores = result.boxes.conf.cpu().numpy().astype(np.float32)
    return Detections(boxes=boxes[solid], scores=scores[solid])


def content_id(weights: Path, config: DetectorConfig) -> str:
    """Names what decides the boxes: the weights' bytes and the settings, not where they lie or how they run."""
    digest = hashlib.blake2b(digest_size=8)
    files = sorted(p for p in weights.rglob("*") if p.is_file()) if weights.is_dir() else [weights]
    for file in files:
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "blake2b").digest())
    digest.update(repr((config.confidence, config.iou, config.image_size)).encode())
    return digest.hexdigest()
