"""8-bit networks: what they keep of the float network's vectors, and what they cost."""

import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from pipelines.cli.main import main
from reid.camera_config import EncoderConfig
from reid.embedding.build import build_encoder
from reid.embedding.checkpoint import save_network
from reid.embedding.crops import IMAGENET
from reid.embedding.network import ReidNetwork
from reid.embedding.network_config import NetworkConfig

SIZE = (64, 32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small network, and images in folders."""
    torch.manual_seed(0)
    network = ReidNetwork(NetworkConfig(backbone="efficientnet_lite0", dimension=32), SIZE)
    network.train()(torch.randn(32, 3, *SIZE))  # so that normalisations have seen something
    save_network(tmp_path / "model.pth", network, preprocessing=replace(IMAGENET, height=64, width=32))
    rng = np.random.default_rng(0)
    for number in range(24):
        path = tmp_path / "crops" / str(number % 3) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        small = rng.integers(0, 256, (8, 4, 3), dtype=np.uint8)
        cv2.imwrite(str(path), cv2.resize(small, (32, 64), interpolation=cv2.INTER_CUBIC))
    return tmp_path


@pytest.mark.slow
def test_the_vectors_stay_close_and_the_file_small(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nncf", reason="needs nncf: pip install 'reidentify[quantise]'")
    monkeypatch.chdir(folder)
    assert main(["quantise", "model.pth", "crops", "out/int8.xml", "--quiet"]) == 0
    crops = [cv2.imread(str(path)) for path in sorted((folder / "crops").rglob("*.png"))]
    both = [
        build_encoder(EncoderConfig(weights=folder / name)).encode(crops)
        for name in ("model.pth", "out/int8.xml")
    ]
    cosine = (both[0].vectors * both[1].vectors).sum(axis=1)
    assert cosine.mean() > 0.97
    assert both[0].encoder_id != both[1].encoder_id
    size = (folder / "out" / "int8.bin").stat().st_size
    assert size < 0.35 * (folder / "model.pth").stat().st_size
    assert main(["quantise", "model.pth", "crops", "out/int8.xml", "--quiet"]) == 0  # its own is replaced


@pytest.mark.parametrize("name", ["mine.xml", "mine.bin"])
def test_a_file_of_the_user_is_not_replaced(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    (folder / name).write_text("<net/>")
    assert main(["quantise", "model.pth", "crops", "mine.xml"]) == 2
    assert f"{name}: is there already and is not a network that reid wrote" in capsys.readouterr().err
    assert (folder / name).read_text() == "<net/>"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("model.pth none out.xml", "none: no such folder"),
        ("model.pth empty out.xml", "empty: fewer than two readable images"),
        ("model.pth crops out.onnx", "must be a file whose name ends with .xml"),
        ("model.onnx crops out.xml", "model.onnx: no such file"),
    ],
)
def test_bad_input(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: str,
    sentence: str,
) -> None:
    monkeypatch.chdir(folder)
    (folder / "empty").mkdir()
    assert main(["quantise", *words.split()]) != 0
    assert sentence in " ".join(capsys.readouterr().err.split())


def test_without_nncf(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setitem(sys.modules, "nncf", None)
    assert main(["quantise", "model.pth", "crops", "out.xml"]) != 0
    assert "pip install 'reidentify[quantise]'" in " ".join(capsys.readouterr().err.split())
    assert not (folder / "out.xml").exists()
