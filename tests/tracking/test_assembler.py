"""Tracks in, tracklets out: nothing is lost, and what is kept is bounded."""

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
import pytest

from reid.camera_config import TrackletConfig
from reid.embedding.crops import cut
from reid.tracking.assembler import TrackletAssembler
from reid.tracking.tracker import Tracks
from reid.types import Frame, Tracklet
from tests.tracking.walkers import BLANK, found, looks, person
from tests.weight import held_bytes

FPS = 10


class Camera:
    """Feeds an assembler with frames in which the tracker follows people without a mistake, or with ours."""

    def __init__(self, **settings: Any) -> None:
        self.assembler = TrackletAssembler("cam", "toy", TrackletConfig(**settings), split_distance=0.45)
        self.index = 0
        self.done: list[Tracklet] = []

    def show(self, numbers: Sequence[int], people: Sequence[int] | None = None, x: float = 100) -> None:
        """One frame with these track numbers side by side; `people` are those shown, if the tracker errs."""
        detections = found([person(x + 60 * place) for place in range(len(numbers))])
        people = [number % 8 for number in numbers] if people is None else people
        image = np.full_like(BLANK, 60)
        for (x1, y1, x2, y2), who in zip(detections.boxes.astype(int), people, strict=True):
            image[y1:y2, x1:x2] = 60 + 20 * who
        frame = Frame(camera_id="cam", index=self.index, timestamp_s=self.index / FPS, image=image)
        tracks = Tracks(
            tracker_ids=np.array(numbers, dtype=np.int64), detections=np.arange(len(numbers), dtype=np.int64)
        )
        crops = cut(image, detections.boxes)
        self.done += self.assembler.update(frame, crops, detections, looks(people), tracks)
        self.index += 1

    def finish(self) -> list[Tracklet]:
        self.done += self.assembler.finish()
        return self.done


def whose(tracklet: Tracklet) -> set[int]:
    return set(tracklet.embeddings.vectors.argmax(axis=1).tolist())


def frames(tracklet: Tracklet) -> list[int]:
    return tracklet.frames.tolist()


def test_two_people() -> None:
    camera = Camera()
    for t in range(40):
        camera.show([1, 2] if t < 20 else [1], x=100 + t)
    one, two = sorted(camera.finish(), key=lambda tracklet: tracklet.tracker_id)
    assert (frames(one), frames(two)) == (list(range(40)), list(range(20)))
    assert (whose(one), whose(two)) == ({1}, {2})
    assert one.camera_id == two.camera_id == "cam"
    assert one.embeddings.encoder_id == "toy"
    assert sorted(t.track_id for t in (one, two)) == [1, 2]
    np.testing.assert_allclose(one.times_s, np.arange(40) / FPS)
    np.testing.assert_allclose(one.boxes, [person(100 + t) for t in range(40)])
    np.testing.assert_allclose(one.scores, 0.9)


def test_kept_moments_are_of_the_time_of_the_track() -> None:
    camera = Camera(max_moments=5)
    for _ in range(15):
        camera.show([])
    for _ in range(60):
        camera.show([3])
    (only,) = camera.finish()
    assert len(only.crops) == len(only.embeddings) == 5
    assert np.all(np.diff(only.moments_s) > 0)
    assert only.start_s <= only.moments_s[0]
    assert only.moments_s[-1] <= only.end_s
    assert np.diff(only.moments_s).max() < 3, "spread over the time"
    assert np.all((only.qualities > 0) & (only.qualities <= 1))
    for crop in only.crops:
        image = cv2.imdecode(np.frombuffer(crop, np.uint8), cv2.IMREAD_COLOR)
        assert image.shape == (100, 40, 3)
        assert image.mean() == pytest.approx(60 + 20 * 3, abs=3)


def test_a_tracklet_comes_when_it_has_ended_not_later() -> None:
    camera = Camera(max_gap_s=2)
    for _ in range(20):
        camera.show([1])
    for gap in range(40):
        camera.show([])
        assert len(camera.done) == (gap + 1 > 20)
    assert camera.finish() == camera.done[:1]


@pytest.mark.parametrize(("away", "pieces"), [(18, 1), (25, 2)])
def test_a_track_is_cut_at_a_long_gap(away: int, pieces: int) -> None:
    camera = Camera(max_gap_s=2)
    for t in range(60 + away):
        camera.show([] if 30 <= t < 30 + away else [1])
    made = camera.finish()
    assert len(made) == pieces
    assert [frame for piece in made for frame in frames(piece)] == [*range(30), *range(30 + away, 60 + away)]
    assert {piece.tracker_id for piece in made} == {1}
    assert [piece.track_id for piece in made] == list(range(1, pieces + 1))


def test_a_track_is_cut_where_the_tracker_switches_people() -> None:
    camera = Camera()
    for t in range(100):
        camera.show([1], [2 if t < 50 else 5])
    first, second = camera.finish()
    assert (whose(first), whose(second)) == ({2}, {5})
    assert frames(first) + frames(second) == list(range(100))
    assert frames(second)[0] == pytest.approx(50, abs=5)


def test_short_ones_are_dropped() -> None:
    camera = Camera(min_s=0.25)
    for t in range(10):
        camera.show([1, 2] if t < 3 else [1, 3] if t < 7 else [1])
    assert sorted(t.tracker_id for t in camera.finish()) == [1, 3], "0.2 s, 0.3 s"


def test_long_ones_are_cut() -> None:
    camera = Camera(max_length_s=5)
    for _ in range(175):
        camera.show([1])
    made = camera.finish()
    assert len(made) == 4
    assert all(piece.end_s - piece.start_s <= 5 for piece in made)
    assert [frame for piece in made for frame in frames(piece)] == list(range(175))


def test_nobody() -> None:
    camera = Camera()
    for _ in range(5):
        camera.show([])
    assert camera.finish() == []
    assert Camera().finish() == []


def test_detections_without_a_track_and_tracks_in_another_order() -> None:
    camera = Camera()
    detections, everybody = found([person(50), person(200), person(400)]), looks([0, 1, 2])
    for index in range(10):
        frame = Frame(camera_id="cam", index=index, timestamp_s=index / FPS, image=BLANK)
        tracks = Tracks(tracker_ids=np.array([9, 4]), detections=np.array([2, 0]))
        crops = cut(BLANK, detections.boxes)
        assert list(camera.assembler.update(frame, crops, detections, everybody, tracks)) == []
    made = {tracklet.tracker_id: tracklet for tracklet in camera.finish()}
    assert {number: whose(tracklet) for number, tracklet in made.items()} == {9: {2}, 4: {0}}
    np.testing.assert_array_equal(made[9].boxes[0], person(400))


@pytest.mark.slow
def test_memory_is_bounded() -> None:
    """One stays for ever, others come and go; what the assembler holds does not add up."""

    def pass_by(camera: Camera, numbers: range) -> Iterator[int]:
        for number in numbers:
            for _ in range(5):
                camera.show([1, number])
            camera.done.clear()
            yield held_bytes(camera.assembler) if number % 10 == 0 else 0

    camera = Camera(max_length_s=10, max_gap_s=1)
    early = max(pass_by(camera, range(2, 100)))
    late = max(pass_by(camera, range(100, 500)))
    assert late < early * 1.1
    assert early < 2_000_000
