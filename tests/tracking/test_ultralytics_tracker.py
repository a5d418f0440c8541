"""The trackers, on boxes whose paths are known."""

from typing import Any

import numpy as np
import pytest

from reid.camera_config import TrackerConfig
from reid.tables import TRACKERS
from reid.tracking.tracker import Tracker
from reid.tracking.ultralytics_tracker import UltralyticsTracker
from tests.tracking.walkers import BLANK, DIMENSION, found, looks, person, step
from tests.weight import held_bytes

KINDS = sorted(TRACKERS.built_in)
APPEARANCE = ("botsort", "deepocsort")


def build(kind: str, fps: float = 10, **settings: Any) -> Tracker:
    return UltralyticsTracker(TrackerConfig(kind=kind, **settings), fps)  # type: ignore[arg-type]


def test_all_kinds_are_here() -> None:
    assert set(KINDS) == {"bytetrack", "botsort", "ocsort", "deepocsort"}


@pytest.mark.parametrize("kind", KINDS)
def test_two_people_cross(kind: str) -> None:
    """They pass each other in opposite directions, one a little in front; each keeps its number."""
    tracker = build(kind)
    seen = [step(tracker, {0: person(100 + 8 * t), 1: person(420 - 8 * t, y=112)}) for t in range(40)]
    assert set(seen[0].values()) == {1, 2}
    assert all(frame == seen[0] for frame in seen)


@pytest.mark.parametrize("kind", KINDS)
def test_appearance_decides_where_boxes_cannot(kind: str) -> None:
    """Two people close together swap places between two frames: only vectors can tell."""
    tracker = build(kind)
    left, right = person(300), person(308)
    before = [step(tracker, {0: left, 1: right}) for _ in range(10)][-1]
    after = [step(tracker, {0: right, 1: left}) for _ in range(10)][-1]
    assert (after == before) == (kind in APPEARANCE)


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_start_at_one_in_every_tracker(kind: str) -> None:
    a, b = build(kind), build(kind)
    in_a, in_b = set[int](), set[int]()
    for t in range(30):
        in_a |= set(step(a, {0: person(100 + t)}).values())
        in_b |= set(step(b, {0: person(300 - t), 1: person(500 - t)}).values())
    assert (in_a, in_b) == ({1}, {1, 2})
    step(a, {0: person(129), 1: person(450)})
    assert set(step(a, {0: person(129), 1: person(450)}).values()) == {1, 2}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_point_at_detections(kind: str) -> None:
    """Weak ones, which trackers sort out first, must not shift the row numbers of the others."""
    tracker = build(kind)
    boxes = [person(50), person(200), person(350), person(500)]
    for _ in range(5):
        tracker.update(found(boxes), looks(range(4)), BLANK)
    order = [2, 0, 3, 1]
    scores = [0.2, 0.9, 0.05, 0.9]
    tracks = tracker.update(found([boxes[i] for i in order], scores), looks(order), BLANK)
    by_row = dict(zip(tracks.detections.tolist(), tracks.tracker_ids.tolist(), strict=True))
    before = {i: i + 1 for i in range(4)}
    assert by_row == {0: before[2], 1: before[0], 3: before[1]}, "the third is below low_confidence"


@pytest.mark.parametrize("kind", KINDS)
def test_empty_frames(kind: str) -> None:
    tracker = build(kind)
    assert step(tracker, {}) == {}
    step(tracker, {0: person(100)})
    number = step(tracker, {0: person(100)})[0]
    tracks = tracker.update(found([]), looks([]), BLANK)
    assert tracks.tracker_ids.dtype == tracks.detections.dtype == np.int64
    assert tracks.tracker_ids.shape == (0,)
    assert step(tracker, {0: person(100)}) == {0: number}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("fps", "lost_s", "away", "kept"), [
    (10, 1.0, 8, True),
    (10, 1.0, 15, False),
    (5, 1.0, 8, False),
    (30, 1.0, 25, True),
    (10, 4.0, 35, True),
    (10, 0.0, 5, False),
])  # fmt: skip
def test_a_lost_track_waits_for_seconds_not_frames(
    kind: str, fps: float, lost_s: float, away: int, kept: bool
) -> None:
    tracker = build(kind, fps, lost_s=lost_s)
    before = [step(tracker, {0: person(100)}) for _ in range(20)][-1]
    for _ in range(away):
        assert step(tracker, {}) == {}
    after = [step(tracker, {0: person(100)}) for _ in range(3)][-1]
    assert (after == before) == kept


@pytest.mark.parametrize("kind", KINDS)
def test_new_tracks_need_confidence(kind: str) -> None:
    tracker = build(kind, new_confidence=0.5)
    for _ in range(10):
        tracks = tracker.update(found([person(100), person(400)], [0.45, 0.9]), looks([0, 1]), BLANK)
    assert tracks.detections.tolist() == [1]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_memory_is_bounded(kind: str) -> None:
    """People come and go for ever, one stays: what is kept does not add up."""
    tracker = build(kind)

    def pass_by(first: int, last: int) -> int:
        for number in range(first, last):  # each is seen for 2 frames, where nobody was seen before
            for _ in range(2):
                step(tracker, {0: person(0), 1 + number % (DIMENSION - 1): person(60 * number)})
        return held_bytes(tracker)

    before = pass_by(1, 60)
    after = pass_by(60, 360)
    assert step(tracker, {0: person(0)}) == {0: 1}, "the one who stays"
    assert after < before * 1.2 + 2000


@pytest.mark.parametrize("kind", APPEARANCE)
def test_looks_do_not_carry_a_number_across_the_frame(kind: str) -> None:
    """One leaves; at once another, who looks the same, is seen far away."""

    def numbers(**settings: Any) -> set[int]:
        tracker = build(kind, **settings)
        before = [step(tracker, {0: person(20 + t)}) for t in range(10)]
        after = [step(tracker, {0: person(500 + t)}) for t in range(10)]
        return {number for frame in before + after for number in frame.values()}

    assert len(numbers()) == 2
    assert len(numbers(possible_speed=None)) == 1


@pytest.mark.parametrize("kind", APPEARANCE)
@pytest.mark.parametrize(("fps", "stride"), [(10, 12), (1, 80), (10, 25)])
def test_looks_follow_walkers_and_runners(kind: str, fps: float, stride: float) -> None:
    """1.2 and 2.5 body heights a second, and 0.8 at one frame a second: boxes hardly overlap, or not at all."""
    tracker = build(kind, fps=fps, possible_speed=3.0)
    seen = [step(tracker, {0: person(20 + stride * t)}) for t in range(6)]
    assert {number for frame in seen for number in frame.values()} == {1}


@pytest.mark.parametrize("kind", APPEARANCE)
def test_who_comes_out_from_behind_a_pillar_keeps_the_number(kind: str) -> None:
    tracker = build(kind)
    before = [step(tracker, {0: person(20 + 8 * t)}) for t in range(10)]
    for _ in range(12):
        step(tracker, {})
    after = [step(tracker, {0: person(260 + 8 * t)}) for t in range(5)]
    assert {number for frame in before + after for number in frame.values()} == {1}
