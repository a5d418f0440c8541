"""Things that look like people and never move: mannequins, posters, plants. Learned per camera while frames pass.

A place is a box in which a detection appeared, with a small grey template of it. Where detections come again and
again and the look stays the same for long, a thing stands. What is detected there from then on is no person, unless
the look has changed: then a person stands in front. A person who keeps still for minutes sways and turns by more than
`tolerance`, and leaves: then the look changes too, and the place is forgotten.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.camera_config import TrackletConfig
from reid.geometry import area, clip, intersection, iou
from reid.types import THING_TEMPLATE, Array, Detections, Frame, Image, StaticThing, Tracklet

ROWS, COLUMNS = THING_TEMPLATE
SAME_BOX, NEAR_BOX, INSIDE = 0.7, 0.5, 0.7  # IoU, IoU, share of a box that lies in another one
# Measured: 95 to 100 % of the cells of a mannequin that people pass before and behind are as they were in 60 % of the
# frames; those of a man who stands and reads for 12 s are 85 to 89 %, whichever frame they are compared with.
OFTEN, STEADY = 0.6, 0.94  # share of the frames, share of the cells
HARDLY_CHANGED = 0.8  # of the cells, also of those where a detection of a known thing lies
IN_FRONT = 0.6  # while fewer are unchanged, a person covers the thing
LEARN_EVERY_S = (
    0.25  # a template of every place is cut out: in each frame it would cost as much as the detector
)
SECONDS = 10.0  # with detections, at least, of which a thing is learned
LEAST_CONTRAST = 16.0  # grey levels; below, noise would be change
CANDIDATE_S = 600.0  # a place without a detection for so long is forgotten
FOLLOW_S = 60.0  # time constant by which a thing's template follows the daylight
# a thing not seen for so long is gone; a camera's night view comes back within a day
FORGOTTEN_S = 2 * 86400.0
MOST_PLACES = 100


@dataclass(slots=True, kw_only=True, eq=False)
class _Place:
    box: Array  # (4,)
    template: Array  # (ROWS, COLUMNS)
    first_s: float
    last_s: float  # last detection while unchanged
    looked_s: float  # last frame
    unchanged_s: float  # last frame in which it was unchanged
    sure: float = 0.0  # the largest confidence
    detections: int = 1
    seconds: float = 0.0  # with detections, each frame counting for a second at most
    unchanged: int = 1  # frames
    frames: int = 1
    # frames
    matched: NDArray[np.int64] = field(default_factory=lambda: np.ones(THING_TEMPLATE, dtype=np.int64))
    spans: list[list[float]] = field(default_factory=list)  # [from, to] within which nothing covered it
    crop: bytes = b""  # of a thing

    @property
    def thing(self) -> bool:
        return bool(self.crop)


class StaticPlaces:
    """What one camera has learned of things that never move.

    Args:
        config: `static_s` and `static_change`.
        sure: confidence that a thing must have reached once: one that no track begins with does no harm.
        things: what it knew before, if the camera still stands where it stood.
    """

    def __init__(
        self, camera_id: str, config: TrackletConfig, *, sure: float, things: Iterable[StaticThing] = ()
    ) -> None:
        if config.static_s is None:
            raise ValueError("static_s is null: nothing is to be learned")
        self._camera_id, self._static_s, self._change = camera_id, config.static_s, config.static_change
        self._sure = sure
        self._jpeg_quality = config.jpeg_quality
        self._places = [_remembered(one) for one in things]
        self._learned_s = -math.inf

    def update(self, frame: Frame, people: Detections) -> NDArray[np.bool_]:
        """Which detections (N,) of the next frame may be people; learns every LEARN_EVERY_S from those there are."""
        height, width = frame.image.shape[:2]
        boxes = clip(people.boxes, width, height)
        now = frame.timestamp_s
        static = self._static(boxes, frame)
        if now - self._learned_s >= LEARN_EVERY_S:
            self._learned_s = now
            self._learn(boxes, people.scores, static, frame)
            self._places = [place for place in self._places if self._worth_keeping(place, now)]
        return ~static

    def shows_thing(self, tracklet: Tracklet) -> bool:
        """Whether most of a tracklet's boxes are of a thing, maybe from before it was known for one."""
        for place in self._places:
            if place.thing and place.spans:
                begun, ended = np.array(place.spans).T
                at = np.maximum(np.searchsorted(begun, tracklet.times_s, side="right") - 1, 0)
                bare = (begun[at] <= tracklet.times_s) & (tracklet.times_s <= ended[at])
                if np.mean(bare & _on(place.box, tracklet.boxes)) >= 0.5:
                    return True
        return False

    @property
    def things(self) -> list[StaticThing]:
        """What was learned, by place; a part of a thing that was learned by itself is not told of."""
        known = [place for place in self._places if place.thing]
        whole = [one for one in known if not any(_part_of(one, other) for other in known if other is not one)]
        return [
            StaticThing(
                camera_id=self._camera_id,
                box=one.box,
                first_s=one.first_s,
                last_s=one.last_s,
                detections=one.detections,
                template=one.template,
                crop=one.crop,
            )
            for one in sorted(whole, key=lambda one: one.first_s)
        ]

    def _look(self, place: _Place, image: Image, now: float) -> NDArray[np.bool_]:
        """Which cells (ROWS, COLUMNS) of a place are as they were."""
        seen = _template(image, place.box)
        gain = float(np.median((place.template + LEAST_CONTRAST) / (seen + LEAST_CONTRAST)))
        seen = gain * (seen + LEAST_CONTRAST) - LEAST_CONTRAST
        limit = self._change * max(float(place.template.std()), LEAST_CONTRAST)
        same: NDArray[np.bool_] = np.abs(seen - place.template) <= limit
        share = same.mean()
        place.frames += 1
        place.matched += same
        if share >= HARDLY_CHANGED:
            place.unchanged += 1
            place.unchanged_s = now
            if place.thing:
                weight = same * min(0.1, (now - place.looked_s) / FOLLOW_S)
                place.template = (place.template + weight * (seen - place.template)).astype(np.float32)
        if share >= IN_FRONT:
            if place.spans and place.spans[-1][1] == place.looked_s:
                place.spans[-1][1] = now
            else:
                place.spans.append([now, now])
        place.looked_s = now
        return same

    def _static(self, boxes: Array, frame: Frame) -> NDArray[np.bool_]:
        """Which boxes (N,) are of known things: nothing has changed where the box lies, or little in all."""
        static, now = np.zeros(len(boxes), dtype=np.bool_), frame.timestamp_s
        for place in self._places:
            if not place.thing:
                continue
            cells = self._look(place, frame.image, now)
            own = _same(place.box, boxes) & (cells.mean() >= IN_FRONT)
            for row in np.flatnonzero(_on(place.box, boxes) & ~own):
                own[row] = _within(place.box, boxes[row], cells).mean() >= HARDLY_CHANGED
            if own.any():
                place.last_s, place.detections = now, place.detections + 1
            static |= own
        return static

    def _learn(self, boxes: Array, scores: Array, static: NDArray[np.bool_], frame: Frame) -> None:
        """Count the other detections for their places; those without a place get one."""
        free, now, image = ~static, frame.timestamp_s, frame.image
        for place in self._places:
            if place.thing:
                continue
            cells = self._look(place, image, now)
            own = ~static & _same(place.box, boxes)
            if not own.any():
                continue
            free &= ~own
            if cells.mean() >= HARDLY_CHANGED:
                place.seconds += min(1.0, now - place.last_s)
                place.last_s, place.detections = now, place.detections + 1
                place.sure = max(place.sure, float(scores[own].max()))
                if self._is_thing(place):
                    place.crop = _jpeg(image, place.box, self._jpeg_quality)
        for row in np.flatnonzero(free)[: max(0, MOST_PLACES - len(self._places))]:
            if (boxes[row, 2:] - boxes[row, :2]).min() >= 2:
                self._places.append(_new(boxes[row], float(scores[row]), image, now))

    def _is_thing(self, place: _Place) -> bool:
        return (
            place.last_s - place.first_s >= self._static_s
            and place.sure >= self._sure
            and place.seconds >= min(SECONDS, self._static_s / 2)
            and _steady(place)
        )

    def _worth_keeping(self, place: _Place, now: float) -> bool:
        if place.thing:
            return now - place.unchanged_s <= FORGOTTEN_S
        if now - place.first_s >= self._static_s / 2 and not _steady(place):
            return False  # the next detection begins anew, with a template that may not show a passer-by
        return 2 * place.unchanged >= place.frames and now - place.last_s <= CANDIDATE_S


