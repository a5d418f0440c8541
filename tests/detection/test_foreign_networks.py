"""Detectors as other people make them: of every task with boxes, with other classes, under other names."""

import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from reid.camera_config import DetectorConfig
from reid.detection.first_look import check_detector
from reid.detection.safe_loading import safe_ultralytics
from reid.detection.yolo import YoloDetector
from reid.errors import InputError
from reid.geometry import iou
from reid.types import Detections, Image

CASES = Path(__file__).parents[1] / "cases"
RIGHT, LEFT = (
    [280.0, 80.0, 360.0, 280.0],
    [100.0, 80.0, 180.0, 280.0],
)  # the boxes that the cases have built in


@pytest.fixture(scope="module")
def frame() -> Image:
    video = cv2.VideoCapture(str(CASES / "next-segment.mp4"))
    read, frame = video.read()
    video.release()
    assert read
    return np.asarray(frame, dtype=np.uint8)


def found(path: Path, frame: Image, **settings: Any) -> tuple[YoloDetector, Detections]:
    detector = YoloDetector(DetectorConfig(weights=path, device="cpu", **settings))
    detector.warm_up()
    return detector, detector.detect([frame])[0]


def tiny(path: Path, head: list[Any], **more: Any) -> Path:
    """An ultralytics network of three layers and random weights, as `.pt`."""
    safe_ultralytics()
    from ultralytics.nn import tasks

    kinds = {
        "Segment": tasks.SegmentationModel,
        "OBB": tasks.OBBModel,
        "Classify": tasks.ClassificationModel,
    }
    torch.manual_seed(0)
    layers = [[-1, 1, "Conv", [8, 3, 2]] for _ in range(5)]  # stride 32, as of real ones
    network = kinds[head[2]]({"nc": 2, "backbone": layers, "head": [head], **more}, ch=3, verbose=False)
    network.names = {0: "person", 1: "car"}
    for module in network.modules():  # without statistics of noise all signal fades on the way
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
    with torch.no_grad():
        network.train()(torch.rand(4, 3, 160, 160))
    network.eval()
    last = network.model[-1]
    for classes in getattr(last, "cv3", []):
        torch.nn.init.constant_(classes[-1].bias[0], 2.0)  # sure of people
    torch.save({"model": network}, path)
    return path


@pytest.mark.parametrize("name", ["control-detect.onnx", "pose.onnx", "visdrone.onnx"])
def test_two_people(frame: Image, name: str) -> None:
    """A pose network's key points are no class scores, and pedestrian and people are both persons."""
    detector, people = found(CASES / name, frame)
    assert people.boxes.tolist() == [RIGHT, LEFT]
    np.testing.assert_allclose(people.scores, [0.9, 0.8], atol=1e-6)
    assert detector.classes == ("pedestrian (0), people (1)" if "visdrone" in name else "person (0)")


@pytest.mark.parametrize(
    ("classes", "boxes", "taken"),
    [
        (["1"], [LEFT], "people (1)"),
        ([0], [RIGHT], "pedestrian (0)"),
        (["PEOPLE", "car"], [LEFT], "people (1), car (2)"),
        (["car"], [], "car (2)"),
    ],
)
def test_classes_by_name_or_number(frame: Image, classes: Any, boxes: Any, taken: str) -> None:
    detector, people = found(CASES / "visdrone.onnx", frame, classes=classes)
    assert (people.boxes.tolist(), detector.classes) == (boxes, taken)


def test_a_class_that_is_not_there() -> None:
    with pytest.raises(InputError, match=r"names 'rider', which is none of its 3 classes \(0 pedestrian, "):
        YoloDetector(DetectorConfig(weights=CASES / "visdrone.onnx", classes=["rider"]))


@pytest.mark.parametrize("backend", ["native", "auto"])
def test_grey_images(backend: Any) -> None:
    with pytest.raises(InputError, match=r"grey-1-channel\.pt: takes images of 1 channel, .* colour"):
        YoloDetector(DetectorConfig(weights=CASES / "grey-1-channel.pt", device="cpu", backend=backend))


def test_a_classifier(tmp_path: Path) -> None:
    path = tiny(tmp_path / "classes.pt", [-1, 1, "Classify", ["nc"]])
    with pytest.raises(InputError, match=r"classes\.pt: a network for the task 'classify', which gives no b"):
        YoloDetector(DetectorConfig(weights=path, device="cpu"))


@pytest.mark.parametrize(
    ("original", "name"),
    [
        ("pose.pt", "best.pth"),
        ("pose.pt", "weights"),
        ("pose.pt", "pose.onnx"),
        ("pose.pt", "O'Brien's best.pt"),
        ("pose.onnx", "network.bin"),
        ("pose.onnx", "pose.pt"),
    ],
)
def test_content_decides_not_the_name(frame: Image, tmp_path: Path, original: str, name: str) -> None:
    """ultralytics goes by the suffix, and drops apostrophes of a path."""
    path = tmp_path / name
    shutil.copyfile(CASES / original, path)
    settings: dict[str, Any] = {"backend": "native"} if original.endswith(".pt") else {}
    _, expected = found(CASES / original, frame, image_size=64, **settings)
    _, people = found(check_detector(path), frame, image_size=64, **settings)
    assert len(people)
    np.testing.assert_array_equal(people.boxes, expected.boxes)


def test_programs_are_refused(tmp_path: Path) -> None:
    """TorchScript runs while it is loaded, and can write files."""
    with pytest.warns(FutureWarning, match=r"torch\.jit"):
        torch.jit.save(torch.jit.script(torch.nn.ReLU()), str(tmp_path / "a.torchscript"))
    shutil.copyfile(tmp_path / "a.torchscript", tmp_path / "b.pt")
    (tmp_path / "c_saved_model").mkdir()
    for name in ("a.torchscript", "b.pt", "c_saved_model"):
        with pytest.raises(InputError, match=rf"{name}: a network in a form that can run code when it is lo"):
            YoloDetector(DetectorConfig(weights=tmp_path / name))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("head", "task"),
    [([[2, 3, 4], 1, "Segment", ["nc", 8, 8]], "segment"), ([[2, 3, 4], 1, "OBB", ["nc", 1]], "obb")],
)
def test_every_task_native_and_exported(frame: Image, tmp_path: Path, head: list[Any], task: str) -> None:
    path = tiny(tmp_path / f"{task}.pt", head)
    both = [found(path, frame, image_size=320, backend=backend)[1] for backend in ("native", "openvino")]
    height, width = frame.shape[:2]
    for people in both:
        assert len(people) > 5
        assert np.all((people.boxes >= 0) & (people.boxes <= [width, height, width, height]))
    assert iou(both[0].boxes, both[1].boxes).max(axis=1).min() > 0.95


@pytest.mark.slow
def test_a_pose_network_native_and_exported(frame: Image) -> None:
    square = frame[:, :360]  # it states a stride of 8, so others would be padded in two ways
    settings = {"image_size": 64, "iou": 0.7}  # its random boxes overlap much: fewer are left at less
    _, native = found(CASES / "pose.pt", square, backend="native", **settings)
    _, exported = found(CASES / "pose.pt", square, backend="openvino", **settings)
    assert len(native) > 5
    assert len(exported) == len(native)
    np.testing.assert_allclose(np.sort(exported.scores), np.sort(native.scores), atol=1e-3)
