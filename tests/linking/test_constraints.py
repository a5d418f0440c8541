"""Who cannot be one person."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.errors import InputError
from reid.linking.constraints import apart
from reid.types import Tracklet
from tests.tracklets import FPS, tracklet

LEFT, RIGHT = (0, 0, 40, 100), (300, 0, 340, 100)


def pair(a: Tracklet, b: Tracklet, **travel: float) -> bool:
    matrix = apart([a, b], travel)
    assert matrix[0, 1] == matrix[1, 0]
    assert not matrix[0, 0]
    assert not matrix[1, 1]
    return bool(matrix[0, 1])


def test_seen_at_once_in_one_camera() -> None:
    a = tracklet("a", 1, frames=range(20), box=LEFT)
    assert pair(a, tracklet("a", 2, frames=range(10, 30), box=RIGHT))
    assert not pair(a, tracklet("a", 2, frames=range(20, 30), box=RIGHT)), "one after the other"
    assert not pair(a, tracklet("b", 2, frames=range(10, 30), box=RIGHT)), "cameras may overlap"


@pytest.mark.parametrize("frames", [range(19, 30), [19], [10], range(1)])
def test_one_common_frame_is_enough(frames: Sequence[int]) -> None:
    a = tracklet("a", 1, frames=range(20), box=LEFT)
    assert pair(a, tracklet("a", 2, frames=frames, box=RIGHT))


def test_times_that_interleave_without_a_common_frame() -> None:
    """A track that flickers between two numbers."""
    assert not pair(
        tracklet("a", 1, frames=range(0, 20, 2), box=LEFT),
        tracklet("a", 2, frames=range(1, 20, 2), box=RIGHT),
    )


@pytest.mark.parametrize(
    ("box", "two"),
    [
        (LEFT, False),
        ((5, 30, 35, 95), False),  # the upper body of the same person
        ((20, 0, 60, 100), True),  # side by side, half hidden
        ((0, 0, 0, 0), True),
    ],
)
def test_a_box_inside_the_other_may_be_the_same_person(box: tuple[int, ...], two: bool) -> None:
    a, b = tracklet("a", 1, box=LEFT), tracklet("a", 2, box=box)
    assert pair(a, b) == two
    assert pair(b, a) == two


def test_people_who_meet_and_part_are_two() -> None:
    x = np.linspace(0, 300, 20)[:, None]
    walker = (np.array([[0, 0, 40, 100]]) + x * np.array([[1, 0, 1, 0]])).astype(np.float32)
    standing = tracklet("a", 1, frames=range(20), box=(150, 0, 190, 100))
    assert pair(standing, tracklet("a", 2, frames=range(20), box=walker))


@pytest.mark.parametrize(("seconds", "fast"), [(0.0, False), (4.0, False), (4.2, True)])
def test_travel(seconds: float, fast: bool) -> None:
    a = tracklet("lobby", 1, frames=range(11))  # leaves after 1 s
    b = tracklet("street", 1, frames=range(51, 60))  # enters at 5.1 s
    assert pair(a, b, **{"lobby-street": seconds}) == fast
    assert pair(b, a, **{"lobby-street": seconds}) == fast
    assert pair(a, b, **{"street-lobby": seconds}) == fast


def test_travel_of_people_in_view_of_both() -> None:
    a, b = tracklet("a", 1, frames=range(50)), tracklet("b", 1, frames=range(20, 30))
    assert not pair(a, b)
    assert pair(a, b, **{"a-b": 0.5})


def test_dashes_in_camera_names() -> None:
    cameras = ["north-gate", "hall", "gate"]
    tracklets = [tracklet(name, 1, frames=range(i * 20, i * 20 + 10)) for i, name in enumerate(cameras)]
    matrix = apart(tracklets, {"north-gate-hall": 60})
    assert np.argwhere(matrix).tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize("key", ["a-c", "a-a", "ab", "-", "a-b-", "A-b"])
def test_unknown_pair(key: str) -> None:
    with pytest.raises(InputError, match=rf"linking\.min_travel_s: '{key}' names no pair .* two of a, b"):
        apart([tracklet("a"), tracklet("b")], {key: 10})


def test_none_and_one() -> None:
    assert apart([], {}).shape == (0, 0)
    assert apart([tracklet()], {}).tolist() == [[False]]


spans = st.tuples(
    st.sampled_from("ab"),
    st.integers(0, 60),
    st.integers(1, 30),
    st.integers(1, 3),
    st.sampled_from([LEFT, RIGHT]),
)


@given(st.lists(spans, max_size=7), st.integers(0, 40))
def test_against_one_frame_at_a_time(people: list, seconds: int) -> None:
    """Kept apart: another place in a common frame, or another camera too soon."""
    tracklets = [
        tracklet(camera, number, frames=range(start, start + length, step), box=box)
        for number, (camera, start, length, step, box) in enumerate(people)
    ]
    matrix = apart(tracklets, {"a-b": seconds / FPS} if {"a", "b"} <= {p[0] for p in people} else {})
    for i, a in enumerate(tracklets):
        for j, b in enumerate(tracklets):
            if a.camera_id == b.camera_id:
                common = set(a.frames.tolist()) & set(b.frames.tolist())
                expected = i != j and bool(common) and people[i][4] != people[j][4]
            else:
                between = max(a.frames[0], b.frames[0]) - min(a.frames[-1], b.frames[-1])
                expected = bool(between < seconds)
                if between == seconds:
                    continue  # rounding decides
            assert matrix[i, j] == expected
