"""Trails as they are drawn: none crosses the frame where nobody was seen to walk."""

from collections.abc import Sequence

import numpy as np

from pipelines.recordings.trails import Trails
from reid.outputs.mot import NO_TRACK, camera_tracks
from reid.types import Image, Match, Tracklet
from reid.video.draw import Mark, annotate
from tests.tracklets import tracklet


def moving(track: int, frames: range, x: float, step: float = 4.0) -> Tracklet:
    lefts = x + step * (np.array(frames) - frames[0])
    boxes = np.stack([lefts, np.full_like(lefts, 100), lefts + 40, np.full_like(lefts, 200)], axis=1)
    return tracklet("a", track, frames=frames, box=boxes)


def everyone(tracklets: Sequence[Tracklet]) -> list[Match]:
    """All of them show one person."""
    return [
        Match(tracklet=t.key, person_id=7, distance=None, runner_up_id=None, runner_up_distance=None)
        for t in tracklets
    ]


def last_drawn(*tracklets: Tracklet) -> tuple[Image, list[int]]:
    """The last frame of one person's annotated video, and how long the trail was in each frame."""
    tracks = camera_tracks("a", tracklets, everyone(tracklets), fill_gap_s=2.0)
    trails, lengths = Trails(), []
    image = np.full((360, 640, 3), 90, np.uint8)
    for row in range(len(tracks)):
        box, time_s = tracks.boxes[row], float(tracks.times_s[row])
        trail = trails.follow(7, int(tracks.track_ids[row]), time_s, box)
        lengths.append(len(trail))
    drawn = annotate(image, [Mark(box=box, person_id=7, trail=trail)], camera="a", time_s=0)
    return drawn, lengths


def between(image: Image) -> Image:
    """The floor between a person on the left and one on the right."""
    return image[150:260, 160:480]


def test_an_id_that_goes_on_far_away_draws_no_line() -> None:
    drawn, lengths = last_drawn(moving(1, range(10), 60), moving(2, range(10, 16), 500))
    assert (between(drawn) == 90).all()
    assert lengths == [*range(1, 11), *range(1, 7)]
    assert (drawn[195:205, 522:538] != 90).any(), "its own trail is there"


def test_a_filled_gap_between_two_tracklets_has_no_trail() -> None:
    drawn, lengths = last_drawn(moving(1, range(10), 60), moving(2, range(20, 26), 500))
    assert (between(drawn) == 90).all()
    assert lengths == [*range(1, 11), *[0] * 10, *range(1, 7)]


def test_a_tracklet_that_takes_over_at_once_goes_on_with_the_trail() -> None:
    _, lengths = last_drawn(moving(1, range(10), 60), moving(2, range(10, 16), 102))
    assert lengths == [*range(1, 17)]
    drawn, lengths = last_drawn(replace_frames(moving(1, range(16), 60, 20.0), gap=range(5, 9)))
    assert lengths == [*range(1, 17)], "filled within a tracklet"
    assert (drawn[195:205, 160:340] != 90).any()


def test_a_jump_of_the_tracker_breaks_the_trail_and_old_feet_leave_it() -> None:
    one = moving(1, range(16), 60)
    one.boxes[8:] += np.float32([400, 0, 400, 0])
    drawn, lengths = last_drawn(one)
    assert lengths == [*range(1, 9), *range(1, 9)]
    assert (between(drawn) == 90).all()
    assert max(last_drawn(moving(1, range(60), 60))[1]) == 21, "two seconds of ten frames"


def replace_frames(one: Tracklet, gap: range) -> Tracklet:
    keep = [i for i, frame in enumerate(one.frames.tolist()) if frame not in gap]
    return tracklet("a", one.track_id, frames=one.frames[keep].tolist(), box=one.boxes[keep])


def test_boxes_know_their_tracklet() -> None:
    pair = [moving(1, range(3), 60), moving(2, range(5, 8), 70)]
    tracks = camera_tracks("a", pair, everyone(pair), fill_gap_s=2.0)
    assert tracks.track_ids.tolist() == [1, 1, 1, NO_TRACK, NO_TRACK, 2, 2, 2]
    alone = replace_frames(moving(3, range(5), 60), gap=range(2, 3))
    one = camera_tracks("a", [alone], everyone([alone]), fill_gap_s=2.0)
    assert one.track_ids.tolist() == [3] * 5
