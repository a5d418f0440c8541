"""Re-clusterings that come late: the gallery has gone on since the snapshot."""

import numpy as np

from reid.linking.policy import LinkingPolicy
from reid.linking.reclustering import changes, refine, snapshot
from tests.linking.test_reclustering import NEXT, RULE, gallery, known, show, think, told, walk
from tests.tracklets import towards


def test_what_came_later_goes_with_the_person_it_was_taken_for() -> None:
    made = gallery()
    show(made, {walk(1, 0): 5, walk(2, 0): 6, walk(3, 0): 5})
    refinement = refine(snapshot(made), RULE)
    show(made, {walk(6, 0): 6, walk(7, 1): 7})
    found = changes(refinement, made)
    assert told(found) == [(2, 6, 5, "merged"), (6, 6, 5, "merged")]
    assert [change.match is None for change in found] == [False, True]


def test_what_was_dropped_aged_or_seen_longer() -> None:
    made = gallery()
    show(made, {walk(1, 0): 5, walk(2, 0): 6, walk(3, 0): 5, walk(4, 0, seconds=2.0): 6})
    refinement = refine(snapshot(made), RULE)
    del made.recent[walk(2, 0).key]
    show(made, {walk(4, 0): 6}, growing=True)
    assert told(changes(refinement, made)) == [(4, 6, 5, "merged")]
    show(made, {walk(1, 0): 5, walk(2, 0): 6})
    made.age(25.0)  # 1 and 2
    found = changes(refinement, made)
    assert told(found) == [(4, 6, 5, "moved")], "6 is remembered, so they cannot be one"


def test_who_got_a_number_meanwhile_keeps_it() -> None:
    made = gallery()
    glimpse = walk(1, 2, seconds=1.0)
    show(made, {glimpse: None}, growing=True)
    show(made, {walk(2, 0): 5, walk(3, 0): 5, walk(4, 2): 5})
    refinement = refine(snapshot(made), RULE)
    show(made, {walk(1, 2): made.new_person()})
    assert told(changes(refinement, made)) == [(4, 5, NEXT, "split")]
    assert made.next_person_id == NEXT + 1


def test_an_answer_given_meanwhile_goes_before_a_guess() -> None:
    """At the snapshot it was a glimpse like nobody; now that more is seen of it, it is 5."""
    made = gallery(people=[known(5, towards(0))])
    show(made, {walk(1, 2, seconds=1.0): None}, growing=True)
    refinement = refine(snapshot(made), RULE)
    show(made, {walk(1, 0): 5}, growing=True)
    assert changes(refinement, made) == []


def test_who_was_merged_meanwhile_does_not_come_back() -> None:
    made = gallery()
    show(made, {walk(1, 0): 5, walk(2, 1): 6, walk(3, 1): 6, walk(4, 1): 7, walk(5, 0): None})
    refinement = refine(snapshot(made), RULE)
    made.merge(6, into=5, decision=1)
    found = changes(refinement, made)
    assert told(found) == [(5, None, 5, "settled")], "7 was to become 6, whom nobody is any more"


def test_who_was_forgotten_meanwhile_does_not_come_back() -> None:
    made = gallery(people=[known(6, towards(1))])
    show(made, {walk(1, 0): 5, walk(2, 1): 6})
    show(made, {walk(3, 1): 6, walk(4, 0): 5}, growing=True)
    refinement = refine(snapshot(made), RULE)
    made.forget(6)
    show(made, {walk(3, 1): None}, growing=True)  # in view, asked about again
    assert changes(refinement, made) == []
    show(made, {walk(3, 1): made.new_person()}, growing=True)
    assert changes(refinement, made) == []


def test_a_camera_that_is_gone_does_no_harm() -> None:
    made = gallery(LinkingPolicy(max_distance=0.5, min_travel_s={"a-b": 30.0, "a-c": 30.0}))
    show(made, {walk(1, 0): 5, walk(3, 0): 6})
    made.cameras = ("a",)
    assert think(made) == [], "b and a are too far apart; nothing of c is there"


def test_a_snapshot_is_of_its_moment() -> None:
    made = gallery(people=[known(5, towards(0))])
    show(made, {walk(1, 0): 5, walk(2, 1): 6}, growing=True)
    then = snapshot(made)
    vectors = then.people[0].prototypes.vectors.copy()
    made.forget(6)
    made.memory.learn(5, towards(4, count=9))
    made.cameras = ()
    show(made, {walk(1, 0): 7, walk(3, 0): 7})
    assert [one.track_id for one in then.tracklets] == [1, 2]
    assert dict(then.former) == {walk(1, 0).key: 5, walk(2, 1).key: 6}
    assert then.growing == then.former.keys()
    assert then.cameras == ("a", "b", "c")
    np.testing.assert_array_equal(then.people[0].prototypes.vectors, vectors)
