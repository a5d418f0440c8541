"""What is kept, while a site runs, of what a person said to be none: to leave it out, and to take that back."""

from collections.abc import Sequence
from dataclasses import dataclass

from reid.geometry import iou
from reid.linking.online import Recent
from reid.live.identity.known_tracklets import KnownTracklets
from reid.types import Array, Tracklet, TrackletKey

SAME_PLACE = 0.5  # intersection over union with a box of what was ignored: there it is not asked about again


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """Where a tracklet was and what it looked like: all that is kept of what was ignored."""

    camera_id: str
    boxes: Array  # (T, 4)
    mean: Array  # (D,) unit, from the centre, without the camera's bias

    def is_like(self, tracklet: Tracklet, mean: Array, max_distance: float) -> bool:
        """Whether a tracklet of that mean is at the same place, and as near as one person."""
        if tracklet.camera_id != self.camera_id:
            return False
        overlap = float(iou(tracklet.boxes.mean(axis=0, keepdims=True), self.boxes).max())
        return overlap >= SAME_PLACE and 1.0 - float(mean @ self.mean) <= max_distance


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NoPerson:
    """What was taken for a person, as it was when it was ignored."""

    person_id: int
    remembered: bool  # from before the last minutes
    recent: dict[TrackletKey, Recent]  # of the last minutes, which an undo puts back
    known: KnownTracklets
    looks: Sequence[Look]  # which are not asked about again
