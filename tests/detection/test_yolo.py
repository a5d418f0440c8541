"""ultralytics' networks behind our Detector: a random one, and a trained one where it lies at hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reid.camera_config import DetectorConfig, SourceConfig
from reid.detection.yolo import YoloDetector, content_id
from reid.errors import InputError
from reid.geometry import iou
from reid.shipped import demo_recording
from reid.types import Image
from reid.video.reader import read
from reid.video.source import Source
from tests.detection.conftest import Make
from tests.shared import shared

CASES = Path(__file__).parents[1] / "cases"


def build(path: Path, **settings: Any) -> YoloDetector:
    settings = {"image_size": 64, "device": "cpu", "backend": "native", **settings}
    return YoloDetector(DetectorConfig(weights=path, **settings))


def noise(height: int, width: int, seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture(scope="session")
def detector(weights: Path) -> YoloDetector:
    return build(weights, batch=2)


IMAGES = [noise(64, 64), noise(48, 96, 1), noise(120, 50, 2), noise(64, 64, 3), noise(7, 9, 4)]


def test_boxes_lie_in_their_own_image(detector: YoloDetector) -> None:
    found = detector.detect(IMAGES)
    assert len(found) == len(IMAGES), "in three batches, the last one not full"
    assert sum(map(len, found)) > 20
    for people, image in zip(found, IMAGES, strict=True):
        height, width = image.shape[:2]
        assert people.boxes.dtype == people.scores.dtype == np.float32
        assert np.all((people.boxes >= 0) & (people.boxes <= [width, height, width, height]))
        assert np.all(people.boxes[:, 2:] - people.boxes[:, :2] >= 1)
        assert np.all((people.scores >= 0.1) & (people.scores <= 1))


def test_batches_do_not_change_what_is_found(detector: YoloDetector) -> None:
    together = detector.detect(IMAGES[:1] + IMAGES[3:4])
    for people, image in zip(together, (IMAGES[0], IMAGES[3]), strict=True):
        (alone,) = detector.detect([image])
        np.testing.assert_allclose(alone.boxes, people.boxes, atol=1e-2)
        np.testing.assert_allclose(alone.scores, people.scores, atol=1e-4)


def test_no_images(detector: YoloDetector) -> None:
    assert detector.detect([]) == []


def test_confidence_and_overlap_limit_what_is_found(weights: Path) -> None:
    (usual,), (sure,), (apart,) = (
        build(weights, **settings).detect(IMAGES[:1])
        for settings in ({"iou": 1.0}, {"iou": 1.0, "confidence": 0.75}, {"iou": 0.2})
    )
    assert len(sure) == (usual.scores >= 0.75).sum() < len(usual)
    assert 0 < len(apart) < len(usual)
    overlaps = iou(apart.boxes, apart.boxes) - np.eye(len(apart))
    assert overlaps.max(initial=0) <= 0.21  # boxes are clipped after the suppression


def test_time_in_the_network_adds_up(weights: Path) -> None:
    detector = build(weights)
    assert detector.model_s == 0
    detector.detect(IMAGES)
    first = detector.model_s
    detector.detect(IMAGES)
    assert 0 < first < detector.model_s


@pytest.mark.slow
def test_other_classes_are_ignored(make: Make) -> None:
    """The same network says person under another number, or means cats."""
    second = make("cat", "Person", person=1)
    (found,) = build(second).detect(IMAGES[:1])
    assert len(found)
    assert np.all(found.scores >= 0.1)
    (none,) = build(make("cat", "person", person=0), confidence=0.6).detect(IMAGES[:1])
    (cats,) = build(make("person", "cat", person=0), confidence=0.6).detect(IMAGES[:1])
    assert len(none) < len(cats), "the first of them is sure of cats only"


@pytest.mark.parametrize("name", ["head", "item", "0"])
def test_a_network_of_one_class_of_another_name(make: Make, name: str) -> None:
    weights = make(name)
    with pytest.raises(InputError, match=rf"only class is called '{name}'.*--detector\.classes {name}$"):
        build(weights)
    detector = build(weights, classes=[name])
    assert detector.classes == f"{name} (0)"
    assert len(detector.detect(IMAGES[:1])[0])


@pytest.mark.parametrize("backend", ["native", "auto", "openvino"])
def test_no_person_class(make: Make, cache: Path, backend: str) -> None:
    path = make("cat", "dog", "cow")
    before = sorted(cache.rglob("*"))
    with pytest.raises(
        InputError, match=r"detector\.pt: none of its 3 classes is called person.*\(0 cat, 1 dog, 2 cow\)"
    ):
        build(path, backend=backend)
    assert sorted(cache.rglob("*")) == before, "refused before it is exported"


@pytest.mark.parametrize("name", ["detector.pt", "detector.onnx", "detector.xyz", "folder"])
def test_not_a_model(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if path.suffix:
        path.write_bytes(b"this is not a network" * 20)
    else:
        path.mkdir()
    with pytest.raises(InputError, match=rf"{name}: (damaged, or )?not a detector"):
        build(path)


@pytest.mark.parametrize("backend", ["native", "auto"])
@pytest.mark.parametrize("name", ["detector.pt", "detector.onnx"])
def test_a_model_that_was_cut_off(tmp_path: Path, weights: Path, name: str, backend: str) -> None:
    path = tmp_path / name
    whole = weights if path.suffix == ".pt" else CASES / "pose.onnx"
    path.write_bytes(whole.read_bytes()[:3000])
    with pytest.raises(InputError, match=rf"{name}: .*ultralytics cannot (load|run) it") as caught:
        build(path, backend=backend).warm_up()
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is not None


def test_missing_weights(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.pt: no such detector; nothing is downloaded"):
        YoloDetector(DetectorConfig(weights=tmp_path / "absent.pt"))
    assert list(tmp_path.iterdir()) == []


def test_only_pt_is_exported(tmp_path: Path) -> None:
    path = tmp_path / "detector.onnx"
    path.write_bytes((CASES / "pose.onnx").read_bytes())
    with pytest.raises(InputError, match=r"backend openvino exports \.pt weights"):
        build(path, backend="openvino")


def test_id_names_content_and_settings(tmp_path: Path, weights: Path) -> None:
    copy = tmp_path / "renamed.pt"
    copy.write_bytes(weights.read_bytes())
    config = DetectorConfig(weights=weights)
    same = config.model_copy(update={"batch": 3, "device": "cpu", "backend": "native"})
    assert content_id(weights, config) == content_id(copy, same)
    for change in ({"confidence": 0.3}, {"iou": 0.6}, {"image_size": 320}, {"classes": ("0",)}):
        assert content_id(weights, config) != content_id(weights, config.model_copy(update=change))
    copy.write_bytes(copy.read_bytes() + b"x")
    assert content_id(weights, config) != content_id(copy, config)


def test_id_of_a_folder(tmp_path: Path) -> None:
    config = DetectorConfig()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.bin").write_bytes(b"weights")
    assert content_id(tmp_path / "a", config) == content_id(tmp_path / "b", config)
    (tmp_path / "b" / "model.bin").write_bytes(b"others")
    assert content_id(tmp_path / "a", config) != content_id(tmp_path / "b", config)


@pytest.mark.shared
def test_people_of_the_demo_recording_are_found() -> None:
    """A folder exported by somebody else, with a batch of one built in."""
    folder = shared("weights/yolov8n_int8_openvino_model")
    detector = YoloDetector(DetectorConfig(weights=folder, device="cpu"))
    detector.warm_up()
    source = Source(camera_id="cam1", files=(demo_recording() / "cam1.mp4",))
    frames = list(read(source, SourceConfig(fps=0.25), print))[:6]
    found = detector.detect([frame.image for frame in frames])
    truth = np.loadtxt(demo_recording() / "cam1_gt.txt", delimiter=",")
    visible = met = 0
    for frame, people in zip(frames, found, strict=True):
        rows = truth[(truth[:, 0] == frame.index + 1) & (truth[:, 8] > 0.5)]
        boxes = np.column_stack([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]]).astype(np.float32)
        visible += len(boxes)
        met += int((iou(boxes, people.boxes).max(axis=1, initial=0) > 0.5).sum())
    assert visible >= 20
    assert met / visible > 0.8
    assert max(map(len, found)) < 30
