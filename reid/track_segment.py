"""A stretch of a camera's time and the boxes along it: what a tracklet is by content, whatever its number.

Another detector, encoder or threshold numbers and cuts tracks anew. What was said of a tracklet is found again by
where its boxes were.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.geometry import area
from reid.types import Array, Tracklet, TrackletKey

MOST_PLACES = 64  # of a segment: 1.3 kB
EVERY_S = 0.5  # between places, where MOST_PLACES allow it
NEAR_S = 0.3  # two boxes within it are of one moment
_SAME_TIME_S = 1e-3  # of what was stored and is read again
SAME_BOX = 0.5  # intersection over union
SHARE = 0.5  # of the shorter of two that must be common, and of the common places that must agree


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackSegment:
    """A tracklet of a run that was stored, by content."""

    run_id: str
    key: TrackletKey  # as it was numbered then
    start_s: float
    end_s: float
    places: (
        Array | None
    )  # (M, 5) seconds after `start_s`, box xyxy in pixels; None: a gallery of before kept none

    @property
    def camera_id(self) -> str:
        return self.key.camera_id

    def __post_init__(self) -> None:
        if self.places is not None and (self.places.ndim != 2 or self.places.shape[1] != 5):
            raise ValueError(f"TrackSegment.places must be (M, 5), got {self.places.shape}")


def places_of(tracklet: Tracklet) -> Array:
    """Its boxes at moments EVERY_S apart, fewer where that were more than MOST_PLACES; the last one too. (M, 5)."""
    times = tracklet.times_s - tracklet.start_s
    count = int(np.clip(times[-1] / EVERY_S + 2, 1, MOST_PLACES))
    rows = np.unique(np.searchsorted(times, np.linspace(0, times[-1], count)).clip(max=len(times) - 1))
    return np.column_stack([times[rows], tracklet.boxes[rows]]).astype(np.float32)


def likeness(segment: TrackSegment, tracklet: Tracklet | TrackSegment) -> float:
    """Seconds that both follow the same boxes, by how well they agree; 0: the tracklet shows something else.

    Both are of one run. Where no places are stored of either, the number and about the same time must agree.
    """
    if segment.key.camera_id != tracklet.camera_id:
        return 0.0
    together = min(segment.end_s, tracklet.end_s) - max(segment.start_s, tracklet.start_s)
    spans = segment.end_s - segment.start_s, tracklet.end_s - tracklet.start_s
    if together < SHARE * min(spans) or together < -NEAR_S:
        return 0.0
    course = _course(tracklet)
    if segment.places is None or course is None:
        either = max(segment.end_s, tracklet.end_s) - min(segment.start_s, tracklet.start_s)
        same = segment.key == tracklet.key and together >= SHARE * either
        return max(together, NEAR_S) if same else 0.0
    overlaps = _overlaps(segment, segment.places, tracklet, course)
    if np.mean(overlaps >= SAME_BOX) < SHARE:
        return 0.0
    return max(together, NEAR_S) * float(overlaps.mean())


def best_segments(
    segments: Iterable[TrackSegment], tracklets: Iterable[Tracklet | TrackSegment]
) -> dict[TrackletKey, TrackSegment]:
    """For each tracklet the segment that it is most like; tracklets that are like none are left out.

    A tracklet that is as it was stored has its segment for itself: another one in the same place, as of a person
    close by or a second box, is not taken for it.
    """
    by_camera: dict[str, list[TrackSegment]] = {}
    for segment in segments:
        by_camera.setdefault(segment.key.camera_id, []).append(segment)
    found, others = dict[TrackletKey, TrackSegment](), list[Tracklet | TrackSegment]()
    for tracklet in tracklets:
        own = by_camera.get(tracklet.camera_id, ())
        same = next((one for one in own if _is_unchanged(one, tracklet)), None)
        if same is None:
            others.append(tracklet)
        else:
            found[tracklet.key] = same
    taken = {id(one) for one in found.values()}
    for tracklet in others:
        free = (one for one in by_camera.get(tracklet.camera_id, ()) if id(one) not in taken)
        alike = [(likeness(one, tracklet), one) for one in free]
        if alike:
            most, segment = max(alike, key=lambda pair: pair[0])
            if most > 0:
                found[tracklet.key] = segment
    return found


def _is_unchanged(segment: TrackSegment, tracklet: Tracklet | TrackSegment) -> bool:
    """Whether number, times and boxes are those that were stored."""
    ends = abs(segment.start_s - tracklet.start_s), abs(segment.end_s - tracklet.end_s)
    return segment.key == tracklet.key and max(ends) <= _SAME_TIME_S and likeness(segment, tracklet) > 0


Course = tuple[NDArray[np.float64], Array]  # times (T,) and boxes (T, 4)


def _course(tracklet: Tracklet | TrackSegment) -> Course | None:
    """When and where it was; None where that is not kept."""
    if isinstance(tracklet, Tracklet):
        return tracklet.times_s, tracklet.boxes
    if tracklet.places is None:
        return None
    return tracklet.start_s + tracklet.places[:, 0].astype(np.float64), tracklet.places[:, 1:]


def _overlaps(
    segment: TrackSegment, places: Array, tracklet: Tracklet | TrackSegment, course: Course
) -> NDArray[np.float32]:
    """(M,) intersection over union at the segment's places within the tracklet, at least at one moment of both."""
    times = segment.start_s + places[:, 0].astype(np.float64)
    inside = (times >= tracklet.start_s - NEAR_S) & (times <= tracklet.end_s + NEAR_S)
    if inside.any():
        moments, boxes = times[inside], places[inside, 1:]
    else:  # the whole tracklet lies between two places
        moments = np.array([(tracklet.start_s + tracklet.end_s) / 2])
        boxes = _at(moments, times, places[:, 1:])
    return _pairwise_iou(boxes, _at(moments, *course))


def _at(moments: NDArray[np.float64], times: NDArray[np.float64], boxes: Array) -> Array:
    """Boxes (M, 4) at `moments`, between those at `times` (T,)."""
    return np.column_stack([np.interp(moments, times, column) for column in boxes.T]).astype(np.float32)


def _pairwise_iou(a: Array, b: Array) -> NDArray[np.float32]:
    """(M,) of each box of `a` with the one of `b` in its row."""
    top_left, bottom_right = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])
    shared = np.prod(np.maximum(bottom_right - top_left, 0), axis=1)
    union = area(a) + area(b) - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))
