"""`.pt` to OpenVINO: once, cached, and the same boxes."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from reid.camera_config import DetectorConfig
from reid.detection import export, parity
from reid.detection.export import openvino_export
from reid.detection.parity import LARGEST_DIFFERENCE_PX
from reid.detection.yolo import YoloDetector
from reid.errors import InputError
from reid.geometry import iou
from reid.types import Detections, Image


def config(weights: Path, backend: str = "openvino") -> DetectorConfig:
    return DetectorConfig(weights=weights, image_size=64, device="cpu", backend=backend, batch=2)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def exported(weights: Path) -> Path:
    return openvino_export(weights, config(weights))


def forbid_export(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise AssertionError("exported again")

    monkeypatch.setattr(export, "_export", fail)


@pytest.mark.slow
def test_parity_is_stated(exported: Path, cache: Path) -> None:
    assert exported.is_relative_to(cache)
    found = json.loads((exported / "parity.json").read_text())
    assert 0 <= found["boxes_px"] <= LARGEST_DIFFERENCE_PX
    assert 0 <= found["scores"] < 0.05
    assert found["boxes"] > 10, "decoded boxes were compared"
    assert [path.suffix for path in exported.iterdir()].count(".xml") == 1
    of_these = exported.name.partition("-")[0]  # other tests share the cache
    assert [path.name for path in exported.parent.iterdir() if of_these in path.name] == [exported.name]


@pytest.mark.slow
def test_second_call_takes_it_from_the_cache(
    exported: Path,
    weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    forbid_export(monkeypatch)
    moved = tmp_path / "renamed.pt"
    moved.write_bytes(weights.read_bytes())
    with caplog.at_level(logging.INFO, logger="reid.detection.export"):
        assert openvino_export(moved, config(moved)) == exported
    assert "renamed.pt runs as OpenVINO; boxes differ by at most" in caplog.text


@pytest.mark.slow
def test_other_weights_and_sizes_are_other_exports(
    exported: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid_export(monkeypatch)
    changed = tmp_path / "detector.pt"
    changed.write_bytes(weights.read_bytes() + b"x")
    with pytest.raises(AssertionError, match="exported again"):
        openvino_export(changed, config(changed))
    with pytest.raises(AssertionError, match="exported again"):
        openvino_export(weights, config(weights).model_copy(update={"image_size": 96}))


@pytest.mark.slow
def test_both_find_the_same_people(exported: Path, weights: Path) -> None:
    """In images of the network's size and of other shapes, and a batch that is not full."""
    rng = np.random.default_rng(5)
    shapes = [(64, 64), (64, 64), (90, 200), (90, 200), (40, 64)]
    images: list[Image] = [rng.integers(0, 256, (*shape, 3), dtype=np.uint8) for shape in shapes]
    ours = YoloDetector(config(weights))
    ours.warm_up()
    native = YoloDetector(config(weights, "native"))
    native.warm_up()
    assert ours.detector_id == native.detector_id
    for got, expected in zip(ours.detect(images), native.detect(images), strict=True):
        assert len(expected) > 5
        same = iou(got.boxes, expected.boxes) > 0.9
        close = np.abs(got.scores[:, None] - expected.scores[None, :]) < 0.03
        met = (same & close).any(axis=0)
        assert met.sum() >= len(met) - 2, "but for those at the edge of a threshold"
        assert abs(len(got) - len(expected)) <= 2


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["native", "openvino"])
def test_batches_reach_the_network(
    exported: Path, weights: Path, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = YoloDetector(config(weights, backend))
    detector.warm_up()
    sizes, plain = [], detector._detect_batch

    def count(images: list[Image]) -> list[Detections]:
        sizes.append(len(images))
        return plain(images)

    monkeypatch.setattr(detector, "_detect_batch", count)
    detector.detect([np.zeros((64, 64, 3), dtype=np.uint8)] * 5)
    assert sizes == [2, 2, 1]


@pytest.mark.slow
def test_an_export_that_differs_is_refused(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REID_CACHE", str(tmp_path))
    monkeypatch.setattr(parity, "LARGEST_DIFFERENCE_PX", -1.0)
    with pytest.raises(InputError, match=r"its OpenVINO export moves boxes by .* --detector\.backend native"):
        openvino_export(weights, config(weights))
    assert list((tmp_path / "detectors").iterdir()) == []
