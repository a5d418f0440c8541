"""Encoders as other people save and export them."""

import functools
import logging
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
import yaml
from onnx import TensorProto, helper, numpy_helper

from reid.camera_config import EncoderConfig
from reid.embedding.build import build_encoder
from reid.embedding.checkpoint import load_network
from reid.embedding.crops import RAW
from reid.embedding.fastest import fastest
from reid.embedding.weights import open_weights, side_car
from reid.errors import InputError
from reid.types import Array, Image
from tests.embedding.conftest import random_osnet

CASES = Path(__file__).parents[1] / "cases"
SIZE = (8, 4)


@functools.cache
def state() -> dict[str, torch.Tensor]:
    return dict(random_osnet().state_dict())


def prefixed(prefix: str) -> dict[str, torch.Tensor]:
    return {prefix + key: value for key, value in state().items()}


INFIX = {f"model.{key.replace('conv2.', 'conv2._orig_mod.')}": value for key, value in state().items()}


@pytest.mark.parametrize(
    "content",
    [
        prefixed("_orig_mod."),
        prefixed("module._orig_mod."),
        prefixed("_orig_mod.module."),
        {"state_dict": prefixed("model."), "epoch": 3, "hyper_parameters": {"lr": 0.1}},
        {"state_dict": prefixed("net._orig_mod.") | {"criterion.centers": torch.zeros(3, 2)}},
        {"model": state(), "optimizer": {"param_groups": []}, "epoch": 60},
        {"model": {"state_dict": prefixed("module.")}, "epoch": 1},
        {"model": "osnet", "model_state_dict": state()},
        INFIX,
    ],
    ids=["compile", "gpus", "gpus-inside", "lightning", "with-loss", "model", "nested", "named", "parts"],
)
def test_what_is_put_around_a_network(tmp_path: Path, content: dict[str, Any]) -> None:
    path = tmp_path / "model.pth.tar-60"
    torch.save(content, path, _use_new_zipfile_serialization="epoch" in content)  # both formats
    found = load_network(path).state_dict()
    expected = state()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[key], value) for key, value in expected.items())


@pytest.mark.slow
def test_the_name_does_not_matter(
    checkpoint: Path, exports: Path, tmp_path: Path, crops: list[Image]
) -> None:
    for original, name in (
        (checkpoint, "model.pth.tar-60"),
        (checkpoint, "net.onnx"),
        (exports / "net.onnx", "best"),
        (exports / "net.onnx", "net.xml"),
    ):
        shutil.copy(original, tmp_path / name)
        expected, found = open_weights(original), open_weights(tmp_path / name)
        assert (found.kind, found.encoder_id) == (expected.kind, expected.encoder_id)
    config = EncoderConfig(weights=tmp_path / "net.xml", backend="openvino", device="cpu")
    plain = EncoderConfig(weights=exports / "net.onnx", backend="openvino", device="cpu")
    vectors = [build_encoder(one).encode(crops).vectors for one in (config, plain)]
    np.testing.assert_array_equal(*vectors)


def test_the_name_of_torchreids_checkpoints(checkpoint: Path, tmp_path: Path) -> None:
    shutil.copy(checkpoint, tmp_path / "model.pth.tar-60")
    expected, found = open_weights(checkpoint), open_weights(tmp_path / "model.pth.tar-60")
    assert (found.kind, found.encoder_id) == ("checkpoint", expected.encoder_id)


def test_a_dummy_of_that_name() -> None:
    with pytest.raises(InputError, match=r"tar-60: keys conv1\.conv\.weight belong to no known network"):
        open_weights(CASES / "model.pth.tar-60")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"plain text", r"unknown kind of weights"),
        (b"", r"unknown kind of weights"),
        ((40).to_bytes(8, "little") + b'{"w":{"dtype":"F32"}}', r"a safetensors file; save"),
        (b"PK\x05\x06" + bytes(18), r"unknown kind of weights"),
    ],
)
def test_other_files(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "net").write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        open_weights(tmp_path / "net")


