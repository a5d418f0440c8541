"""Zones in which people are no detections."""

from collections.abc import Mapping, Sequence

from reid.types import Detections, Frame
from reid.zone_config import ZoneConfig
from reid.zones.shapes import CameraShapes


class IgnoredZones:
    """Leaves out the detections of frames whose feet are in a zone to ignore of their camera."""

    def __init__(self, zones: Mapping[str, Sequence[ZoneConfig]]) -> None:
        self._shapes: dict[str, CameraShapes] = {}
        self.set(zones)

    def set(self, zones: Mapping[str, Sequence[ZoneConfig]]) -> None:
        """Take these zones from now on."""
        ignored = {
            camera_id: [zone for zone in own if zone.purpose == "ignore"] for camera_id, own in zones.items()
        }
        self._zones = {camera_id: own for camera_id, own in ignored.items() if own}
        self._shapes.clear()

    def __call__(self, frame: Frame, people: Detections) -> Detections:
        """The detections that count."""
        own = self._zones.get(frame.camera_id)
        if own is None or not len(people):
            return people
        size = frame.image.shape[1], frame.image.shape[0]
        shapes = self._shapes.get(frame.camera_id)
        if shapes is None or shapes.size != size:
            shapes = self._shapes[frame.camera_id] = CameraShapes(own, size)
        kept = shapes.kept(people.boxes)
        return Detections(boxes=people.boxes[kept], scores=people.scores[kept])
