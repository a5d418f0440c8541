import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from reid.embedding.checkpoint import save_network
from reid.embedding.crops import IMAGENET
from reid.embedding.export import export_onnx, export_openvino
from reid.embedding.osnet import OSNet
from reid.types import Image

SMALL = IMAGENET.resized(64, 32)  # networks do not care, tests take a tenth of the time


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder of this session, so that no test touches the user's and exports are shared."""
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("REID_CACHE")
    os.environ["REID_CACHE"] = str(folder)
    yield folder
    if before is None:
        del os.environ["REID_CACHE"]
    else:
        os.environ["REID_CACHE"] = before


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with public weights and media."""
    folder = Path(os.environ.get("REID_SHARED", Path(__file__).resolve().parents[3] / "shared"))
    if not (folder / "weights").is_dir():
        pytest.skip("needs the shared folder: set REID_SHARED")
    return folder


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small OSNet that was never trained, in our own format."""
    path = tmp_path_factory.mktemp("weights") / "osnet.pth"
    save_network(path, random_osnet(), preprocessing=SMALL)
    return path


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network of `checkpoint` as net.onnx and net.xml."""
    folder = tmp_path_factory.mktemp("exports")
    export_onnx(folder / "net.onnx", random_osnet(), SMALL)
    export_openvino(folder / "net.xml", random_osnet(), SMALL)
    return folder


@pytest.fixture
def crops() -> list[Image]:
    rng = np.random.default_rng(3)
    sizes = [(128, 64), (1, 1), (300, 150), (40, 90), (64, 32)]
    return [rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for height, width in sizes]


def random_osnet(seed: int = 0, width: float = 0.25) -> OSNet:
    torch.manual_seed(seed)
    network = OSNet(width)
    scramble(network)
    return network.eval()


def scramble(network: nn.Module) -> None:
    """Give batch normalisations statistics that are not the identity, as trained ones are."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.2)
