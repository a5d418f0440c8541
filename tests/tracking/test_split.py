"""Where a track changes from one person to another."""

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.tracking.moments import Moment
from reid.tracking.split import cuts
from tests.tracklets import towards


def track(people: str, spread: float = 0.0, weights: tuple[float, ...] = (1.0,)) -> list[Moment]:
    """One moment per letter; each letter is a person at right angles to the others."""
    return [
        Moment(
            start_s=0.5 * i,
            vector_sum=weights[i % len(weights)] * towards("abcdefgh".index(who), spread=spread, seed=i)[0],
            weight=weights[i % len(weights)],
        )
        for i, who in enumerate(people)
    ]


@pytest.mark.parametrize("people", ["", "a", "aa", "aaaaaaaaaaaaaaaaaaaa"])
def test_one_person(people: str) -> None:
    assert cuts(track(people, spread=0.1), 0.45) == []


@pytest.mark.parametrize("spread", [0.0, 0.1])
@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ("ab", [1]),
        ("aabb", [2]),
        ("aaaaaaaaaabbbbbbbbbb", [10]),
        ("abbbbbbbbbb", [1]),
        ("aaaaaaaaaab", [10]),
        ("aaaaaaaabbbbbbbbcccccccc", [8, 16]),
        ("aaaaaaaabbbbbbbbaaaaaaaa", [8, 16]),
    ],
)
def test_another_person(people: str, expected: list[int], spread: float) -> None:
    assert cuts(track(people, spread), 0.45) == expected


def test_one_odd_moment_is_no_other_person() -> None:
    assert cuts(track("aaaaaabaaaaaa"), 0.45) == []


def test_slow_change_is_no_other_person() -> None:
    """Somebody who turns round looks different in the end, never from one second to the next."""
    angles = np.linspace(0, np.pi / 2, 40)
    turning = track("a" * 40)
    for moment, angle in zip(turning, angles, strict=True):
        moment.vector_sum = (np.cos(angle) * towards(0)[0] + np.sin(angle) * towards(1)[0]).astype(np.float32)
    assert cuts(turning, 0.45) == []


def test_weights_do_not_move_the_cut() -> None:
    assert cuts(track("aaaaaaaabbbbbbbb", weights=(0.9, 0.1, 0.4)), 0.45) == [8]


def test_centre_tells_apart_what_is_alike() -> None:
    """All people share a large part; from there they are as far apart as without it."""
    common = 5 * towards(7)[0]
    people = track("aaaaaaaabbbbbbbb", weights=(0.9, 0.1, 0.4))
    for moment in people:
        moment.vector_sum = moment.vector_sum + np.float32(moment.weight) * common
    assert cuts(people, 0.45) == []
    assert cuts(people, 0.45, common) == [8]


@given(st.text("abc", max_size=30), st.floats(0, 2))
def test_what_a_list_of_cuts_is(people: str, max_distance: float) -> None:
    found = cuts(track(people, spread=0.1), max_distance)
    assert found == sorted(set(found))
    assert all(0 < position < len(people) for position in found)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(8, 12)), min_size=1, max_size=4))
def test_long_stays_are_found_exactly(stays: list[tuple[str, int]]) -> None:
    people = "".join(who * length for who, length in stays)
    changes = np.cumsum([len(list(group)) for _, group in groupby(people)])[:-1].tolist()
    assert cuts(track(people, spread=0.05), 0.45) == changes
