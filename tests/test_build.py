"""Both networks from their config sections."""

from pathlib import Path

import numpy as np
import pytest

from reid.build import build_models
from reid.camera_config import DetectorConfig, EncoderConfig
from reid.embedding.checkpoint import save_network
from reid.errors import InputError
from tests.detection.conftest import make, weights
from tests.embedding.conftest import SMALL, random_osnet

__all__ = ["make", "weights"]  # fixtures


def test_networks_are_ready(weights: Path, tmp_path: Path) -> None:
    encoder = tmp_path / "net.pth"
    save_network(encoder, random_osnet(), preprocessing=SMALL)
    models = build_models(
        DetectorConfig(weights=weights, image_size=64, device="cpu", backend="native"),
        EncoderConfig(weights=encoder, device="cpu", backend="torch"),
        threads=1,
    )
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert models.detector.model_s == 0, "warming up does not count"
    (people,) = models.detector.detect([image])
    assert len(people)
    assert models.encoder.encode([image]).vectors.shape == (1, models.encoder.dimension)


def test_missing_detector(tmp_path: Path) -> None:
    config = DetectorConfig(weights=tmp_path / "absent.pt")
    with pytest.raises(InputError, match="no such detector"):
        build_models(config, EncoderConfig(), threads=1)
