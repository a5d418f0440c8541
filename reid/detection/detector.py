"""What the program asks of a detector."""

from collections.abc import Sequence
from typing import Protocol

from reid.types import Detections, Image


class Detector(Protocol):
    """Finds people. `detector_id` names weights and settings by content; `model_s` counts time in the network."""

    detector_id: str
    model_s: float
    classes: str  # those of the network that are taken for people, for people: `person (0)`

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """One `Detections` per image (H, W, 3) BGR, boxes in that image's pixels."""
        ...
