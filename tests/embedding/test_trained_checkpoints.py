from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reid.camera_config import EncoderConfig
from reid.embedding.activation import FEATURE_MAP, activation_maps
from reid.embedding.build import build_encoder
from reid.embedding.checkpoint import load_checkpoint, save_network
from reid.embedding.crops import prepare
from reid.embedding.network import ReidNetwork
from reid.embedding.network_config import NetworkConfig
from reid.embedding.weights import open_weights
from reid.errors import InputError
from reid.types import Image
from tests.embedding.conftest import SMALL, scramble

BACKBONES = ["mobilenet_v3_small", "timm/test_efficientnet", "timm/test_vit"]


def trained(path: Path, **options: Any) -> tuple[Path, ReidNetwork]:
    """A file as `reid train` leaves it, and the network in it."""
    if options.get("backbone", "").startswith("timm/"):
        pytest.importorskip("timm")
    torch.manual_seed(0)
    network = ReidNetwork(NetworkConfig.model_validate({"dimension": 16, **options}), SMALL.size)
    scramble(network)
    save_network(path, network, preprocessing=SMALL)
    return path, network.eval()


def changed(path: Path, **architecture: Any) -> Path:
    content = torch.load(path, weights_only=True)
    content["architecture"] |= architecture
    torch.save(content, path)
    return path


def noise() -> torch.Tensor:
    return torch.randn(3, 3, *SMALL.size, generator=torch.Generator().manual_seed(7))


@pytest.mark.parametrize("name", BACKBONES)
def test_backbones_of_libraries_come_back_whole(tmp_path: Path, name: str) -> None:
    """Those are built by code that draws random numbers more than once, of which loading leaves no trace."""
    path, network = trained(tmp_path / "net.pth", backbone=name, attention="se", pooling="gem")
    torch.manual_seed(5)
    want = torch.rand(3)
    torch.manual_seed(5)
    loaded = load_checkpoint(path).network
    torch.testing.assert_close(torch.rand(3), want, rtol=0, atol=0)
    torch.testing.assert_close(loaded.state_dict(), network.state_dict(), rtol=0, atol=0)
    with torch.inference_mode():
        torch.testing.assert_close(loaded(noise()), network(noise()), rtol=0, atol=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["osnet_x0_25", "timm/test_vit"])
@pytest.mark.parametrize("backend", ["torch", "onnxruntime", "openvino"])
def test_encoders_take_the_file_as_it_is(tmp_path: Path, crops: list[Image], backend: Any, name: str) -> None:
    path, network = trained(tmp_path / "net.pth", backbone=name, attention="se", pooling="gem", dropout=0.3)
    encoder = build_encoder(EncoderConfig(weights=path, backend=backend, device="cpu"), threads=1)
    assert encoder.dimension == 16
    with torch.inference_mode():
        features = network(torch.from_numpy(prepare(crops, SMALL))).numpy()
    want = features / np.linalg.norm(features, axis=1, keepdims=True)
    np.testing.assert_allclose(encoder.encode(crops).vectors, want, atol=1e-4)


@pytest.mark.slow
def test_encoder_id_survives_saving_and_several_gpus(tmp_path: Path) -> None:
    path, _ = trained(tmp_path / "net.pth", pooling="gem")
    before = open_weights(path)
    assert before.network is not None
    save_network(tmp_path / "again.pth", before.network, preprocessing=SMALL)
    assert open_weights(tmp_path / "again.pth").encoder_id == before.encoder_id
    content = torch.load(path, weights_only=True)
    content["state_dict"] = {f"module.{key}": value for key, value in content["state_dict"].items()}
    torch.save(content, tmp_path / "several.pth")
    assert open_weights(tmp_path / "several.pth").encoder_id == before.encoder_id


@pytest.mark.slow
@pytest.mark.parametrize("change", [{"pooling": "max"}, {"last_stride": 2}], ids=str)
def test_encoder_id_tells_networks_of_the_same_weights_apart(tmp_path: Path, change: dict[str, Any]) -> None:
    path, network = trained(tmp_path / "net.pth", backbone="resnet18")
    before = open_weights(path).encoder_id
    after = open_weights(changed(path, **change))
    assert after.encoder_id != before
    assert after.network is not None
    with torch.inference_mode():
        assert not torch.allclose(after.network(noise()), network(noise()))


@pytest.mark.parametrize(
    ("name", "shape"),
    [("osnet_ain_x0_25", (4, 2)), ("mobilenet_v3_small", (2, 1)), ("timm/test_vit", (4, 2))],
)
def test_maps_of_where_a_trained_network_looks(
    tmp_path: Path, crops: list[Image], name: str, shape: tuple[int, int]
) -> None:
    path, network = trained(tmp_path / "net.pth", backbone=name, attention="non-local")
    encoder = build_encoder(EncoderConfig(weights=path, backend="torch", device="cpu"), threads=1)
    found = activation_maps(crops, path, encoder)
    assert found.method == FEATURE_MAP
    assert len(found.maps) == len(crops)
    with torch.inference_mode():
        heats = network.backbone(torch.from_numpy(prepare(crops, SMALL))).square().sum(dim=1).numpy()
    for heat, want in zip(found.maps, heats, strict=True):
        assert heat.shape == shape
        np.testing.assert_allclose(heat, (want - want.min()) / (want.max() - want.min()), atol=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"backbone": "timm/nonsense"}, "timm/nonsense is no network of timm"),
        (
            {"backbone": "mobilenet_v2", "attention": "se", "attention_at": "stages"},
            "has no stages known here",
        ),
        ({"backbone": "mobilenet_v2"}, "does not fit ReidNetwork: missing backbone"),
        ({"dropout": 1.0}, r"its architecture states dropout 1\.0, which this version"),
        ({"dimension": "long"}, "its architecture states dimension"),
    ],
    ids=str,
)
def test_files_of_networks_that_cannot_be(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    if change.get("backbone", "").startswith("timm/"):
        pytest.importorskip("timm")
    path = changed(trained(tmp_path / "net.pth")[0], **change)
    with pytest.raises(InputError, match=message) as caught:
        open_weights(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
