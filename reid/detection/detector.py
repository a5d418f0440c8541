"""What the program asks of a detector."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from reid.types import Detections, Image


@runtime_checkable
class Detector(Protocol):
    """Finds people."""

    model_s: float  # seconds spent in the network so far
    classes: str  # those of the network that are taken for people, for people: `person (0)`

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """One `Detections` per image (H, W, 3) BGR, boxes in that image's pixels."""
        ...