def _steady(place: _Place) -> bool:
    return bool(np.mean(place.matched >= OFTEN * place.frames) >= STEADY)


def _new(box: Array, score: float, image: Image, now: float) -> _Place:
    return _Place(
        box=box.copy(),
        sure=score,
        template=_template(image, box),
        first_s=now,
        last_s=now,
        looked_s=now,
        unchanged_s=now,
        spans=[[now, now]],
    )


def _remembered(thing: StaticThing) -> _Place:
    return _Place(
        box=thing.box,
        template=thing.template,
        first_s=thing.first_s,
        last_s=thing.last_s,
        looked_s=thing.last_s,
        unchanged_s=thing.last_s,
        detections=thing.detections,
        crop=thing.crop,
    )


def _cut(image: Image, box: Array) -> Image:
    height, width = image.shape[:2]
    left, top = (
        int(min(max(edge, 0), most - 1)) for edge, most in zip(box[:2], (width, height), strict=True)
    )
    return image[top : max(top + 1, round(float(box[3]))), left : max(left + 1, round(float(box[2])))]


def _template(image: Image, box: Array) -> Array:
    small = cv2.resize(_cut(image, box), (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), dtype=np.float32)


def _jpeg(image: Image, box: Array, quality: int) -> bytes:
    ok, data = cv2.imencode(".jpg", _cut(image, box), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise RuntimeError(f"OpenCV could not write a crop of {box} as JPEG")
    return data.tobytes()


def _same(box: Array, boxes: Array) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = iou(box[None], boxes)[0] >= SAME_BOX
    return found


def _on(box: Array, boxes: Array) -> NDArray[np.bool_]:
    """Which boxes (N,) lie in `box`, or nearly are it."""
    shared = intersection(box[None], boxes)[0]
    found: NDArray[np.bool_] = (iou(box[None], boxes)[0] >= NEAR_BOX) | (
        shared >= INSIDE * np.maximum(area(boxes), 1)
    )
    return found


def _within(place: Array, box: Array, cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Those of a place's cells that a box covers, at least one."""
    size = np.maximum(place[2:] - place[:2], 1e-6)
    grid = np.array([COLUMNS, ROWS])
    start = np.clip(np.floor((box[:2] - place[:2]) / size * grid), 0, grid - 1).astype(int)
    stop = np.maximum(np.clip(np.ceil((box[2:] - place[:2]) / size * grid), 0, grid).astype(int), start + 1)
    return cells[start[1] : stop[1], start[0] : stop[0]]


def _part_of(one: _Place, other: _Place) -> bool:
    smaller = (float(area(one.box[None])[0]), one.first_s) < (float(area(other.box[None])[0]), other.first_s)
    return smaller and bool(_on(other.box, one.box[None])[0])
