"""Search by photo for programs that run on: networks loaded with the first photo, one photo at a time."""

import threading
from collections.abc import Callable, Sequence
from functools import cached_property

from reid.camera_config import DetectorConfig, EncoderConfig
from reid.detection.detector import Detector
from reid.embedding.encoder import Encoder
from reid.errors import InputError
from reid.search.photo import CONFIDENCE, Box
from reid.search.query import PhotoQuery, query
from reid.search.rates import SearchRates
from reid.shipped_weights import encoder_with, path_of
from reid.types import Image


class PhotoSearch:
    """Networks and rates of a search; any thread may ask, and waits for its turn.

    Args:
        encoder, detector: load the networks.
        rates: what the encoder's calibration says; None: nothing.
    """

    def __init__(
        self,
        encoder: Callable[[], Encoder],
        detector: Callable[[], Detector],
        rates: SearchRates | None,
    ) -> None:
        self._load_encoder, self._load_detector = encoder, detector
        self._lock = threading.Lock()
        self.rates = rates

    @classmethod
    def of(
        cls,
        encoder_id: str,
        rates: SearchRates | None,
        encoder: EncoderConfig | None = None,
        detector: DetectorConfig | None = None,
    ) -> "PhotoSearch":
        """With the encoder of that id: the one that is given, else the one that ships; and a detector likewise."""

        def load_encoder() -> Encoder:
            from reid.embedding.build import build_encoder  # brings torch

            if encoder is not None and encoder.weights is not None:
                return build_encoder(encoder)
            entry = encoder_with(encoder_id)
            if entry is None:
                raise InputError(
                    f"the people here were seen by encoder {encoder_id}, which does not ship with reid, so no photo "
                    "can be compared with them on this page; `reid search --encoder FILE` does it"
                )
            return build_encoder(EncoderConfig(weights=path_of(entry)))

        def load_detector() -> Detector:
            from reid.detection.build import build_detector

            chosen = detector or DetectorConfig()
            return build_detector(chosen.model_copy(update={"confidence": CONFIDENCE}))

        return cls(load_encoder, load_detector, rates)

    def query(
        self,
        photos: Sequence[tuple[str, Image]],
        *,
        persons: Sequence[int] = (),
        boxes: Sequence[Box] = (),
    ) -> PhotoQuery:
        """The person of photos; see `reid.search.query.query`."""
        with self._lock:
            return query(photos, lambda: self._encoder, lambda: self._detector, persons=persons, boxes=boxes)

    @cached_property
    def _encoder(self) -> Encoder:
        return self._load_encoder()

    @cached_property
    def _detector(self) -> Detector:
        return self._load_detector()
