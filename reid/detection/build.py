"""From settings to a detector, and to what names its results before it is made."""

import hashlib
from pkgutil import resolve_name

from reid import json_text
from reid.camera_config import DetectorConfig
from reid.detection.content import file_digests
from reid.detection.detector import Detector
from reid.errors import InputError
from reid.shipped_weights import checked
from reid.tables import DETECTORS

HOW_IT_RUNS = {"weights", "batch", "device", "backend"}  # settings that leave the boxes as they are


def build_detector(config: DetectorConfig) -> Detector:
    """The detector that `config.kind` names, loaded.

    Raises:
        InputError: its weights cannot be used, or another package adds it and fails to make one.
    """
    return DETECTORS.make(config.kind, Detector, config.options, config)


def detector_id(config: DetectorConfig) -> str:
    """Names what decides the boxes of that detector, which is not made: weights by content, settings, package.

    Raises:
        InputError: its weights are missing, or are none.
    """
    row = DETECTORS[config.kind]
    if row.detector_id is not None:
        name = resolve_name(row.detector_id) if isinstance(row.detector_id, str) else row.detector_id
        return str(name(DETECTORS.settings(config.kind, config.options), config))
    digest = hashlib.blake2b(digest_size=8)
    settings = config.model_dump(mode="json", exclude=HOW_IT_RUNS)
    digest.update(json_text.dumps([DETECTORS.origin(config.kind), settings], sort_keys=True).encode())
    if config.weights is not None:
        if not checked(config.weights).exists():
            raise InputError(f"{config.weights}: no such file; detector.weights must name one that is there")
        for one in file_digests(config.weights):
            digest.update(one)
    return digest.hexdigest()
