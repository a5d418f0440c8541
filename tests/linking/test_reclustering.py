"""Re-clustering: what linking says of the whole, in a gallery that has gone on meanwhile."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.distance import unit
from reid.embedding.normalisation import gather, normalised
from reid.linking.answer import Patience
from reid.linking.offline import link
from reid.linking.online import OnlineGallery
from reid.linking.policy import LinkingPolicy
from reid.linking.reclustering import (
    CANDIDATES,
    FIRST_NEW,
    MOST_PEOPLE,
    Reassignment,
    changes,
    refine,
    snapshot,
)
from reid.types import Array, Embeddings, Identity, Tracklet
from tests.tracklets import ENCODER, towards, tracklet

RULE = LinkingPolicy(max_distance=0.5)
NEXT = 100


def gallery(rule: LinkingPolicy = RULE, people: Sequence[Identity] = ()) -> OnlineGallery:
    made = OnlineGallery(rule, Patience(new_after_s=1.5, margin=0.05), people, NEXT)
    made.cameras = ("a", "b", "c")
    return made


def known(person_id: int, vectors: Array) -> Identity:
    prototypes = Embeddings(vectors=vectors, encoder_id=ENCODER)
    return Identity(person_id=person_id, tracklets=(), prototypes=prototypes, known=True)


def walk(track: int, look: int, seconds: float = 5.0) -> Tracklet:
    """One after the other, as the track's number says; those of one look are one person."""
    start = 100 * track
    vectors = towards(look, spread=0.02, seed=track)
    return tracklet(
        "abc"[track % 3], track, frames=range(start, start + round(10 * seconds)), vectors=vectors
    )


def show(made: OnlineGallery, tracklets: dict[Tracklet, int | None], *, growing: bool = False) -> None:
    for one, person_id in tracklets.items():
        made.remember(one, person_id, growing=growing)


def apply(made: OnlineGallery, found: Sequence[Reassignment]) -> None:
    for change in found:
        assert made.recent[change.key].person_id == change.old
        made.reassign(change.key, change.new)


def think(made: OnlineGallery) -> list[Reassignment]:
    known, centre = snapshot(made), made.policy.centre
    gathered = {} if centre is None else gather(known.tracklets, centre, made.policy.max_distance)
    refinement = refine(known, made.policy, gathered)
    made.use_normalisations(refinement.normalisations)
    found = changes(refinement, made)
    apply(made, found)
    return found


def told(found: Sequence[Reassignment]) -> list[tuple[int, int | None, int, str]]:
    return [(change.key.track_id, change.old, change.new, change.reason) for change in found]


def world(seed: int) -> list[Tracklet]:
    """Five people who come by four times each, in the order of time; some look alike."""
    rng = np.random.default_rng(seed)
    spread = float(rng.choice([0.12, 0.35]))
    made = []
    for track, who in enumerate(rng.permutation(np.repeat(np.arange(5), 4)).tolist()):
        start, length = 30 * track + int(rng.integers(30)), int(rng.choice([4, 20, 60]))
        vectors = towards(who, spread=spread, seed=int(rng.integers(1 << 30)), count=int(rng.integers(1, 4)))
        camera, box = "abc"[int(rng.integers(3))], (300 * (track % 2), 0, 300 * (track % 2) + 40, 100)
        made.append(tracklet(camera, track, frames=range(start, start + length), box=box, vectors=vectors))
    return made


RULES = (
    LinkingPolicy(max_distance=0.5),
    LinkingPolicy(max_distance=0.6, centre=0.4 * towards(7)[0], min_travel_s={"a-b": 2.0}),
    LinkingPolicy(max_distance=0.4, fragment_s=1.0, fragment_slack=1.5, camera_scales={("a", "c"): 0.8}),
)


@pytest.mark.slow
@settings(max_examples=40)
@given(st.integers(0, 1 << 30), st.sampled_from(RULES))
def test_a_whole_recording_is_linked_as_offline_and_then_stays_so(seed: int, rule: LinkingPolicy) -> None:
    made, tracklets = gallery(rule), world(seed)
    for one in tracklets:
        made.remember(one, made.answer(one, final=True).person_id, growing=False)
    former, before = {key: r.person_id for key, r in made.recent.items()}, made.next_person_id
    found = think(made)
    gathered = {} if rule.centre is None else gather(tracklets, rule.centre, rule.max_distance)
    expected = link(
        [normalised(one, gathered) for one in tracklets],
        rule,
        cameras=made.cameras,
    )
    people = [frozenset(k for k, r in made.recent.items() if r.person_id == p) for p in set(former.values())]
    people += [
        frozenset(k for k, r in made.recent.items() if r.person_id == p) for p in range(before, before + 9)
    ]
    assert {group for group in people if group} == {frozenset(i.tracklets) for i in expected.identities}
    assert {c.key: (c.old, c.new) for c in found} == {
        key: (former[key], r.person_id) for key, r in made.recent.items() if former[key] != r.person_id
    }
    assert think(made) == [], "thought over once more"
    made.age(30.0)
    think(made)
    assert think(made) == [], "and with some of it remembered only as a mean"


@pytest.mark.parametrize("seed", range(4))
def test_people_keep_their_numbers(seed: int) -> None:
    """Most of what shows them goes on showing them, and a known person is always themselves."""
    made = gallery(people=[known(3, towards(0)), known(8, towards(1))])
    for one in world(seed):
        made.remember(one, made.answer(one, final=True).person_id, growing=False)
    assert all(change.new >= NEXT or change.new in (3, 8) for change in think(made))
    for person_id, look in ((3, 0), (8, 1)):
        own = [r for r in made.recent.values() if r.person_id == person_id]
        assert all(int(np.argmax(r.mean)) == look for r in own)


