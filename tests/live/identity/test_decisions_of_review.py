"""Decisions about single tracklets of a live site: the last minutes follow them, and keep to them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from reid.errors import InputError
from reid.types import TrackletKey
from tests.live.toy_site import Toy, look
from tests.store.site import tables

UNIX_S = 1.7e9  # what a live site's clock says, and no recording's


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    made = Toy(tmp_path / "site.db", now=UNIX_S)
    yield made
    made.store.close()


def place(toy: Toy, key: TrackletKey) -> tuple[str, TrackletKey]:
    return next((seen.run_id, key) for seen in toy.store.sightings() if seen.match.tracklet == key)


def alike(toy: Toy) -> list[TrackletKey]:
    """One person, in two cameras."""
    keys = [toy.walk("a", 1, look(0), 2.5), toy.walk("b", 2, look(0, seed=1), 2.5)]
    assert set(toy.stored().values()) == {1}
    return keys


def test_tracklets_are_split_off_and_stay_so(toy: Toy) -> None:
    keys = alike(toy)
    new = toy.site.decisions.split_tracklets(1, [place(toy, keys[1])])
    assert toy.stored() == {keys[0]: 1, keys[1]: new}
    facts = [event.facts for event in toy.events("identity_changed")][-2:]
    assert (facts[0]["reason"], facts[0]["kind"], facts[0]["other"]) == (
        "decided",
        "different",
        f"P{new:04}",
    )
    assert (facts[1]["old"], facts[1]["new"]) == ("P0001", f"P{new:04}")
    toy.walk("b", 2, look(0, seed=1), 1.5)
    assert toy.think() == 0, "they look alike, and are two"
    assert toy.site.in_view("b")[0].person_id == new
    assert sorted(person.person_id for person in toy.site_state.people()) == [1, new]


def test_tracklets_are_given_to_another_person_and_stay_so(toy: Toy) -> None:
    keys = [*alike(toy), toy.walk("a", 3, look(3), 2.5)]
    before = tables(toy.store.path)
    toy.site.decisions.reassign(1, [place(toy, keys[1])], 2)
    assert toy.stored() == {keys[0]: 1, keys[1]: 2, keys[2]: 2}
    assert toy.think() == 0, "it looks like the former person, and is the other"
    toy.site.decisions.undo(None)
    assert tables(toy.store.path) == before
    assert toy.stored() == {keys[0]: 1, keys[1]: 1, keys[2]: 2}
    assert toy.think() == 0


@pytest.mark.parametrize("apart", [False, True])
def test_two_people_who_come_to_look_alike_stay_two(toy: Toy, apart: bool) -> None:
    keys = [toy.walk("a", 1, look(1), 2.5), toy.walk("b", 2, look(2), 2.0)]
    assert toy.stored() == {keys[0]: 1, keys[1]: 2}
    if apart:
        toy.site.decisions.apart(1, 2)
        facts = toy.events("identity_changed")[-1].facts
        assert (facts["reason"], facts["kind"], facts["other"]) == ("decided", "different", "P0002")
    toy.walk("b", 2, look(1, seed=1), 3.0)
    for _ in range(3):
        toy.think()
        toy.walk("b", 2, look(1, seed=1), 0.5)
    assert len(set(toy.stored().values())) == (2 if apart else 1)


def test_who_is_told_apart_is_remembered_as_before(tmp_path: Path) -> None:
    """Nothing of them moves, so that weeks of looks are not exchanged for the few vectors of the gallery."""
    toy = Toy(tmp_path / "site.db", now=UNIX_S, window_s=20.0)
    for number in (1, 2):
        toy.walk("a", number, look(number), 2.5)
        toy.leave("a", number)
    toy.now += 60
    toy.site.age(toy.now)
    toy.walk("b", 3, look(3), 2.5)
    memory = toy.gallery.memory
    before = memory.people, memory._weights.copy(), memory.means.tolist()
    for number in (2, 3):
        toy.site.decisions.apart(1, number)
    toy.site.decisions.undo(None)
    toy.site.decisions.redo(None)
    assert (memory.people, memory._weights, memory.means.tolist()) == before
    toy.store.close()


def test_a_merge_is_refused_by_what_was_said_before(toy: Toy) -> None:
    toy.walk("a", 1, look(1), 2.5)
    toy.walk("b", 2, look(2), 2.5)
    toy.site.decisions.apart(1, 2)
    with pytest.raises(InputError, match="different people already, by decision 1"):
        toy.site.decisions.apart(2, 1)
    with pytest.raises(InputError, match="decision 1"):
        toy.site.decisions.merge(2, 1, instead=False)
    toy.site.decisions.merge(2, 1)
    assert set(toy.stored().values()) == {1}
    assert [one.undone is None for one in toy.store.decisions()] == [False, True]
    assert toy.think() == 0


def test_single_tracklets_are_confirmed(toy: Toy) -> None:
    keys = alike(toy)
    toy.site.decisions.confirm(1, [place(toy, keys[1])])
    assert [(one.tracklet, one.kind) for one in toy.store.bound()] == [(keys[1], "confirmed")]
    assert toy.store.bound(session=toy.unit_of_work.session) == toy.store.bound()
    assert toy.store.bound(session="another") == toy.store.sightings(session="another") == []
    assert toy.gallery.by_hand.constraints.same == {keys[1]: 1}
    with pytest.raises(InputError, match="P0001"):
        toy.site.decisions.confirm(1, [("elsewhere", keys[0])])


def test_what_is_at_hand_is_on_the_wall_clock(toy: Toy) -> None:
    keys = alike(toy)
    at_hand, means = toy.site.decisions.at_hand(), toy.site.decisions.means()
    stored = {(seen.run_id, seen.match.tracklet): seen for seen in toy.store.sightings()}
    assert at_hand.keys() == stored.keys() == means.keys()
    for where, own in at_hand.items():
        assert own.start_s == pytest.approx(stored[where].start_s, abs=1e-3)
        assert np.linalg.norm(means[where]) == pytest.approx(1)
    assert {where[1] for where in at_hand} == set(keys)


def test_a_split_counts_more_than_a_confirmation_of_tracklets_that_went_on_since(toy: Toy) -> None:
    keys = alike(toy)
    toy.site.decisions.confirm(1)
    toy.walk("b", 2, look(0, seed=1), 2.0)
    toy.site.decisions.split_tracklets(1, [place(toy, keys[1])])
    assert [(one.number, one.kind) for one in toy.store.overruled(2)] == [(1, "confirmed")]
