"""Which tracklets cannot be one person, whatever they look like."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from reid.errors import InputError
from reid.geometry import area
from reid.types import Tracklet

MOSTLY_INSIDE = 0.7  # two tracks of which one lies in the other this much may follow one person


def apart(
    tracklets: Sequence[Tracklet], min_travel_s: Mapping[str, float], cameras: Sequence[str] = ()
) -> NDArray[np.bool_]:
    """(N, N): pairs seen at once in one camera, or in two cameras sooner than a person can walk between them.

    Args:
        min_travel_s: least seconds from leaving one camera to entering the other, by `"a-b"`, both ways.
        cameras: names of all cameras, those that saw nobody too.

    Raises:
        InputError: a key names a camera that is neither among `cameras` nor saw anybody.
    """
    names = sorted({t.camera_id for t in tracklets}.union(cameras))
    check_travel(min_travel_s, names)
    numbers = np.array([names.index(t.camera_id) for t in tracklets], dtype=np.int64)
    starts = np.array([t.start_s for t in tracklets])
    ends = np.array([t.end_s for t in tracklets])
    # seconds between the later start and the earlier end; not positive where they share a moment
    gaps = np.maximum(starts[:, None], starts[None, :]) - np.minimum(ends[:, None], ends[None, :])
    least = np.full((len(names), len(names)), -np.inf)
    for (a, b), seconds in _travel(min_travel_s, names).items():
        least[a, b] = least[b, a] = seconds
    too_fast = gaps < least[numbers[:, None], numbers[None, :]]
    together = (numbers[:, None] == numbers[None, :]) & (gaps <= 0)
    for i, j in np.argwhere(np.triu(together, 1)):
        together[i, j] = together[j, i] = two_people(tracklets[i], tracklets[j])
    result: NDArray[np.bool_] = too_fast | together
    np.fill_diagonal(result, False)
    return result


def apart_from(
    tracklet: Tracklet,
    others: Sequence[Tracklet],
    min_travel_s: Mapping[str, float],
    cameras: Sequence[str] = (),
) -> NDArray[np.bool_]:
    """(N,): which of `others` cannot be the person of `tracklet`; as `apart`, in time that grows with N only.

    What `min_travel_s` says of cameras that are none any more is nothing to anybody.
    """
    names = sorted({t.camera_id for t in others}.union(cameras, [tracklet.camera_id]))
    least = _travel(among(min_travel_s, names), names)
    numbers = {name: number for number, name in enumerate(names)}
    own, start_s, end_s = numbers[tracklet.camera_id], tracklet.start_s, tracklet.end_s
    found = np.zeros(len(others), dtype=bool)
    for place, other in enumerate(others):
        gap = max(start_s, other.start_s) - min(end_s, other.end_s)
        number = numbers[other.camera_id]
        together = number == own and gap <= 0 and two_people(tracklet, other)
        found[place] = together or gap < least.get((min(own, number), max(own, number)), -np.inf)
    return found


def two_people(a: Tracklet, b: Tracklet) -> bool:
    """Whether two tracklets of one camera that overlap in time prove two people.

    Not when no frame holds both (a track that flickers between two numbers), and not when one box lies mostly
    in the other all the time (one person detected twice, or handed over from one track to the next).
    """
    _, in_a, in_b = np.intersect1d(a.frames, b.frames, return_indices=True)
    if not len(in_a):
        return False
    boxes_a, boxes_b = a.boxes[in_a], b.boxes[in_b]
    top_left = np.maximum(boxes_a[:, :2], boxes_b[:, :2])
    bottom_right = np.minimum(boxes_a[:, 2:], boxes_b[:, 2:])
    shared = np.prod(np.maximum(bottom_right - top_left, 0), axis=1)
    inside = shared / np.maximum(np.minimum(area(boxes_a), area(boxes_b)), 1e-6)
    return float(inside.mean()) < MOSTLY_INSIDE


def check_travel(min_travel_s: Mapping[str, float], cameras: Sequence[str]) -> None:
    """Raises InputError where a key names no pair of `cameras`, before anything has been computed."""
    pairs = _pairs(sorted(cameras))
    for key in min_travel_s:
        if key not in pairs:
            raise InputError(
                f"linking.min_travel_s: '{key}' names no pair of cameras; write camera-camera with two of "
                + ", ".join(cameras)
            )


def among(min_travel_s: Mapping[str, float], cameras: Collection[str]) -> dict[str, float]:
    """What is said of pairs of these cameras: a site loses cameras while it runs, and its settings stay."""
    pairs = _pairs(sorted(cameras))
    return {key: seconds for key, seconds in min_travel_s.items() if key in pairs}


def _travel(min_travel_s: Mapping[str, float], cameras: Sequence[str]) -> dict[tuple[int, int], float]:
    """Least seconds by camera numbers; the longer one where both directions are given."""
    pairs = _pairs(cameras)
    known: dict[tuple[int, int], float] = {}
    for key, seconds in min_travel_s.items():
        first, second = sorted(pairs[key])
        known[first, second] = max(seconds, known.get((first, second), 0.0))
    return known


def _pairs(cameras: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Camera numbers by `"a-b"`: looked up, not parsed, because names may hold dashes themselves."""
    return {f"{a}-{b}": (i, j) for i, a in enumerate(cameras) for j, b in enumerate(cameras) if i != j}
