"""What people decide while a site runs: it holds in re-clustering, is told, and is undone and redone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reid.errors import InputError
from reid.linking.reclustering import FIRST_NEW, Refinement, snapshot
from reid.live.identity.changes import Renamed
from reid.types import Match, TrackletKey
from tests.live.toy_site import Toy, look
from tests.store.site import tables

UNIX_S = 1.7e9  # what a live site's clock says, and no recording's


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    made = Toy(tmp_path / "site.db", now=UNIX_S)
    yield made
    made.store.close()


def shown(toy: Toy) -> dict[int, str | None]:
    return {person.person_id: person.label for person in toy.site_state.people()}


def reason(toy: Toy) -> tuple[object, ...]:
    facts = toy.events("identity_changed")[-1].facts
    return facts["old"], facts["new"], facts["reason"]


def two(toy: Toy) -> list[TrackletKey]:
    """Two people who look unlike; the second is still in view."""
    keys = [toy.walk("a", number, look(number), 2.5) for number in (1, 2)]
    toy.leave("a", 1)
    assert toy.stored() == {keys[0]: 1, keys[1]: 2}
    return keys


def test_what_is_no_person_goes_and_does_not_come_back(toy: Toy) -> None:
    keys = two(toy)
    toy.site.decisions.ignore(2)
    assert reason(toy) == ("P0002", None, "not_a_person")
    assert (toy.stored(), shown(toy)) == ({keys[0]: 1}, {1: None})
    toy.walk("a", 2, look(2), 2.5)
    assert toy.think() == 0
    toy.leave("a", 2)
    assert (toy.told[-1][0].kind, toy.told[-1][0].person_id) == ("left", None)
    told = len(toy.told)
    toy.walk("a", 2, look(2, seed=1), 3.0)  # a new track of it, at the same place
    assert toy.think() == 0
    toy.leave("a", 2)
    assert (toy.stored(), len(toy.told)) == ({keys[0]: 1}, told)
    other = toy.walk("b", 2, look(2, seed=2), 3.0)
    assert toy.stored()[other] == 3, "another camera sees somebody who looks so"
    assert [(one.kind, one.by) for one in toy.store.decisions()] == [("not_a_person", "live page")]
    assert [entry.event for entry in toy.store.history(2)][-1] == "not_a_person"


def test_what_was_no_person_by_mistake_is_one_again(toy: Toy) -> None:
    keys = two(toy)
    before = tables(toy.store.path)
    toy.site.decisions.ignore(2)
    after = tables(toy.store.path)
    undone = toy.site.decisions.undo(None)
    assert (undone.kind, undone.person_id) == ("not_a_person", 2)
    assert tables(toy.store.path) == before
    assert (reason(toy), sorted(shown(toy))) == ((None, "P0002", "undone"), [1, 2])
    toy.site.decisions.redo(None)
    assert tables(toy.store.path) == after
    assert (reason(toy), sorted(shown(toy))) == (("P0002", None, "redone"), [1])
    toy.site.decisions.undo(None)
    assert toy.think() == 0
    toy.walk("a", 2, look(2), 2.0)
    toy.leave("a", 2)
    assert toy.events("left")[-1].person_id == 2
    assert toy.stored() == {keys[0]: 1, keys[1]: 2}
    again = toy.walk("b", 3, look(2, seed=1), 2.0)
    assert toy.stored()[again] == 2, "they are known again"


def test_a_merge_is_undone_and_redone_while_they_walk(toy: Toy) -> None:
    keys = two(toy)
    toy.unit_of_work.perform(Renamed(person_id=2, label="Ada"))
    toy.site.decisions.merge(2, 1)
    toy.walk("a", 2, look(2), 1.5)
    assert (set(toy.stored().values()), shown(toy)) == ({1}, {1: "Ada"})
    undone = toy.site.decisions.undo(None)
    assert (undone.kind, undone.person_id, undone.other_id) == ("same", 1, 2)
    assert (toy.stored(), shown(toy)) == ({keys[0]: 1, keys[1]: 2}, {1: None, 2: "Ada"})
    told = [event for event in toy.events("identity_changed") if event.facts["reason"] == "corrected"]
    assert (told[-1].facts["old"], told[-1].facts["new"]) == ("P0001", "P0002")
    assert toy.think() == 0, "nothing says that they are one any more"
    assert toy.site.in_view("a")[0].person_id == 2
    toy.site.decisions.redo(None)
    assert (set(toy.stored().values()), shown(toy)) == ({1}, {1: "Ada"})
    for _ in range(3):
        toy.walk("a", 2, look(2), 1.5)
        assert toy.think() == 0, "re-clustering keeps to it"
    toy.leave("a", 2)
    assert toy.events("left")[-1].content()["label"] == "Ada"


def test_a_split_is_undone_and_redone(toy: Toy) -> None:
    keys = [toy.walk("a", 1, look(0), 2.5), toy.walk("b", 2, look(0, seed=1), 2.5)]
    toy.leave("a", 1)
    new = toy.site.decisions.split(1, [str(keys[1])])
    toy.walk("b", 2, look(0, seed=1), 1.5)
    toy.site.decisions.undo(None)
    assert (set(toy.stored().values()), sorted(shown(toy))) == ({1}, [1])
    assert toy.think() == 0
    toy.site.decisions.redo(None)
    assert (toy.stored(), sorted(shown(toy))) == ({keys[0]: 1, keys[1]: new}, [1, new])
    assert toy.think() == 0, "they look alike, and are two"


def test_a_merge_that_took_a_split_back_is_undone(toy: Toy) -> None:
    keys = [toy.walk("a", 1, look(0), 2.5), toy.walk("b", 2, look(0, seed=1), 2.5)]
    new = toy.site.decisions.split(1, [str(keys[1])])
    toy.site.decisions.merge(new, 1)
    assert toy.think() == 0
    toy.site.decisions.undo(None)
    assert toy.stored() == {keys[0]: 1, keys[1]: new}
    assert toy.think() == 0, "the split holds again"


def test_who_is_confirmed_stays_whole(toy: Toy) -> None:
    two(toy)
    toy.site.decisions.merge(2, 1)
    toy.site.decisions.confirm(1)
    assert reason(toy) == ("P0001", "P0001", "confirmed")
    with pytest.raises(InputError, match=r"decision 2 \(confirmed\) is later and about the same people"):
        toy.site.decisions.undo(1)
    assert toy.think() == 0
    assert [one.kind for one in toy.store.decisions()] == ["same", "confirmed"]
    assert toy.site.decisions.undo(None).kind == "confirmed"
    assert toy.think() == 0


def test_a_name_is_undone(toy: Toy) -> None:
    two(toy)
    toy.unit_of_work.perform(Renamed(person_id=1, label="Ada"))
    toy.site.decisions.undo(None)
    assert shown(toy) == {1: None, 2: None}
    toy.site.decisions.redo(None)
    assert shown(toy) == {1: "Ada", 2: None}
    facts = toy.events("identity_changed")[-1].facts
    assert (facts["kind"], facts["decision"], facts["reason"]) == ("named", 1, "redone")


def test_what_was_decided_before_a_restart_is_undone(tmp_path: Path) -> None:
    first = Toy(tmp_path / "site.db", now=UNIX_S)
    two(first)
    first.leave("a", 2)
    first.site.decisions.merge(2, 1)
    first.store.close()
    second = Toy(tmp_path / "site.db", now=UNIX_S)
    assert second.site.decisions.undo(None).kind == "same"
    for number in (1, 2):
        key = second.walk("b", number, look(number, seed=4), 1.0)
        assert second.stored()[key] == number
    with pytest.raises(InputError, match="no decision to undo"):
        second.site.decisions.undo(None)
    second.store.close()


def test_a_forgotten_person_is_in_nothing_that_can_be_undone(toy: Toy) -> None:
    keys = two(toy)
    toy.site.decisions.ignore(2)
    toy.site.decisions.undo(None)
    toy.site.forget([2])
    toy.store.forget(2)
    with pytest.raises(InputError, match="no decision to redo"):
        toy.site.decisions.redo(None)
    assert (toy.stored(), shown(toy)) == ({keys[0]: 1}, {1: None})


@pytest.mark.parametrize("merged", [False, True])
def test_a_split_holds_where_only_one_side_is_older_than_the_window(tmp_path: Path, merged: bool) -> None:
    toy = Toy(tmp_path / "site.db", now=UNIX_S, window_s=20.0)
    off = toy.walk("a", 1, look(0), 2.5)
    toy.leave("a", 1)
    kept = toy.walk("b", 2, look(0, seed=1), 2.5)
    other = toy.walk("a", 3, look(5), 2.5)
    new = toy.site.decisions.split(1, [str(off)])
    if merged:  # the rest has another number then
        toy.site.decisions.merge(1, 2)
    rest = 2 if merged else 1
    assert [toy.stored_as(key) for key in (off, kept, other)] == [new, rest, 2]
    for _ in range(10):  # the split-off one is gone, the other stays in view
        toy.walk("b", 2, look(0, seed=1), 2.5)
        toy.site.age(toy.now)
        toy.think()
    assert off not in toy.gallery.recent
    assert toy.stored_as(off) == new
    assert toy.stored_as(kept) == rest
    toy.store.close()


def test_a_split_holds_where_reclustering_merged_the_new_person_who_is_older_than_the_window(
    tmp_path: Path,
) -> None:
    toy = Toy(tmp_path / "site.db", now=UNIX_S, window_s=20.0)
    off = toy.walk("a", 1, look(0), 2.5)
    toy.leave("a", 1)
    kept = toy.walk("b", 2, look(0, seed=1), 2.5)
    toy.site.decisions.split(1, [str(off)])
    other = toy.walk("a", 3, look(5), 2.5)
    toy.leave("a", 3)
    one = {key: a_match(key, FIRST_NEW) for key in (off, other)}
    toy.site.apply(Refinement(snapshot=snapshot(toy.gallery), matches=one, normalisations={}))
    toy.unit_of_work.commit()
    whole = toy.stored_as(other)
    assert toy.stored_as(off) == whole != toy.stored_as(kept) == 1
    for _ in range(10):
        toy.walk("b", 2, look(0, seed=1), 2.5)
        toy.site.age(toy.now)
        toy.think()
    assert off not in toy.gallery.recent
    assert (toy.stored_as(off), toy.stored_as(kept)) == (whole, 1)
    toy.store.close()


def a_match(key: TrackletKey, person_id: int) -> Match:
    return Match(tracklet=key, person_id=person_id, distance=0.1, runner_up_id=None, runner_up_distance=None)


def test_a_name_keeps_a_person_known_after_they_were_no_person_by_mistake(toy: Toy) -> None:
    """What a named person is remembered by is there again, also while they are in view."""
    two(toy)
    toy.unit_of_work.perform(Renamed(person_id=2, label="Ada"))
    toy.gallery.anchor(2)
    assert 2 in toy.gallery.memory.people
    toy.site.decisions.ignore(2)
    assert 2 not in toy.gallery.memory.people
    toy.site.decisions.undo(None)
    assert 2 in toy.gallery.memory.people
    assert 2 in {one.person_id for one in toy.gallery.recent.values()}
    toy.site.decisions.redo(None)
    toy.site.decisions.undo(None)
    assert 2 in toy.gallery.memory.people


def test_a_name_outlives_that_reclustering_gave_all_tracklets_of_the_person_away(toy: Toy) -> None:
    two(toy)
    toy.unit_of_work.perform(Renamed(person_id=2, label="Ada"))
    toy.gallery.anchor(2)
    toy.walk("a", 2, look(1, seed=3), 6.0)
    toy.think()
    assert set(toy.stored().values()) == {1}
    toy.leave("a", 2)
    again = toy.walk("b", 5, look(2, seed=9), 3.0)
    assert toy.stored_as(again) == 2, "remembered by the name"
    assert toy.store.labels([1, 2]) == {1: None, 2: "Ada"}
    assert toy.events("seen")[-1].facts["label"] == "Ada"


def test_tracks_that_were_left_out_are_seen_again(toy: Toy) -> None:
    """A new track at the place of what is no person is hidden; an undo shows it."""
    keys = two(toy)
    toy.site.decisions.ignore(2)
    toy.leave("a", 2)
    hidden = toy.walk("a", 2, look(2, seed=1), 2.5)
    assert toy.site.in_view("a")[0].thing
    toy.site.decisions.undo(None)
    assert not toy.site.in_view("a")[0].thing
    toy.walk("a", 2, look(2, seed=1), 1.0)
    assert toy.stored() == {keys[0]: 1, keys[1]: 2, hidden: 2}


def test_a_track_that_is_over_is_not_seen_again(toy: Toy) -> None:
    """A tracker that begins again gives its number to another person, who is not what an undo brings back."""
    two(toy)
    toy.site.decisions.ignore(2)
    toy.leave("a", 2)
    other = toy.walk("a", 2, look(5), 2.0)
    assert toy.site.in_view("a")[-1].person_id == 3
    toy.site.decisions.undo(None)
    assert toy.site.in_view("a")[-1].person_id == 3
    toy.walk("a", 2, look(5), 1.0)
    assert toy.stored_as(other) == 3


def test_what_is_no_person_keeps_no_crops_for_longer_than_the_window(tmp_path: Path) -> None:
    toy = Toy(tmp_path / "site.db", now=UNIX_S, window_s=20.0)
    keys = two(toy)
    toy.site.decisions.confirm(2)
    toy.site.decisions.ignore(2)
    toy.leave("a", 2)
    toy.now += 60
    toy.site.age(toy.now)
    assert keys[1] not in toy.gallery.by_hand.constraints.same
    assert [one.recent for one in toy.site.decisions.left_out._ignored.values()] == [{}], "nor crops"
    toy.walk("a", 2, look(2, seed=1), 3.0)
    assert toy.site.in_view("a")[0].thing, "its place is known for as long as the program runs"
    toy.site.decisions.undo(None)
    assert keys[1] not in toy.gallery.recent
    assert 2 in toy.gallery.memory.people
    toy.store.close()


def test_a_split_says_why_the_store_cannot_be_written(toy: Toy) -> None:
    toy.walk("a", 1, look(0), 2.5)
    away = toy.store.path.rename(toy.store.path.with_name("away.db"))
    off = toy.walk("b", 2, look(0, seed=1), 2.5)
    with pytest.raises(InputError, match="is gone: it was moved or deleted"):
        toy.site.decisions.split(1, [str(off)])
    away.rename(toy.store.path)


def test_a_merge_that_ends_a_split_hands_on_nothing_of_it(toy: Toy) -> None:
    """Who was said to be apart is not barred from the person that both are."""
    keys = [toy.walk("a", 1, look(0), 2.5), toy.walk("b", 2, look(0, seed=1), 2.5)]
    other = toy.walk("a", 3, look(5), 2.5)
    new = toy.site.decisions.split(1, [str(keys[1])])
    toy.gallery.reassign(keys[0], toy.stored_as(other))
    toy.site.decisions.merge(new, 1)
    assert toy.gallery.by_hand.constraints.not_of == frozenset()
