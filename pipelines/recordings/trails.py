"""Trails of people in one camera: where their feet were lately, broken where their track broke."""

from dataclasses import dataclass, field

import numpy as np

from reid.geometry import iou
from reid.outputs.mot import NO_TRACK
from reid.types import Array

TRAIL_S = 2.0
HANDOVER_IOU = 0.3  # of the last box of one tracklet and the first of the next that go on with one trail
HANDOVER_S = 0.5
FAR, FAST = (
    1.0,
    5.0,
)  # body heights, and body heights a second: beyond both the track went over to another person


@dataclass(slots=True)
class _Trail:
    times_s: list[float] = field(default_factory=list)
    feet: list[tuple[float, float]] = field(default_factory=list)
    track: int = NO_TRACK
    box: Array = field(default_factory=lambda: np.zeros(4, np.float32))


class Trails:
    """The trail of each person, followed frame by frame."""

    def __init__(self) -> None:
        self._trails: dict[int, _Trail] = {}

    def follow(self, person_id: int, track_id: int, time_s: float, box: Array) -> Array:
        """The person's trail (K, 2) until this box (4,), oldest first: only what was followed without a break.

        A new tracklet begins a new trail, unless it takes over at once where the last one ended. Boxes that were
        interpolated between two tracklets have no trail.
        """
        trail = self._trails.get(person_id)
        if trail is None or not _goes_on(trail, track_id, time_s, box):
            trail = self._trails[person_id] = _Trail()
        if track_id != NO_TRACK:
            trail.times_s.append(time_s)
            trail.feet.append((float(box[0] + box[2]) / 2, float(box[3])))
        old = sum(time_s - then > TRAIL_S for then in trail.times_s)
        del trail.times_s[:old], trail.feet[:old]
        trail.track, trail.box = track_id, box
        return np.array(trail.feet, dtype=np.float32).reshape(-1, 2)


def _goes_on(trail: _Trail, track_id: int, time_s: float, box: Array) -> bool:
    if track_id == NO_TRACK or not trail.times_s:
        return False
    since_s = time_s - trail.times_s[-1]
    if track_id != trail.track:
        return since_s <= HANDOVER_S and float(iou(trail.box[None], box[None])[0, 0]) >= HANDOVER_IOU
    height = max(float(box[3] - box[1]), float(trail.box[3] - trail.box[1]), 1.0)
    x, y = trail.feet[-1]
    far = float(np.hypot((box[0] + box[2]) / 2 - x, box[3] - y)) / height
    return far <= max(FAR, FAST * since_s)
