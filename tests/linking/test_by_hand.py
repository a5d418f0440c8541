"""What people said while a site runs goes on where tracklets age, go on, and change their numbers."""

import pytest

from reid.linking.by_hand import ByHand
from reid.types import TrackletKey

A, B, C = (TrackletKey(camera_id="a", track_id=number) for number in (1, 2, 3))


@pytest.fixture
def by_hand() -> ByHand:
    """By decision 4 tracklet A shows the new person 9, and B and C still person 1."""
    made = ByHand()
    made.different([A], [B, C], former=1, new=9, decision=4)
    made.same([A], 9, 4)
    return made


def test_what_ages_is_kept_apart_as_the_person_that_it_shows(by_hand: ByHand) -> None:
    by_hand.settle(A, 7)  # re-clustering took 9 for 7 since
    held = by_hand.constraints
    assert (held.same, held.different) == ({}, frozenset())
    assert held.not_of == {(B, 9), (C, 9), (B, 7), (C, 7)}
    by_hand.settle(B, 1)
    assert by_hand.constraints.not_of == {(C, 9), (C, 7)}
    by_hand.hold([])
    assert not by_hand.constraints, "it is of the decision, and ends with it"
    by_hand.hold([4])
    assert by_hand.constraints.not_of == {(C, 9), (C, 7)}


def test_people_who_become_one_by_themselves_hand_on_what_is_not_them(by_hand: ByHand) -> None:
    by_hand.renumbered(9, 7, own=[C])
    assert by_hand.constraints.not_of == {(A, 1), (B, 9), (C, 9), (B, 7)}
    by_hand.hold([])
    assert not by_hand.constraints


def test_people_who_are_one_by_a_decision_hand_it_on_while_that_holds(by_hand: ByHand) -> None:
    by_hand.merged(9, 7, [A], 5)
    assert by_hand.constraints.not_of == {(A, 1), (B, 9), (C, 9), (B, 7), (C, 7)}
    by_hand.hold([4])
    assert by_hand.constraints.not_of == {(A, 1), (B, 9), (C, 9)}


def test_a_tracklet_that_is_gone_leaves_nothing(by_hand: ByHand) -> None:
    for key in (A, B, C):
        by_hand.drop(key)
    assert not by_hand.constraints
