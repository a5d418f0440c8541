"""Tracks that have not ended: what is known of them, and the number that is promised."""

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.types import Tracklet
from tests.tracking.test_assembler import Camera, frames


def same(one: Tracklet, other: Tracklet) -> bool:
    """All but the track id."""
    arrays = ("frames", "times_s", "boxes", "scores", "moments_s", "qualities")
    return (
        (one.camera_id, one.tracker_id, one.crops) == (other.camera_id, other.tracker_id, other.crops)
        and all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays)
        and np.array_equal(one.embeddings.vectors, other.embeddings.vectors)
    )


def test_what_is_known_so_far_is_what_would_be_known_if_it_ended() -> None:
    camera = Camera(max_moments=4)
    for t in range(50):
        camera.show([6], x=100 + t)
        known, ended = camera.assembler.so_far(6), Camera(max_moments=4)
        for earlier in range(t + 1):
            ended.show([6], x=100 + earlier)
        expected = ended.finish()
        if known is None:
            assert expected == []
            continue
        assert same(known, expected[0])
        assert known.key == expected[0].key
    assert known is not None
    image = cv2.imdecode(np.frombuffer(known.crops[-1], np.uint8), cv2.IMREAD_COLOR)
    assert image.shape == (100, 40, 3)
    assert image.mean() == pytest.approx(60 + 20 * 6, abs=3)


@pytest.mark.slow
@settings(max_examples=15)
@given(st.integers(0, 1 << 30))
def test_asking_changes_nothing_but_numbers_and_promises_are_kept(seed: int) -> None:
    """Tracks that come, go, flicker and switch people, asked about at random: as without a question."""
    rng = np.random.default_rng(seed)
    limits: dict[str, Any] = {"max_gap_s": 0.6, "max_length_s": 3, "min_s": 0.35, "max_moments": 3}
    asked, silent, known = Camera(**limits), Camera(**limits), dict[int, Tracklet]()
    for _ in range(60):
        numbers = [number for number in (1, 2, 3) if rng.random() < (0.9, 0.6, 0.3)[number - 1]]
        people = [int(rng.integers(8)) if rng.random() < 0.1 else number for number in numbers]
        for camera in (asked, silent):
            camera.show(numbers, people)
        assert set(asked.assembler.following) == set(silent.assembler.following)
        for number in asked.assembler.following:
            if rng.random() < 0.5 and (tracklet := asked.assembler.so_far(number)) is not None:
                assert known.setdefault(tracklet.track_id, tracklet).frames[0] == tracklet.frames[0]
    ids = [tracklet.track_id for tracklet in asked.finish()]
    assert len(set(ids)) == len(ids), "no number twice"
    assert len(asked.done) == len(silent.finish())
    assert all(same(one, other) for one, other in zip(asked.done, silent.done, strict=True))
    for tracklet in asked.done:
        promise = known.get(tracklet.track_id)
        if promise is not None:
            assert promise.tracker_id == tracklet.tracker_id
            assert promise.start_s <= tracklet.start_s


def test_the_largest_piece_gets_the_promised_number() -> None:
    camera = Camera(max_length_s=60)
    for t in range(140):
        camera.show([1], [2 if t < 30 else 5 if t < 110 else 7])
        if t == 10:
            promised = camera.assembler.so_far(1)
    assert promised is not None
    small, large, last = camera.finish()
    assert large.track_id == promised.track_id == 1
    assert len(frames(large)) > max(len(frames(small)), len(frames(last)))
    assert sorted([small.track_id, large.track_id, last.track_id]) == [1, 2, 3]


def test_a_promised_number_of_which_nothing_is_kept_goes_to_nobody() -> None:
    """Two people in turns under one number: long enough as one, too short as two."""
    camera = Camera(min_s=1.5)
    for t in range(20):
        camera.show([1], [2 if t < 10 else 5])
    promised = camera.assembler.so_far(1)
    assert promised is not None
    assert promised.track_id == 1
    camera.done += camera.assembler.expire(100)
    assert camera.done == []
    for _ in range(20):
        camera.show([1])
    again = camera.assembler.so_far(1)
    assert again is not None
    assert [tracklet.track_id for tracklet in camera.finish()] == [again.track_id] == [2]


def test_a_track_that_was_cut_has_a_promise_of_its_own() -> None:
    camera = Camera(max_gap_s=1)
    for t in range(60):
        camera.show([] if 20 <= t < 40 else [1])
        if t in (15, 55):
            known = camera.assembler.so_far(1)
            assert known is not None
            assert known.track_id == (1 if t == 15 else 2)
    assert [tracklet.track_id for tracklet in camera.finish()] == [1, 2]


def test_who_is_out_of_view_expires_without_frames() -> None:
    camera = Camera(max_gap_s=2)
    for t in range(30):
        camera.show([1, 2] if t < 20 else [2])
    assert camera.assembler.so_far(1) is not None
    assert list(camera.assembler.expire(3.9)) == []
    assert set(camera.assembler.following) == {1, 2}
    (gone,) = camera.assembler.expire(4.0)
    assert (gone.tracker_id, gone.track_id, frames(gone)) == (1, 1, list(range(20)))
    assert set(camera.assembler.following) == {2}
    assert [tracklet.tracker_id for tracklet in camera.assembler.expire(100)] == [2]
    assert list(camera.assembler.expire(1000)) == []
    assert camera.finish() == []
