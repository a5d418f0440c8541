"""Cameras in which no person was found since they began: a wrong class or confidence looks like an empty street."""

import logging
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

AFTER_S = 600.0


@dataclass(slots=True)
class Emptiness:
    """Says once of each camera that no person was found in it yet; of one that has seen a person, never."""

    classes: str  # of the detector, that are taken for people
    _since_s: dict[str, float] = field(default_factory=dict)  # monotonic
    _settled: set[str] = field(default_factory=set)

    def update(self, camera_id: str, people: int, now_s: float) -> None:
        """Take the number of people in a frame of a camera."""
        if camera_id in self._settled:
            return
        since_s = self._since_s.setdefault(camera_id, now_s)
        if people:
            self._settled.add(camera_id)
        elif now_s - since_s >= AFTER_S:
            self._settled.add(camera_id)
            log.warning(
                "%s: no person was found in its first %.0f minutes; if there were people, check the detector's "
                "classes (taken: %s), --detector.confidence, --detector.image_size, and that the frames are upright",
                camera_id,
                AFTER_S / 60,
                self.classes,
            )
