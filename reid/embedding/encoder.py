"""Crops to unit vectors, whatever runs the network."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from reid.distance import unit
from reid.embedding.crops import Preprocessing, prepare
from reid.types import Array, Embeddings, Image


class Encoder(Protocol):
    """Turns crops into embeddings. One object serves one thread at a time."""

    model_s: float  # seconds spent in the network so far

    @property
    def encoder_id(self) -> str:
        """Names weights and preprocessing by content: equal ids give comparable vectors."""

    @property
    def dimension(self) -> int:
        """Length of the vectors."""

    def encode(self, crops: Sequence[Image]) -> Embeddings:
        """Unit vectors (N, D) of N crops (h, w, 3) BGR of any size; none give (0, D)."""


@runtime_checkable
class Runner(Protocol):
    """A back end: runs the network on a prepared batch."""

    @property
    def dimension(self) -> int:
        """Length of the features."""

    def __call__(self, batch: Array) -> Array:
        """Features (N, D) float32, not normalised, of a batch (N, 3, H, W), N at least 1."""


class CropEncoder:
    """The encoder made of one preprocessing and one back end.

    Args:
        runner: the back end.
        preprocessing: how crops become the network's input.
        encoder_id: see `reid.embedding.weights`.
        backend: the back end's name, for logs and benchmarks; `features.extract` keeps vectors apart by it.
        device: where it runs, as configured: cpu, cuda:0, mps; likewise.
        batch: crops per call of the network at most; smaller batches are run as they are, never padded.
        weights: the file that it was loaded from; a calibration may lie beside it.
    """

    def __init__(
        self,
        runner: Runner,
        *,
        preprocessing: Preprocessing,
        encoder_id: str,
        backend: str,
        device: str,
        batch: int = 32,
        weights: Path | None = None,
    ) -> None:
        if batch < 1:
            raise ValueError(f"batch must be at least 1, got {batch}")
        self.preprocessing = preprocessing
        self.encoder_id = encoder_id
        self.backend = backend
        self.device = device
        self.batch = batch
        self.weights = weights
        self.model_s = 0.0
        self._runner = runner

    @property
    def dimension(self) -> int:
        return self._runner.dimension

    def encode(self, crops: Sequence[Image]) -> Embeddings:
        """Unit vectors of `crops` (h, w, 3) uint8 BGR, in order.

        Raises:
            ValueError: a crop is empty or not uint8 BGR, or the network gave a vector without direction.
        """
        features = np.empty((len(crops), self.dimension), dtype=np.float32)
        for start in range(0, len(crops), self.batch):
            part = crops[start : start + self.batch]
            prepared = prepare(part, self.preprocessing)
            begun = time.perf_counter()
            features[start : start + len(part)] = self._runner(prepared)
            self.model_s += time.perf_counter() - begun
        return Embeddings(vectors=unit(features), encoder_id=self.encoder_id)
