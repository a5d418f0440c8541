"""What the program asks of a tracker."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from reid.types import Detections, Embeddings, Image


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tracks:
    """Which detection of one frame belongs to which track."""

    tracker_ids: NDArray[np.int64]  # (N,)
    detections: NDArray[np.int64]  # (N,) row numbers of the frame's detections


@runtime_checkable
class Tracker(Protocol):
    """Follows people through the frames of one camera, which come in order."""

    def update(self, detections: Detections, embeddings: Embeddings, image: Image) -> Tracks:
        """Tracks of this frame; `embeddings` has one row per detection."""
        ...

    def at_rate(self, fps: float) -> None:
        """So many frames a second come from now on."""
        ...