def pixel_network(path: Path, kind: int, *, normalise: bool) -> Path:
    """An ONNX encoder whose input is of `kind`: a projection of the pixels, maybe normalised by itself."""
    height, width = SIZE
    rng = np.random.default_rng(0)
    wide = 3 * height * width
    weights = {
        "mean": np.full((1, 3, 1, 1), 110 if normalise else 0, np.float32),
        "scale": np.full((1, 3, 1, 1), 1 / 60 if normalise else 1, np.float32),
        "matrix": rng.standard_normal((wide, 16)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["floats", "mean"], ["centred"]),
        helper.make_node("Mul", ["centred", "scale"], ["scaled"]),
        helper.make_node("Flatten", ["scaled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "matrix"], ["features"]),
    ]
    graph = helper.make_graph(
        nodes,
        "pixels",
        [helper.make_tensor_value_info("images", kind, ["batch", 3, height, width])],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", 16])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(path))
    return path


def vectors(path: Path, backend: Any, crops: list[Image]) -> Array:
    config = EncoderConfig(weights=path, backend=backend, device="cpu")
    return build_encoder(config).encode(crops).vectors


def test_whole_pixels_are_given_as_they_are(tmp_path: Path) -> None:
    """uint8: RGB, 0 to 255, not normalised; the same vectors from every back end, and the right ones."""
    path = pixel_network(tmp_path / "net.onnx", TensorProto.UINT8, normalise=True)
    assert open_weights(path).preprocessing == RAW.resized(*SIZE)
    pixels = np.random.default_rng(1).integers(0, 256, (5, *SIZE, 3), dtype=np.uint8)
    crops = list(pixels)
    found = [vectors(path, backend, crops) for backend in ("onnxruntime", "openvino", "auto")]
    planes = (pixels[..., ::-1].transpose(0, 3, 1, 2).reshape(5, -1).astype(np.float64) - 110) / 60
    wide = 3 * SIZE[0] * SIZE[1]
    matrix = np.random.default_rng(0).standard_normal((wide, 16)).astype(np.float32)
    expected = planes @ matrix
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    for one in found:
        np.testing.assert_allclose(one, expected, atol=1e-5)


@pytest.mark.parametrize("kind", [TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.INT32])
def test_every_kind_of_numbers_means_the_same(tmp_path: Path, kind: int, crops: list[Image]) -> None:
    path = pixel_network(tmp_path / "net.onnx", kind, normalise=False)
    first, second = (vectors(path, backend, crops) for backend in ("onnxruntime", "openvino"))
    np.testing.assert_allclose(first, second, atol=1e-3)


def test_a_side_car_may_say_otherwise_if_it_fits(tmp_path: Path, crops: list[Image]) -> None:
    path = pixel_network(tmp_path / "net.onnx", TensorProto.INT8, normalise=False)
    with pytest.raises(InputError, match=r"net\.onnx: takes int8, .* become 0 to 255, .* net\.onnx\.yaml"):
        open_weights(path)
    stated = RAW.resized(*SIZE).to_dict()
    side_car(path).write_text(yaml.safe_dump(stated | {"mean": [128.0] * 3, "rgb": False}))
    first, second = (vectors(path, backend, crops) for backend in ("onnxruntime", "openvino"))
    np.testing.assert_allclose(first, second, atol=1e-5)
    side_car(path).write_text(yaml.safe_dump(stated | {"std": [58.0] * 3}))
    with pytest.raises(InputError, match=r"takes int8, and with mean .*std \[58\.0"):
        open_weights(path)


class Stub:
    """A back end whose vectors point in one direction."""

    dimension = 2

    def __init__(self, *direction: float, seconds: float = 0.0) -> None:
        self._direction = np.array(direction, dtype=np.float32)
        self._seconds = seconds

    def __call__(self, batch: Array) -> Array:
        time.sleep(self._seconds)
        return np.tile(self._direction, (len(batch), 1))


def test_a_back_end_that_reads_a_file_otherwise_is_not_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    weights = open_weights(pixel_network(tmp_path / "net.onnx", TensorProto.FLOAT, normalise=False))
    runners = {"onnxruntime": Stub(1, 0), "openvino": Stub(0, 1)}
    with caplog.at_level(logging.WARNING):
        assert fastest(weights, list(runners), runners.__getitem__, threads=1) == "onnxruntime"
    assert "openvino differs from onnxruntime by 1 and is not taken" in caplog.text


def test_programs_that_measure_at_once_take_the_same_back_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else their vectors differ in the last digits, and each computes what the other has kept."""
    monkeypatch.setenv("REID_CACHE", str(tmp_path / "cache"))
    weights = open_weights(pixel_network(tmp_path / "net.onnx", TensorProto.FLOAT, normalise=False))
    begun = threading.Barrier(2)

    def measured_where_one_is_slow(slow: str) -> str:
        runners = {name: Stub(1, 0, seconds=0.05 * (name == slow)) for name in ("onnxruntime", "openvino")}
        begun.wait()
        return fastest(weights, list(runners), runners.__getitem__, threads=1)

    with ThreadPoolExecutor(2) as pool:
        taken = list(pool.map(measured_where_one_is_slow, ("onnxruntime", "openvino")))
    assert taken[0] == taken[1]


def test_what_the_first_back_end_refuses_does_not_fall_to_the_next(tmp_path: Path) -> None:
    path = pixel_network(tmp_path / "net.onnx", TensorProto.FLOAT, normalise=False)
    model = onnx.load(str(path))
    model.graph.output.append(helper.make_tensor_value_info("scaled", TensorProto.FLOAT, None))
    del model.opset_import[:]
    model.opset_import.append(helper.make_opsetid("", 99))  # that onnxruntime does not know yet
    del model.graph.output[1]
    onnx.save(model, str(path))
    with pytest.raises(InputError, match=r"onnxruntime cannot load it .*--encoder\.backend openvino"):
        build_encoder(EncoderConfig(weights=path, device="cpu"))
