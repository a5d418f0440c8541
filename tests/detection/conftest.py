import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

os.environ["YOLO_OFFLINE"] = "true"  # read when ultralytics is imported: tests fetch and install nothing
os.environ["YOLO_AUTOINSTALL"] = "false"

Make = Callable[..., Path]


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of this session, so that no test touches the user's and exports are shared."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("REID_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Makes `.pt` detectors that were never trained, yet are sure of what they see."""

    def make(*names: str, person: int = 0, seed: int = 0) -> Path:
        from ultralytics import YOLO
        from ultralytics.nn.tasks import DetectionModel

        torch.manual_seed(seed)
        model = YOLO("yolo11n.yaml")
        model.model = DetectionModel("yolo11n.yaml", nc=len(names), verbose=False)
        model.model.names = dict(enumerate(names))
        _normalise(model.model)
        head = model.model.model[-1]
        for boxes, classes in zip(head.cv2, head.cv3, strict=True):
            torch.nn.init.normal_(boxes[-1].weight, std=0.2)
            torch.nn.init.normal_(classes[-1].weight, std=0.2)
            torch.nn.init.constant_(classes[-1].bias[person], 1.0)
        path = tmp_path_factory.mktemp("weights") / "detector.pt"
        model.save(path)
        return path

    return make


def _normalise(network: torch.nn.Module) -> None:
    """Give batch normalisations the statistics of noise; without them all signal fades on the way."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # a plain mean
    with torch.no_grad():
        network.train()(torch.rand(4, 3, 64, 64))
    network.eval()


@pytest.fixture(scope="session")
def weights(make: Make) -> Path:
    return make("person", "cat")
