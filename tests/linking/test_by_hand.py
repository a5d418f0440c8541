"""What people said while a site runs goes on where tracklets age, go on, and change their numbers."""

import pytest

from reid.linking.by_hand import ByHand
from reid.types import TrackletKey

A, B, C = (TrackletKey(camera_id="a", track_id=number) for number in (1, 2, 3))


@pytest.fixture
def by_hand() -> ByHand:
    """By decision 4 tracklet A shows the new person 9, and B and C still person 1."""
    made = ByHand()
    made.different([B, C], [A], 4)
    made.same([A], 9, 4)
    return made


def test_what_ages_is_kept_apart_as_the_person_that_it_shows(by_hand: ByHand) -> None:
    assert by_hand.constraints.different == {(B, A), (C, A)}
    by_hand.settle(A, 7)  # re-clustering took 9 for 7 since
    held = by_hand.constraints
    assert (held.same, held.different) == ({}, frozenset())
    assert held.not_of == {(B, 7), (C, 7)}
    by_hand.settle(B, 1)
    assert by_hand.constraints.not_of == {(C, 7)}
    assert by_hand.decisions == [4]
    by_hand.hold([], {}, {})
    assert not by_hand.constraints, "it is of the decision, and ends with it"
    by_hand.hold([4], {}, {})
    assert by_hand.constraints.not_of == {(C, 7)}


def test_people_who_become_one_by_themselves_hand_on_what_is_not_them(by_hand: ByHand) -> None:
    by_hand.settle(A, 9)
    by_hand.renumbered(9, 7)
    assert by_hand.constraints.not_of == {(B, 9), (C, 9), (B, 7), (C, 7)}
    by_hand.hold([], {}, {})
    assert not by_hand.constraints


def test_what_ages_is_kept_apart_as_whom_a_decision_gave_it_to_since(by_hand: ByHand) -> None:
    by_hand.settle(A, 9)
    by_hand.hold([4], {B: 1, C: 1}, {4: [[], [5]]})
    assert by_hand.constraints.not_of == {(B, 5), (C, 5)}
    by_hand.hold([4], {B: 1, C: 1}, {4: [[], [9]]})
    assert by_hand.constraints.not_of == {(B, 9), (C, 9)}


def test_what_is_kept_together_stays_so_where_its_person_has_another_number(by_hand: ByHand) -> None:
    by_hand.same([B, C], 1, 5)
    by_hand.renumbered(1, 6)
    assert by_hand.constraints.same == {A: 9, B: 6, C: 6}
    by_hand.settle(B, 8)  # both were given to person 8, without a merge
    assert by_hand.constraints.same == {A: 9, C: 8}
    by_hand.hold([4, 5], {A: 9, C: 3}, {})
    assert by_hand.constraints.same == {A: 9, C: 3}


def test_a_track_that_goes_on_keeps_what_was_said(by_hand: ByHand) -> None:
    on = TrackletKey(camera_id="a", track_id=4)
    by_hand.follow(A, on)
    assert by_hand.constraints.same == {A: 9, on: 9}
    assert by_hand.constraints.different == {(B, A), (C, A), (B, on), (C, on)}


def test_a_tracklet_that_is_gone_leaves_nothing(by_hand: ByHand) -> None:
    for key in (A, B, C):
        by_hand.drop(key)
    assert not by_hand.constraints
    assert by_hand.decisions == []