def test_merged() -> None:
    made = gallery()
    show(made, {walk(1, 0): 5, walk(2, 0): 6, walk(3, 0): 5, walk(4, 1): 7})
    (change,) = think(made)
    assert told([change]) == [(2, 6, 5, "merged")]
    assert change.match is not None
    assert (change.match.person_id, change.match.runner_up_id) == (5, 7)


def test_split() -> None:
    made = gallery()
    show(made, {walk(1, 0): 5, walk(2, 1): 5, walk(3, 0): 5, walk(4, 1): 5, walk(5, 0): 5})
    found = think(made)
    assert told(found) == [(2, 5, NEXT, "split"), (4, 5, NEXT, "split")]
    assert all(c.match is not None and (c.match.person_id, c.match.runner_up_id) == (NEXT, 5) for c in found)
    assert made.next_person_id == NEXT + 1


def test_moved() -> None:
    made = gallery()
    show(made, {walk(1, 0): 5, walk(2, 1): 5, walk(3, 0): 5, walk(4, 1): 6, walk(5, 1): 6})
    assert told(think(made)) == [(2, 5, 6, "moved")]


def test_who_is_remembered_from_before_is_not_merged_away() -> None:
    made = gallery(people=[known(5, towards(0)), known(6, towards(3))])
    show(made, {walk(1, 0): 6})
    assert told(think(made)) == [(1, 6, 5, "moved")]


def test_settled() -> None:
    made = gallery(people=[known(5, towards(0))])
    show(made, {walk(1, 0, seconds=1.0): None}, growing=True)
    assert told(think(made)) == [(1, None, 5, "settled")]


def test_a_stranger_at_a_glimpse_stays_uncertain() -> None:
    """Also two glimpses of one stranger; and no made-up number gets out, where such a one is next best."""
    made = gallery(people=[known(5, towards(0))])
    show(made, {walk(1, 2, seconds=1.0): None, walk(4, 2, seconds=1.0): None}, growing=True)
    near = unit(towards(0) + 0.5 * towards(2))
    show(made, {tracklet("b", 9, frames=range(2000, 2020), vectors=near): None}, growing=True)
    (change,) = think(made)
    assert told([change]) == [(9, None, 5, "settled")]
    assert change.match is not None
    assert (change.match.runner_up_id, change.match.runner_up_distance) == (None, None)
    assert made.next_person_id == NEXT


def test_a_glimpse_that_left_is_somebody() -> None:
    made = gallery()
    show(made, {walk(1, 2, seconds=1.0): None})
    assert told(think(made)) == [(1, None, NEXT, "settled")]


def test_of_many_people_the_nearest_are_compared() -> None:
    looks = unit(np.random.default_rng(0).normal(size=(MOST_PEOPLE + 40, 8)).astype(np.float32))
    people = [known(number + 1, look[None]) for number, look in enumerate(looks)]
    few, many = gallery(people=people[:MOST_PEOPLE]), gallery(people=people)
    assert snapshot(many).people == (), "nobody is there to compare with"
    seen = [walk(track, 0) for track in (1, 2)]
    seen = [
        replace(one, embeddings=Embeddings(vectors=looks[number][None], encoder_id=ENCODER))
        for one, number in zip(seen, (7, 530), strict=True)
    ]
    for made in (few, many):
        show(made, dict.fromkeys(seen), growing=True)
    assert len(snapshot(few).people) == MOST_PEOPLE
    expected = {int(n) + 1 for look in (7, 530) for n in np.argsort(-(looks @ looks[look]))[:CANDIDATES]}
    assert {person.person_id for person in snapshot(many).people} == expected
    assert [change.new for change in think(many)] == [8, 531]
    assert all(change.new < FIRST_NEW for change in think(few))


def test_whom_a_person_merged_stays_one_whatever_they_look_like() -> None:
    made = gallery()
    one, other = [walk(track, 0) for track in (1, 2)], [walk(track, 1) for track in (3, 4)]
    show(made, dict.fromkeys(one, 1) | dict.fromkeys(other, 2))
    assert changes(refine(snapshot(made), RULE), made) == []
    made.merge(2, into=1, decision=1)
    for _ in range(3):
        apply(made, changes(refine(snapshot(made), RULE), made))
        assert {recent.person_id for recent in made.recent.values()} == {1}
    unlike = walk(5, 2)
    show(made, {unlike: 9})
    made.merge(1, into=9, decision=2)
    assert changes(refine(snapshot(made), RULE), made) == []
    made.forget(9)
    assert not made.by_hand.constraints


def test_what_is_kept_apart_does_not_go_along_with_its_person() -> None:
    """All else of person 62 turns out to be 23, which one tracklet is not; its number by decision is gone."""
    made = gallery(people=[known(23, towards(0))])
    off, rest, other = walk(1, 0), walk(2, 0), walk(3, 0)
    show(made, {off: 62, rest: 62})
    made.by_hand.same([off.key], 64, 1)
    made.by_hand.different([off.key], [other.key], 1)
    made.by_hand.settle(other.key, 23)
    made.by_hand.same([rest.key], 23, 2)
    assert [(one.key, one.new) for one in think(made)] == [(rest.key, 23)]
    assert made.recent[off.key].person_id == 62


def test_who_is_remembered_stays_so_where_the_store_has_no_vector_left() -> None:
    """The vectors that it kept of person 9 were of tracklets that were split off."""
    made = gallery(people=[known(9, towards(0)), known(8, towards(1))])
    show(made, {walk(1, 0): 9})
    made.know_anew({9: np.zeros((0, 0), dtype=np.float32), 8: np.zeros((0, 0), dtype=np.float32)})
    assert made.memory.people == [9], "by what was seen of them lately"
