"""Detectors as files for the runtimes: the same boxes in fewer bytes."""

from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from reid.camera_config import DetectorConfig
from reid.detection.portable import prepare, store_halved, to_onnx, to_openvino_int8
from reid.detection.state import load_model, save_state
from reid.detection.training import PersonModel
from reid.detection.yolo import YoloDetector
from reid.errors import InputError
from tests.detection.conftest import _normalise
from tests.detection.rendered import people

SIZE = 96


def alike(one: np.ndarray, other: np.ndarray) -> float:  # type: ignore[type-arg]
    """Correlation of numbers that are not all the same."""
    assert min(one.std(), other.std()) > 0.02
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of a network that was never trained, yet says something."""
    torch.manual_seed(0)
    model = PersonModel()
    _normalise(model)
    for boxes, classes in zip(model.model[-1].cv2, model.model[-1].cv3, strict=True):
        nn.init.normal_(boxes[-1].weight, std=0.02)
        nn.init.normal_(classes[-1].weight, std=0.02)
    path = tmp_path_factory.mktemp("detector") / "detector.pth"
    save_state(path, model.state_dict(), image_size=SIZE, epochs=1)
    return path


@pytest.fixture(scope="module")
def exported(detector: Path) -> Path:
    path = detector.with_suffix(".onnx")
    to_onnx(detector, path, SIZE)
    return path


def test_halved_weights_are_cast_and_small_or_large_ones_stay() -> None:
    rng = np.random.default_rng(0)
    weights = {
        "big": rng.standard_normal((40, 50)).astype(np.float32),
        "small": rng.standard_normal((1, 50)).astype(np.float32),
        "huge": np.full((40, 50), 1e6, dtype=np.float32),
        "count": np.arange(2000).reshape(40, 50),
    }
    made = [numpy_helper.from_array(values, name) for name, values in weights.items()]
    nodes = [
        helper.make_node("Add", ["x", "big"], ["a"]),
        helper.make_node("Add", ["a", "small"], ["b"]),
        helper.make_node("Add", ["b", "huge"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [40, 50]) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], made)
    network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(network, {"stride": "32"})
    store_halved(network)
    onnx.checker.check_model(network)
    kinds = {tensor.name: tensor.data_type for tensor in network.graph.initializer}
    assert kinds == {
        "big_half": TensorProto.FLOAT16,
        "small": TensorProto.FLOAT,
        "huge": TensorProto.FLOAT,
        "count": TensorProto.INT64,
    }
    assert network.metadata_props[0].value == "32"
    x = rng.standard_normal((40, 50)).astype(np.float32)
    (y,) = onnxruntime.InferenceSession(network.SerializeToString()).run(None, {"x": x})
    rounded = weights["big"].astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(y, x + rounded + weights["small"] + weights["huge"])


@pytest.mark.slow
def test_onnx_says_what_the_network_with_rounded_weights_says(detector: Path, exported: Path) -> None:
    assert exported.stat().st_size < 0.52 * detector.stat().st_size
    stated = {one.key: one.value for one in onnx.load(str(exported)).metadata_props}
    assert (stated["task"], stated["stride"], stated["names"]) == ("detect", "32", "{0: 'person'}")
    session, model = onnxruntime.InferenceSession(str(exported)), load_model(detector)
    for shape in ((1, 3, 96, 96), (3, 3, 64, 160)):
        images = torch.rand(shape, generator=torch.Generator().manual_seed(1))
        with torch.inference_mode():
            expected = model(images)[0].numpy()
        (got,) = session.run(None, {"images": images.numpy()})
        assert got.shape == expected.shape
        assert alike(got[:, 4], expected[:, 4]) > 0.99
        assert alike(got[:, 2:4], expected[:, 2:4]) > 0.99
        np.testing.assert_allclose(got[:, 4], expected[:, 4], atol=0.05)


def test_images_are_prepared_as_ultralytics_does(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 256, (90, 160, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), image)
    got = prepare(tmp_path / "a.png", SIZE)
    assert (got.shape, got.dtype) == ((1, 3, 64, 96), np.float32)  # 54 rows, padded to a multiple of 32
    shrunk = cv2.resize(image, (96, 54), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(got[0, :, 5:59], shrunk[..., ::-1].transpose(2, 0, 1) / 255, atol=1e-6)
    np.testing.assert_allclose(got[0, :, :5], 114 / 255, atol=1e-6)
    with pytest.raises(
        InputError, match=r"none\.png: cannot be read \(No such file or directory\); copy it again"
    ):
        prepare(tmp_path / "none.png", SIZE)


@pytest.mark.slow
def test_int8_finds_what_float_finds(detector: Path, exported: Path, tmp_path: Path) -> None:
    pytest.importorskip("nncf", reason="int8 needs nncf")
    paths = sorted((people(tmp_path / "people").parent / "images").iterdir())
    folder = tmp_path / "detector_int8_openvino_model"
    to_openvino_int8(detector, folder, paths, SIZE)
    assert {path.name for path in folder.iterdir()} == {"detector.xml", "detector.bin", "metadata.yaml"}
    assert (folder / "detector.bin").stat().st_size < 0.6 * exported.stat().st_size
    raw = []
    for weights in (exported, folder):
        loaded = YoloDetector(DetectorConfig(weights=weights, image_size=SIZE, device="cpu", batch=2))
        loaded.detect([cv2.imread(str(path)) for path in paths[:2]])
        batch = np.concatenate([prepare(path, SIZE) for path in paths[:2]])
        output = loaded._model.predictor.model(torch.from_numpy(batch))
        raw.append(np.asarray(output[0] if isinstance(output, list) else output))
    assert raw[0].shape == raw[1].shape
    assert raw[0].shape[0] == 2
    assert alike(raw[0][:, 4], raw[1][:, 4]) > 0.7  # what was never trained multiplies what rounding does
