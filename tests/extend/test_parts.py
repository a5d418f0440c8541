"""What the page's parts do, one by one, with values that are known."""

import socket
from pathlib import Path

import numpy as np
import torch

from reid.camera_config import TrackerConfig
from reid.losses.config import LossConfig
from reid.losses.objectives import Objectives
from reid.outputs.events.build import build_sinks
from reid.outputs.events.config import EventsConfig
from reid.owned_files import OwnedFiles
from reid.tracking.build import build_tracker
from reid.types import Detections, Embeddings
from tests.extend.package import modules
from tests.outputs.events.made import event


def test_parts_are_short() -> None:
    """About ten lines that do something, besides imports and settings."""
    for name, text in modules().items():
        body = text[text.index("\n\n\n") :] if name != "site_parts/writer.py" else text
        code = [
            line
            for line in body.splitlines()
            if line.strip() and not line.startswith(("#", "from", "import"))
        ]
        assert len(code) <= 25, name


def test_the_tracker_follows_two_people_and_begins_a_third(page: Path) -> None:
    tracker = build_tracker(TrackerConfig(kind="nearest", options={"reach_px": 10}), 5.0)

    def ids(*left: float) -> list[int]:
        boxes = np.array([[x, 0, x + 20, 50] for x in left], np.float32).reshape(-1, 4)
        people = Detections(boxes=boxes, scores=np.ones(len(left), np.float32))
        vectors = np.tile(np.array([[1, 0]], np.float32), (len(left), 1))
        tracks = tracker.update(
            people, Embeddings(vectors=vectors, encoder_id="e"), np.zeros((9, 9, 3), np.uint8)
        )
        return list(tracks.tracker_ids[np.argsort(tracks.detections)])

    assert ids(0, 100) == [1, 2]
    assert ids(105, 6) == [2, 1]
    assert ids(12, 130) == [1, 3]
    assert ids() == []


def test_the_loss_is_its_formula_and_is_weighted(page: Path) -> None:
    config = LossConfig.model_validate(
        {"objectives": {"spread": 2, "softmax": 1}, "options": {"spread": {"limit": 0.5}}}
    )
    generator = torch.Generator().manual_seed(0)
    made = Objectives(config, dimension=2, people=2, generator=generator).double()
    vectors = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], dtype=torch.float64, requires_grad=True)
    told = made(vectors, vectors, torch.tensor([0, 1, 1]))
    expected = (2 * (0.5**0.5 - 0.5) + 2 * 0) / 4  # pairs 0-1 and 1-0, 0-2 and 2-0
    assert abs(told.terms["spread"].item() - expected) < 1e-12
    assert abs(told.total.item() - 2 * expected - told.terms["softmax"].item()) < 1e-12
    told.total.backward()
    assert vectors.grad is not None
    assert made(vectors[:1], vectors[:1], torch.tensor([0])).terms["spread"].item() == 0


def test_the_sink_tells_what_happened(page: Path, tmp_path: Path) -> None:
    import json
    import random

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(10)
        config = EventsConfig.model_validate(
            {"also": ["datagram"], "options": {"datagram": {"port": ear.getsockname()[1]}}}
        )
        results = tmp_path / "results"
        _, sink = build_sinks(config, results, OwnedFiles(results), random.Random(0), {})
        sink.send(event(1))
        assert json.loads(ear.recv(65536))["id"] == "e1"
        sink.close(5.0)
        assert (sink.counts().name, sink.counts().sent) == ("datagram", 1)
