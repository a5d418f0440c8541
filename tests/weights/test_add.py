"""Putting a trained network into the weights folder."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.cli.main import main
from pipelines.networks.chosen import start_of
from reid.camera_config import EncoderConfig
from reid.detection.state import read_state, save_state
from reid.detection.training import PersonModel
from reid.embedding.build import build_encoder
from reid.embedding.checkpoint import save_network
from reid.embedding.crops import IMAGENET
from reid.embedding.network import ReidNetwork
from reid.embedding.network_config import NetworkConfig
from reid.errors import InputError
from tests.weights.shipping import flip, seal, ship, write

SIZE = (64, 32)


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "model.pth"
    save_network(
        path, ReidNetwork(NetworkConfig(), SIZE), preprocessing=replace(IMAGENET, height=64, width=32)
    )
    return path


def test_half_the_bytes_and_the_same_vectors(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ship(monkeypatch, tmp_path / "clone")
    assert main(["weights", "add", str(trained), "person", "--quiet"]) == 0
    added = folder / "person.pth"
    assert added.stat().st_size < 0.65 * trained.stat().st_size
    crops = list(np.random.default_rng(0).integers(0, 256, (4, 80, 40, 3), dtype=np.uint8))
    vectors = [
        build_encoder(EncoderConfig(weights=path, backend="torch")).encode(crops).vectors
        for path in (trained, added)
    ]
    assert np.abs(vectors[0] - vectors[1]).max() < 2e-3
    assert vectors[1].dtype == np.float32


def test_a_detector_to_train_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ship(monkeypatch, tmp_path / "clone")
    torch.manual_seed(0)
    state = PersonModel().state_dict()
    save_state(tmp_path / "detector.pth", state, image_size=640, epochs=1)
    assert main(["weights", "add", str(tmp_path / "detector.pth"), "finder", "--quiet"]) == 0
    added = folder / "finder.pth"
    assert added.stat().st_size < 0.55 * (tmp_path / "detector.pth").stat().st_size
    again = read_state(added)
    assert all(torch.allclose(again[key], value, atol=1e-2) for key, value in state.items())
    entry = {"name": "finder", "kind": "start", "path": "finder.pth"}
    write(folder, entry)
    seal()
    assert start_of(Path("shipped:finder"), "start") == added
    flip(added)
    with pytest.raises(InputError, match=r"finder\.pth: not the file that ships with reid"):
        start_of(Path("shipped:finder"), "start")


def test_folders_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ship(monkeypatch, tmp_path / "clone")
    exported = tmp_path / "x_openvino_model"
    exported.mkdir()
    (exported / "x.xml").write_text("<net/>")
    assert main(["weights", "add", str(exported), "finder", "--quiet"]) == 0
    assert (folder / "finder_openvino_model" / "x.xml").read_text() == "<net/>"


def test_nothing_is_replaced(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ship(monkeypatch, tmp_path / "clone")
    (folder / "person.pth").write_bytes(b"precious")
    assert main(["weights", "add", str(trained), "person"]) != 0
    assert "there already; remove it first" in " ".join(capsys.readouterr().err.split())
    assert (folder / "person.pth").read_bytes() == b"precious"
    assert main(["weights", "add", str(tmp_path / "none.pth"), "other"]) != 0
