"""Config section -> component, with explicit keywords."""

from dataclasses import dataclass

from reid.camera_config import DetectorConfig, EncoderConfig
from reid.detection.build import build_detector
from reid.detection.detector import Detector
from reid.embedding.build import build_encoder
from reid.embedding.encoder import Encoder


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """The two networks."""

    detector: Detector
    encoder: Encoder


def build_models(detector: DetectorConfig, encoder: EncoderConfig, *, threads: int | None) -> Models:
    """Both networks, loaded and warmed up.

    Args:
        threads: CPU threads of one call, None: all; the detector takes the cores the process may run on.
    """
    return Models(detector=build_detector(detector), encoder=build_encoder(encoder, threads=threads))
