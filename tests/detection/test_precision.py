"""Detectors run in float32 wherever they run."""

import numpy as np
import openvino
import pytest

from reid.camera_config import DetectorConfig
from reid.detection.precision import full_precision
from reid.detection.yolo import YoloDetector
from tests.shared import shared


def test_inside_the_block_and_nowhere_else() -> None:
    usual = openvino.Core
    with full_precision():
        assert openvino.Core().get_property("CPU", "INFERENCE_PRECISION_HINT") == openvino.Type.f32
    assert openvino.Core is usual


@pytest.mark.shared
def test_the_loaded_detector_is_told() -> None:
    detector = YoloDetector(DetectorConfig(weights=shared("weights/yolov8n_int8_openvino_model")))
    detector.detect([np.zeros((64, 64, 3), dtype=np.uint8)])
    compiled = detector._model.predictor.model.backend.ov_compiled_model
    assert compiled.get_property("INFERENCE_PRECISION_HINT") == openvino.Type.f32
