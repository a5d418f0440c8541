import json
import logging
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from reid.cache import cache_folder
from reid.camera_config import EncoderConfig
from reid.embedding.build import build_encoder
from reid.embedding.checkpoint import load_network, save_network
from reid.embedding.crops import cut, prepare
from reid.embedding.encoder import CropEncoder, Encoder
from reid.embedding.export import cached_export
from reid.embedding.torch_backend import TorchRunner
from reid.embedding.weights import open_weights
from reid.errors import InputError
from reid.types import Array, Image
from tests.embedding.conftest import SMALL, random_osnet

BACKENDS = ("torch", "onnxruntime", "openvino")


def build(path: Path, backend: str = "torch", batch: int = 32) -> Encoder:
    config = EncoderConfig(weights=path, backend=backend, batch=batch, device="cpu")  # type: ignore[arg-type]
    return build_encoder(config, threads=1)


def slowly(checkpoint: Path, crops: list[Image]) -> Array:
    """One crop at a time through the plain network."""
    network, rows = load_network(checkpoint), []
    for crop in crops:
        with torch.inference_mode():
            feature = network(torch.from_numpy(prepare([crop], SMALL)))[0].numpy()
        rows.append(feature / np.sqrt((feature**2).sum()))
    return np.stack(rows)


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("batch", [2, 32])
def test_back_ends_agree_with_the_plain_network(
    checkpoint: Path, crops: list[Image], backend: str, batch: int
) -> None:
    encoder = build(checkpoint, backend, batch)
    embeddings = encoder.encode(crops)
    assert embeddings.encoder_id == encoder.encoder_id == open_weights(checkpoint).encoder_id
    assert embeddings.vectors.dtype == np.float32
    np.testing.assert_allclose(embeddings.vectors, slowly(checkpoint, crops), atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_no_crops(checkpoint: Path, backend: str) -> None:
    encoder = build(checkpoint, backend)
    assert encoder.dimension == 512
    assert encoder.encode([]).vectors.shape == (0, 512)


def test_gray_and_single_pixels(checkpoint: Path) -> None:
    encoder = build(checkpoint)
    gray = np.repeat(np.random.default_rng(0).integers(0, 256, (90, 40, 1), dtype=np.uint8), 3, axis=2)
    tiny = cut(gray, np.array([[0, 0, 0, 0], [500, 500, 600, 600]], dtype=np.float32))
    vectors = encoder.encode([gray, *tiny]).vectors
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_threads_of_torch_are_put_back(checkpoint: Path, crops: list[Image]) -> None:
    before = torch.get_num_threads()
    TorchRunner(load_network(checkpoint), threads=before + 1)(prepare(crops, SMALL))
    assert torch.get_num_threads() == before


def test_a_vector_without_direction_is_refused(crops: list[Image]) -> None:
    class Zero:
        dimension = 4

        def __call__(self, batch: Array) -> Array:
            return np.zeros((len(batch), 4), np.float32)

    encoder = CropEncoder(Zero(), preprocessing=SMALL, encoder_id="zero", backend="fake", device="cpu")
    with pytest.raises(ValueError, match="no direction"):
        encoder.encode(crops)


@pytest.mark.slow
def test_exports_of_our_own_carry_their_preprocessing(
    exports: Path, crops: list[Image], checkpoint: Path
) -> None:
    for name, backend in (("net.onnx", "onnxruntime"), ("net.onnx", "openvino"), ("net.xml", "openvino")):
        assert open_weights(exports / name).preprocessing == SMALL
        vectors = build(exports / name, backend).encode(crops).vectors
        np.testing.assert_allclose(vectors, slowly(checkpoint, crops), atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("fixed", [1, 4])
def test_fixed_batches(
    exports: Path, tmp_path: Path, crops: list[Image], checkpoint: Path, fixed: int
) -> None:
    import onnx

    model = onnx.load(exports / "net.onnx")
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = fixed
    onnx.save(model, tmp_path / "net.onnx")
    np.testing.assert_allclose(
        build(tmp_path / "net.onnx", "openvino").encode(crops).vectors, slowly(checkpoint, crops), atol=1e-4
    )
    if fixed == 1:
        vectors = build(tmp_path / "net.onnx", "onnxruntime").encode(crops).vectors
        np.testing.assert_allclose(vectors, slowly(checkpoint, crops), atol=1e-4)
    else:
        with pytest.raises(InputError, match="its batch is fixed at 4"):
            build(tmp_path / "net.onnx", "onnxruntime")


def test_cached_export_states_its_parity(checkpoint: Path) -> None:
    path = cached_export(open_weights(checkpoint))
    report = json.loads((path.parent / "export.json").read_text())
    assert set(report["max_difference"]) == {"onnxruntime", "openvino"}
    assert max(report["max_difference"].values()) < 1e-4
    changed = path.stat().st_mtime_ns
    assert cached_export(open_weights(checkpoint)).stat().st_mtime_ns == changed
    assert path.is_relative_to(cache_folder())


@pytest.mark.slow
def test_export_that_disagrees_is_refused(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_network(tmp_path / "net.pth", random_osnet(seed=5), preprocessing=SMALL)
    other = exports / "net.onnx"  # of another seed
    monkeypatch.setattr("reid.embedding.export.export_onnx", lambda path, *_: shutil.copy(other, path))
    with pytest.raises(InputError, match=r"onnxruntime differs from torch by 0\.\d+, more than 0.001"):
        build(tmp_path / "net.pth", "onnxruntime")
    encoder_id = open_weights(tmp_path / "net.pth").encoder_id
    assert not list((cache_folder() / "exports").glob(f"*{encoder_id}*"))


@pytest.mark.slow
def test_auto_measures_once(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("REID_CACHE", str(tmp_path))  # other tests measure, too
    caplog.set_level(logging.INFO)
    first = build(checkpoint, "auto")
    (choice,) = (cache_folder() / "backends").glob("*.json")
    stated = json.loads(choice.read_text())
    assert set(stated["ms_per_crop"]) == set(BACKENDS)
    assert stated["backend"] == first.backend
    assert first.device == "cpu"
    caplog.clear()
    assert build(checkpoint, "auto").backend == first.backend
    assert "milliseconds" not in caplog.text
    choice.write_text("{")
    assert build(checkpoint, "auto").backend in BACKENDS
    assert "is damaged" in caplog.text


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"weights": "nothing.pth"}, "no such file"),
        ({"weights": __file__}, r"unknown kind of weights; .*ends in none of \.pth"),
        ({"device": "gpu"}, "encoder.device must be auto, cpu"),
        ({"device": "cuda:99"}, "encoder.device cuda:99 cannot run"),
        (
            {"device": "cuda:0", "backend": "openvino"},
            "cannot run .* with encoder.backend openvino; use device: cpu",
        ),
    ],
)
def test_impossible_requests(checkpoint: Path, config: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        build_encoder(EncoderConfig(**({"weights": checkpoint} | config)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "backend"), [("net.onnx", "torch"), ("net.xml", "torch"), ("net.xml", "onnxruntime")]
)
def test_impossible_back_ends(exports: Path, name: str, backend: str) -> None:
    with pytest.raises(InputError, match=f"encoder.backend {backend} cannot run .*{name}; use"):
        build(exports / name, backend)


def test_damaged_exports(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"\xff\xff not a graph")
    with pytest.raises(InputError, match=r"a\.onnx: damaged"):
        build(tmp_path / "a.onnx", "auto")
    (tmp_path / "b.xml").write_text("<net/>")
    with pytest.raises(InputError, match=r"put b\.bin beside it"):
        build(tmp_path / "b.xml", "auto")
    (tmp_path / "b.bin").write_bytes(b"")
    with pytest.raises(InputError, match=r"b\.xml: OpenVINO cannot read it"):
        build(tmp_path / "b.xml", "auto")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "dimension", "backends"),
    [
        pytest.param("osnet_x0_25_market1501.pth", 512, BACKENDS, marks=pytest.mark.slow),
        ("osnet_x0_25_msmt17.onnx", 512, BACKENDS[1:]),
        ("person-reidentification-retail-0287/person-reidentification-retail-0287.xml", 256, BACKENDS[2:]),
    ],
)
def test_public_weights(shared: Path, name: str, dimension: int, backends: tuple[str, ...]) -> None:
    """Two crops of one rendered person are closer than two of different people, on every back end."""
    capture = cv2.VideoCapture(str(shared / "media" / "atrium" / "cam1.mp4"))
    lines = np.loadtxt(shared / "media" / "atrium" / "cam1_gt.txt", delimiter=",")
    frames = {index: capture.read()[1] for index in range(1, 61)}
    clear = lines[(lines[:, 8] > 0.9) & np.isin(lines[:, 0], [20, 60])]
    people = [person for person in np.unique(clear[:, 1]) if (clear[:, 1] == person).sum() == 2][:3]
    assert len(people) >= 2
    rows = [row for person in people for row in clear[clear[:, 1] == person]]
    boxes = [np.array([[x, y, x + w, y + h]], np.float32) for _, _, x, y, w, h, *_ in rows]
    crops = [cut(frames[int(row[0])], box)[0] for row, box in zip(rows, boxes, strict=True)]
    results = [build(shared / "weights" / name, backend).encode(crops).vectors for backend in backends]
    for vectors in results:
        assert vectors.shape == (len(rows), dimension)
        np.testing.assert_allclose(vectors, results[0], atol=1e-4)
    similarity = results[0] @ results[0].T
    same = np.array([[a[1] == b[1] for b in rows] for a in rows])
    others = ~np.eye(len(rows), dtype=bool)
    assert similarity[same & others].mean() > similarity[~same].mean() + 0.1
