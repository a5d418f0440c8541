"""A stored tracklet is found again by camera, time and boxes, whatever its number is now."""

from dataclasses import replace

import numpy as np
import pytest

from reid.geometry import iou
from reid.track_segment import MOST_PLACES, NEAR_S, SAME_BOX, TrackSegment, best_segments, likeness, places_of
from reid.types import Array, Tracklet
from tests.tracklets import FPS, tracklet


def walk(
    number: int = 1,
    first: int = 0,
    count: int = 100,
    *,
    left: float = 0.0,
    speed: float = 3.0,
    camera: str = "a",
) -> Tracklet:
    """A box of 40 x 100 that moves `speed` pixels a frame; `left` is where it is in frame 0."""
    frames = np.arange(first, first + count)
    x = left + speed * frames
    box = np.column_stack([x, np.full(count, 50.0), x + 40, np.full(count, 150.0)])
    return tracklet(camera, number, frames=frames.tolist(), box=box)


def stored(made: Tracklet, *, places: bool = True) -> TrackSegment:
    return TrackSegment(
        run_id="r",
        key=made.key,
        start_s=made.start_s,
        end_s=made.end_s,
        places=places_of(made) if places else None,
    )


def agreement_by_frame(a: Tracklet, b: Tracklet) -> float:
    """The obvious way: the share of common frames in which the boxes are the same."""
    boxes: dict[int, Array] = dict(zip(a.frames.tolist(), a.boxes, strict=True))
    common = [
        iou(boxes[frame][None], box[None])[0, 0]
        for frame, box in zip(b.frames.tolist(), b.boxes, strict=True)
        if frame in boxes
    ]
    return float(np.mean(np.array(common) >= SAME_BOX)) if common else 0.0


@pytest.mark.parametrize("seed", range(40))
def test_it_agrees_with_the_boxes_of_all_frames(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = walk(1, int(rng.integers(0, 50)), int(rng.integers(5, 900)))
    b = walk(
        2,
        a.frames[0],
        len(a.frames),
        left=float(rng.choice([0, 8, 35, 200])),
        speed=float(rng.choice([3, 3, -2])),
    )
    b = replace(b, boxes=b.boxes + rng.normal(scale=2.0, size=b.boxes.shape).astype(np.float32))
    share = agreement_by_frame(a, b)
    if abs(share - 0.5) > 0.1:
        assert (likeness(stored(a), b) > 0) == (share > 0.5)


def test_pieces_of_a_tracklet_are_found_and_the_nearest_one_wins() -> None:
    whole, beside = walk(1, 0, 3000, speed=0.1), walk(2, 0, 3000, left=20, speed=0.1)
    segments = [stored(beside), stored(whole)]
    assert len(segments[1].places) == MOST_PLACES  # type: ignore[arg-type]
    pieces = [walk(number, first, 7, speed=0.1) for number, first in ((7, 0), (8, 1003), (9, 2993))]
    found = best_segments(segments, pieces)
    assert {key.track_id: segment.key.track_id for key, segment in found.items()} == {7: 1, 8: 1, 9: 1}


def test_others_are_not_taken_for_it() -> None:
    segment = stored(walk(1, 100, 60))
    assert likeness(segment, walk(1, 100, 60, camera="b")) == 0, "another camera"
    assert likeness(segment, walk(1, 300, 60, left=-600)) == 0, "the same places later"
    assert likeness(segment, walk(1, 100, 60, left=300)) == 0, "elsewhere at that time"
    assert likeness(segment, walk(1, 100, 60, left=780, speed=-3)) == 0, "who crosses"
    assert likeness(segment, walk(5, 100, 60)) == pytest.approx(5.9)
    assert likeness(segment, walk(5, 159, 400)) == 0, "common is a frame of either"
    one = stored(walk(1, 100, 1))
    assert likeness(one, walk(2, 100, 1)) == pytest.approx(NEAR_S)


def test_without_places_number_and_time_must_agree() -> None:
    segment = stored(walk(1, 100, 60), places=False)
    assert likeness(segment, walk(1, 110, 60, left=500)) > 0
    assert likeness(segment, walk(2, 100, 60)) == 0
    assert likeness(segment, walk(1, 140, 60)) == 0


def test_places_are_half_a_second_apart_and_hold_both_ends() -> None:
    made = walk(1, 30, 100)
    places = places_of(made)
    assert places.shape == (21, 5)
    assert places[0, 0] == 0
    assert places[-1, 0] == pytest.approx(99 / FPS)
    np.testing.assert_array_equal(places[[0, -1], 1:], made.boxes[[0, -1]])
    assert (np.diff(places[:, 0]) < 0.65).all()
    with pytest.raises(ValueError, match=r"must be \(M, 5\)"):
        replace(stored(made), places=np.zeros((3, 4), dtype=np.float32))


def test_who_walks_in_the_same_place_is_not_taken_for_a_tracklet_that_is_unchanged() -> None:
    """An erased person's second box, or a person close by, became the other person otherwise."""
    erased = tracklet("a", 1, frames=range(20))
    other = tracklet("a", 2, frames=range(5, 25))
    stored = TrackSegment(
        run_id="r", key=other.key, start_s=other.start_s, end_s=other.end_s, places=places_of(other)
    )
    assert likeness(stored, erased) > 0, "they are in one place for most of the time"
    assert best_segments([stored], [erased, other]) == {other.key: stored}
    cut = tracklet("a", 7, frames=range(5, 15))
    assert best_segments([stored], [erased, cut]).keys() == {erased.key, cut.key}, (
        "tracked anew, place decides"
    )
