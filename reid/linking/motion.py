"""What motion is possible within one camera: how fast people move and grow in its image, from their own tracks.

Lengths are in body sizes, so that near and far people count alike. A body's size is its box's height, or twice its
width where that is more: with legs hidden, or seen from above, the height alone is too little.

The camera is taken to stand still. What is judged is the end of one tracklet and the start of the next; whoever
leaves and comes back elsewhere needs more time than the straight way, so the bound holds for them too.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from reid.types import Tracklet

STEP_S = 0.3  # over less, the detector's jitter looks like speed
LEAST_TRACKLETS = 8  # fewer prove nothing of a camera
KEPT = 500  # latest tracklets of a camera that count
FASTEST = 0.9  # quantile of tracklets' own speeds and growths
FACTOR = 2.0  # how much faster than those the next one may be
OWN_FACTOR = 1.5  # how much faster a person may become than their own tracklet was
SPEEDS, USUAL_SPEED = (2.0, 5.0), 3.0  # body sizes a second: a fast walk is 1, a sprint 5
GROWTHS, USUAL_GROWTH = (
    (0.5, 1.5),
    1.0,
)  # of the logarithm of the size a second; walking past at 3 m it is 0.5
JITTER = 0.75  # body sizes that a box may be off its person
RATIO = np.log(1.6)  # by which a pose or a half hidden box changes what is left of a size
BORDER = 0.02  # share of the frame within which a box may be cut by its border
HORIZON_S = 30.0  # after that long there is no bound

Floats = NDArray[np.float64]
Boxes = NDArray[np.floating]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraMotion:
    """What people in one camera can do at most."""

    speed: float = USUAL_SPEED  # body sizes a second
    growth: float = USUAL_GROWTH  # of the logarithm of the size, a second
    tracklets: int = 0  # that it was learned from
    extent: tuple[float, float] = (np.inf, np.inf)  # right and bottom end of all boxes, pixels

    @property
    def learned(self) -> bool:
        """Whether enough was seen; otherwise the usual values hold."""
        return self.tracklets >= LEAST_TRACKLETS


@dataclass(slots=True)
class _Seen:
    speeds: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=KEPT))
    extent: tuple[float, float] = (0.0, 0.0)


class MotionModel:
    """Motion by camera, learned from one ended tracklet after the other."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}
        self._known: dict[str, CameraMotion] = {}  # until more is learned

    def learn(self, tracklet: Tracklet) -> None:
        """Take a tracklet that has ended; those too short to have a speed only tell how far the image reaches."""
        seen = self._seen.setdefault(tracklet.camera_id, _Seen())
        right, bottom = tracklet.boxes[:, 2:].max(axis=0).tolist()
        seen.extent = max(seen.extent[0], right), max(seen.extent[1], bottom)
        if (own := _own_speeds(tracklet.times_s, tracklet.boxes)) is not None:
            seen.speeds.append(own)
        self._known.pop(tracklet.camera_id, None)

    @property
    def cameras(self) -> list[str]:
        """Cameras that tracklets came from."""
        return list(self._seen)

    def camera(self, name: str) -> CameraMotion:
        """What is known of a camera by now."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = _of_camera(self._seen.get(name, _Seen()))
        return known


def learned(tracklets: Iterable[Tracklet]) -> dict[str, CameraMotion]:
    """Motion by camera, from all tracklets of a recording."""
    model = MotionModel()
    for tracklet in tracklets:
        model.learn(tracklet)
    return {name: model.camera(name) for name in model.cameras}


def _of_camera(seen: _Seen) -> CameraMotion:
    if len(seen.speeds) < LEAST_TRACKLETS:
        return CameraMotion(tracklets=len(seen.speeds), extent=seen.extent)
    speed, growth = FACTOR * np.quantile(np.array(seen.speeds), FASTEST, axis=0)
    return CameraMotion(
        speed=float(np.clip(speed, *SPEEDS)),
        growth=float(np.clip(growth, *GROWTHS)),
        tracklets=len(seen.speeds),
        extent=seen.extent,
    )


def impossible(tracklets: Sequence[Tracklet], motion: Mapping[str, CameraMotion]) -> NDArray[np.bool_]:
    """(N, N): pairs of one camera, one after the other, between which no person gets from place to place.

    Pairs that share a frame are not judged: see `constraints.apart`. Nor are those of cameras that `motion` lacks.
    """
    found = np.zeros((len(tracklets),) * 2, dtype=bool)
    for name in motion.keys() & {one.camera_id for one in tracklets}:
        own = np.array([i for i, one in enumerate(tracklets) if one.camera_id == name])
        starts = np.array([tracklets[i].start_s for i in own])
        own, starts = own[(order := np.argsort(starts, kind="stable"))], starts[order]
        for place, i in enumerate(own.tolist()):
            stop = int(np.searchsorted(starts, tracklets[i].end_s + HORIZON_S, side="right"))
            later = own[place + 1 : stop]
            rows = impossible_from(tracklets[i], [tracklets[j] for j in later.tolist()], motion)
            found[i, later] = found[later, i] = rows
    return found


def impossible_from(
    tracklet: Tracklet, others: Sequence[Tracklet], motion: Mapping[str, CameraMotion]
) -> NDArray[np.bool_]:
    """(N,): which of `others` cannot be the person of `tracklet`, as `impossible`."""
    found = np.zeros(len(others), dtype=bool)
    if (limits := motion.get(tracklet.camera_id)) is None:
        return found
    start_s, end_s = tracklet.start_s, tracklet.end_s
    near = [
        place
        for place, other in enumerate(others)
        if other.camera_id == tracklet.camera_id
        and other.start_s <= end_s + HORIZON_S
        and other.end_s >= start_s - HORIZON_S
    ]
    if not near:
        return found
    for place in np.array(near)[_doubtful(tracklet, [others[i] for i in near], limits)].tolist():
        first, second = sorted((tracklet, others[place]), key=lambda one: (one.start_s, one.end_s))
        found[place] = _cannot(first, second, limits)
    return found


def _doubtful(one: Tracklet, others: Sequence[Tracklet], limits: CameraMotion) -> NDArray[np.bool_]:
    """Which pairs the boxes at their ends do not clear; of overlapping ones all. Quick: most pairs are possible."""
    before = np.array([other.end_s < one.start_s for other in others])
    after = np.array([other.start_s > one.end_s for other in others])
    theirs = np.array(
        [other.boxes[-1 if early else 0] for other, early in zip(others, before, strict=True)], np.float64
    )
    own = np.where(before[:, None], one.boxes[0], one.boxes[-1]).astype(np.float64)
    gaps_s = np.where(
        before,
        one.start_s - np.array([other.end_s for other in others]),
        np.array([other.start_s for other in others]) - one.end_s,
    )
    doubtful: NDArray[np.bool_] = ~(before | after) | _beyond(own, theirs, gaps_s, limits)
    return doubtful


def _cannot(first: Tracklet, second: Tracklet, limits: CameraMotion) -> bool:
    """Whether a person would have to move too fast wherever one tracklet takes over from the other.

    Both the very boxes and the middle ones of the STEP_S around must say so: single boxes may be wrong.
    """
    own = [_own_speeds(one.times_s, one.boxes) or (0.0, 0.0) for one in (first, second)]
    speed, growth = (OWN_FACTOR * max(pair) for pair in zip(*own, strict=True))
    limits = replace(limits, speed=max(limits.speed, speed), growth=max(limits.growth, growth))
    return any(
        bool(_beyond(a.boxes[[i]], b.boxes[[j]], np.array([b.times_s[j] - a.times_s[i]]), limits)[0])
        and bool(_beyond(*_middles(a, i, b, j), limits)[0])
        for a, i, b, j in _handovers(first, second)
    )


def _handovers(first: Tracklet, second: Tracklet) -> Iterator[tuple[Tracklet, int, Tracklet, int]]:
    """Last box of one tracklet and next box of the other, wherever the person would pass over; none at once."""
    if second.start_s > first.end_s:
        yield first, len(first.frames) - 1, second, 0
        return
    if len(np.intersect1d(first.frames, second.frames)):
        return
    times_s = np.concatenate([first.times_s, second.times_s])
    owner = np.repeat([0, 1], [len(first.frames), len(second.frames)])
    index = np.concatenate([np.arange(len(first.frames)), np.arange(len(second.frames))])
    order = np.argsort(times_s, kind="stable")
    pair = first, second
    for place in np.flatnonzero(np.diff(owner[order])).tolist():
        here, there = order[place], order[place + 1]
        if times_s[there] > times_s[here]:
            yield pair[owner[here]], int(index[here]), pair[owner[there]], int(index[there])


def _middles(a: Tracklet, i: int, b: Tracklet, j: int) -> tuple[Floats, Floats, Floats]:
    """Median boxes (1, 4) of STEP_S until box i of `a` and from box j of `b`, and the seconds between (1,)."""
    first = int(np.searchsorted(a.times_s, a.times_s[i] - STEP_S))
    stop = int(np.searchsorted(b.times_s, b.times_s[j] + STEP_S, side="right"))
    early, late = slice(first, i + 1), slice(j, stop)
    seconds = np.median(b.times_s[late]) - np.median(a.times_s[early])
    return (
        np.median(a.boxes[early], axis=0, keepdims=True).astype(np.float64),
        np.median(b.boxes[late], axis=0, keepdims=True).astype(np.float64),
        np.array([seconds]),
    )


def _beyond(a: Boxes, b: Boxes, seconds: Floats, limits: CameraMotion) -> NDArray[np.bool_]:
    """(N,): whether the way from box a to box b (N, 4) is impossible in so many seconds (N,)."""
    far, ratio = _difference(a, b)
    too_far = far > JITTER + limits.speed * seconds
    changed = ratio > RATIO + limits.growth * seconds
    result: NDArray[np.bool_] = too_far | (changed & ~_cut(a, limits) & ~_cut(b, limits))
    return result


def _difference(a: Boxes, b: Boxes) -> tuple[Floats, Floats]:
    """How far apart boxes (N, 4) lie, in body sizes (N,), and by how much both sides changed, as logarithm (N,).

    Apart by what lies nearest of top, middle and bottom, changed by the side that changed less: a half hidden
    person's box keeps one of them.
    """
    a, b = a.astype(np.float64), b.astype(np.float64)
    sides_a, sides_b = (np.maximum(x[:, 2:] - x[:, :2], 1.0) for x in (a, b))
    size = np.maximum(*(np.maximum(2 * sides[:, 0], sides[:, 1]) for sides in (sides_a, sides_b)))
    across = (b[:, 0] + b[:, 2] - a[:, 0] - a[:, 2]) / 2
    top, bottom = b[:, 1] - a[:, 1], b[:, 3] - a[:, 3]
    down = np.min(np.abs([top, bottom, (top + bottom) / 2]), axis=0)
    change = np.log(sides_b / sides_a)
    same_way = np.sign(change[:, 0]) == np.sign(change[:, 1])
    return np.hypot(across, down) / size, np.where(same_way, np.abs(change).min(axis=1), 0.0)


def _cut(boxes: Boxes, limits: CameraMotion) -> NDArray[np.bool_]:
    """(N,): whether the border of the image may cut a box; the image ends where boxes have ended at most."""
    extent = np.array(limits.extent)
    inside = np.where(np.isfinite(extent), BORDER * extent, 0.0)
    ends = np.hstack([boxes[:, :2] <= inside, boxes[:, 2:] >= extent - inside])
    return np.asarray(ends.any(axis=1), dtype=np.bool_)


def _own_speeds(times_s: Floats, boxes: Boxes) -> tuple[float, float] | None:
    """Near the highest speed and growth over steps of STEP_S and more; None: shorter than three such steps."""
    if times_s[-1] - times_s[0] < 3 * STEP_S:
        return None
    before = np.searchsorted(times_s, times_s - STEP_S + 1e-9, side="right") - 1
    later = np.flatnonzero(before >= 0)
    far, ratio = _difference(boxes[before[later]], boxes[later])
    step_s = times_s[later] - times_s[before[later]]
    speed, growth = np.quantile(np.stack([far, ratio]) / step_s, 0.95, axis=1).tolist()
    return speed, growth
