"""Any detector that ultralytics loads, reduced to people."""

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reid.camera_config import DetectorConfig
from reid.detection.classes import described, people_classes
from reid.detection.content import file_digests
from reid.detection.export import openvino_export
from reid.detection.first_look import KnownByName, check_detector
from reid.detection.loading import load_network, run_blank
from reid.detection.precision import full_precision
from reid.errors import InputError
from reid.geometry import clip
from reid.registry import NoSettings
from reid.shipped_weights import checked, chosen
from reid.types import Detections, Image

log = logging.getLogger(__name__)


class YoloDetector:
    """People in images, by an ultralytics network of any task that gives boxes.

    `classes` says which of its classes were taken for people, as `pedestrian (0), people (1)`.

    Raises:
        InputError: the weights are missing, are not a detector, hold code, or know no class that means a person.
    """

    def __init__(self, config: DetectorConfig) -> None:
        weights = check_detector(existing_weights(config.weights))
        self.detector_id = content_id(weights, config)
        self.model_s = 0.0
        self._config, self._weights = config, weights
        self._device = _device(config.device)
        self._known = KnownByName(weights)
        export = _wants_export(weights, self._known.path, config)
        self._network = load_network(self._known.path, weights)  # first, so that no useless file is exported
        self._people = people_classes(weights, self._network.names, config.classes)
        self.classes = described(self._network.names, self._people)
        log.info("detector %s (%s): people are its %s", weights, self._network.task, self.classes)
        if export:
            self._network = load_network(openvino_export(weights, config), weights)
        self._model = self._network.model
        self._batch = config.batch

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """One `Detections` per image (H, W, 3) BGR; sizes may differ."""
        found: list[Detections] = []
        for start in range(0, len(images), self._batch):
            found += self._detect_batch(list(images[start : start + self._batch]))
        return found

    def _ready(self) -> bool:
        """Whether ultralytics has compiled the network, which it puts off until the first image."""
        return getattr(self._model.predictor, "model", None) is not None

    def _detect_batch(self, images: list[Image]) -> list[Detections]:
        if not self._ready():
            self.warm_up()
        results = self._model.predict(
            images,
            classes=list(self._people),
            agnostic_nms=len(self._people) > 1,  # one person may be found as two classes
            conf=self._config.confidence,
            iou=self._config.iou,
            imgsz=self._config.image_size,
            device=self._device,
            batch=len(images),
            verbose=False,
        )
        self.model_s += sum(result.speed["inference"] for result in results) / 1000
        # networks that suppress by themselves do so class by class
        overlap = self._config.iou if len(self._people) > 1 else None
        return [_detections(result, image, overlap) for result, image in zip(results, images, strict=True)]

    def warm_up(self) -> None:
        """Compile and allocate before the clock runs; learns whether the network takes batches.

        Exported networks often have a batch of one built in, and say so only by failing.

        Raises:
            InputError: the network does not run.
        """
        if not self._ready():
            with full_precision():
                run_blank(self._network, self._weights, imgsz=self._config.image_size, device=self._device)
        backend = self._model.predictor.model
        if getattr(backend, "format", "") != "pt" and not getattr(backend, "dynamic", False):
            self._batch = int(getattr(backend, "batch", 1) or 1)


def yolo_detector(settings: NoSettings, config: DetectorConfig) -> YoloDetector:
    """Loaded and warmed up; the row of `reid.tables.DETECTORS`."""
    detector = YoloDetector(config)
    detector.warm_up()
    return detector


def yolo_id(settings: NoSettings, config: DetectorConfig) -> str:
    """Names what `yolo_detector` will make; a file that is no detector is refused."""
    return content_id(check_detector(existing_weights(config.weights)), config)


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


def _wants_export(weights: Path, known: Path, config: DetectorConfig) -> bool:
    native = known.suffix == ".pt"
    if config.backend == "openvino" and not native:
        raise InputError(f"{weights}: detector.backend openvino exports .pt weights; give those, or use auto")
    if not native or config.backend == "native":
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


def _detections(result: Any, image: Image, overlap: float | None) -> Detections:
    """Boxes of one image; of rotated ones the upright box around each."""
    found = result.obb if result.boxes is None else result.boxes
    boxes, scores = found.xyxy, found.conf
    if overlap is not None:
        from ultralytics.utils.nms import TorchNMS

        kept = TorchNMS.nms(boxes, scores, overlap) if result.boxes is not None else slice(None)
        boxes, scores = boxes[kept], scores[kept]
    height, width = image.shape[:2]
    upright = clip(boxes.cpu().numpy().astype(np.float32), width, height)
    solid = np.all(upright[:, 2:] - upright[:, :2] >= 1, axis=1)
    return Detections(boxes=upright[solid], scores=scores.cpu().numpy().astype(np.float32)[solid])


def content_id(weights: Path, config: DetectorConfig) -> str:
    """Names what decides the boxes: the weights' bytes and the settings, not where they lie or how they run."""
    digest = hashlib.blake2b(digest_size=8)
    for one in file_digests(weights):
        digest.update(one)
    digest.update(repr((config.confidence, config.iou, config.image_size)).encode())
    if config.classes:
        digest.update(repr(sorted(config.classes)).encode())
    return digest.hexdigest()
