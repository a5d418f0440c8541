"""Faults that several copies of one truth had: appearances keep one id, people leave once, and nothing flaps."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import pytest

from reid.errors import InputError
from reid.linking.reclustering import FIRST_NEW, Refinement, snapshot
from reid.live.identity.changes import Renamed
from reid.types import Match, TrackletKey
from tests.live.toy_site import Toy, look, made


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    made = Toy(tmp_path / "site.db")
    yield made
    made.store.close()


def present(toy: Toy) -> list[int]:
    return [person.person_id for person in toy.site_state.people() if person.present]


def test_who_left_after_their_track_was_cut_is_not_here_now(toy: Toy) -> None:
    first = toy.walk("a", 1, look(0), 3.0)
    for _ in range(3):
        toy.cut("a", 1)
        toy.walk("a", 1, look(0), 3.0)
        assert present(toy) == [1]
    toy.leave("a", 1)
    assert present(toy) == []
    (person,) = toy.site_state.people()
    (visit,) = person.visits
    assert visit.track_id == first.track_id
    assert visit.end_s - visit.start_s == pytest.approx(11.9, abs=0.11)


def test_an_appearance_keeps_one_id_from_seen_to_left(toy: Toy) -> None:
    first = toy.walk("a", 1, look(0), 3.0)
    for _ in range(3):
        toy.cut("a", 1)
        toy.walk("a", 1, look(0), 3.0)
    toy.leave("a", 1)
    (seen,), (left,) = toy.events("seen"), toy.events("left")
    assert seen.facts["track"] == left.facts["track"] == str(first)
    assert seen.facts["appearance"] == left.facts["appearance"] == str(first)
    assert left.facts["seconds"] == pytest.approx(11.9, abs=0.11)


def test_what_follows_a_cut_for_a_moment_is_no_appearance_of_its_own(toy: Toy) -> None:
    toy.walk("a", 1, look(0), 3.0)
    toy.cut("a", 1)
    rest = made("a", 77, 1, look(0), toy.now, toy.now + 0.6)
    toy.now += 0.6
    toy.take("a", ended=[rest])
    assert [event.kind for event, _ in toy.told] == ["seen", "identity_changed", "left"]
    assert toy.stored()[rest.key] == 1


def test_events_of_the_past_say_when_they_were_and_when_they_are_told(toy: Toy) -> None:
    key = toy.walk("a", 1, look(0), 3.0)
    toy.leave("a", 1)
    toy.now += 60
    toy.walk("a", 2, look(1), 3.0)
    refine(toy, {key: 2})
    told = toy.events("identity_changed")[-1].content()
    assert told["person"] == "P0002"
    moments = [datetime.fromisoformat(str(told[name])).timestamp() for name in ("at", "told")]
    assert moments == pytest.approx([1003.0, 1066.0], abs=0.11)
    all_told = [str(event.content()["told"]) for event, _ in toy.told]
    assert all_told == sorted(all_told)


# reclustering that goes to and fro ---


def refine(toy: Toy, wanted: Mapping[TrackletKey, int]) -> None:
    """A reclustering that gives these tracklets to these people, and leaves all others as they are."""
    now = snapshot(toy.gallery)
    people = dict(now.former) | dict(wanted)
    matches = {
        key: Match(tracklet=key, person_id=person, distance=0.1, runner_up_id=None, runner_up_distance=None)
        for key, person in people.items()
    }
    toy.site.apply(Refinement(snapshot=now, matches=matches, normalisations={}))
    toy.commit()


def test_a_track_that_is_given_to_and_fro_needs_more_each_time_and_gets_its_number_back(toy: Toy) -> None:
    first, second = toy.walk("a", 1, look(0), 3.0), toy.walk("b", 1, look(0, seed=1), 3.0)
    assert set(toy.stored().values()) == {1}

    def apart() -> None:
        now = toy.gallery.recent[second].person_id
        refine(toy, {second: FIRST_NEW if now == 1 else 2})

    for _ in range(20):
        apart()
        refine(toy, {second: 1})
    changes = [event for event in toy.events("identity_changed") if event.facts["old"] is not None]
    assert len(changes) <= 2, [event.facts for event in changes]
    for again in (apart, lambda: refine(toy, {second: 1}), apart):
        for _ in range(70):
            again()
    changes = [event for event in toy.events("identity_changed") if event.facts["old"] is not None]
    assert {event.person_id for event in changes} == {1, 2}, (
        "a split gives the number again that it gave before"
    )
    assert 3 <= len(changes) <= 6
    assert toy.stored() == {first: 1, second: 2}
    assert toy.gallery.next_person_id == 3
    created = [entry.person_id for entry in toy.store.history() if entry.event == "created"]
    assert sorted(created) == [1, 2]


def test_two_people_who_merge_do_so_at_once_and_whole(toy: Toy) -> None:
    keys = [toy.walk("a", number, look(number), 2.5) for number in (1, 2)]
    for number in (1, 2):
        toy.leave("a", number)
    refine(toy, {keys[1]: 1})
    assert set(toy.stored().values()) == {1}
    assert [entry.event for entry in toy.store.history()].count("merged") == 1


# what people ask for goes the same way ---


def test_corrections_by_hand_reach_store_page_and_receivers(toy: Toy) -> None:
    for number in (1, 2):
        toy.walk("a", number, look(number), 2.5)
    toy.unit_of_work.perform(Renamed(person_id=1, label="Ada"))
    assert [person.label for person in toy.store.people()] == ["Ada", None]
    assert {person.person_id: person.label for person in toy.site_state.people()} == {1: "Ada", 2: None}
    with pytest.raises(InputError, match="Ada"):
        toy.unit_of_work.perform(Renamed(person_id=2, label="Ada"))
    assert {person.person_id: person.label for person in toy.site_state.people()} == {1: "Ada", 2: None}
    toy.site.decisions.merge(2, 1)
    assert set(toy.stored().values()) == {1}
    assert present(toy) == [1]
    told = toy.events("identity_changed")[-1]
    assert (told.person_id, told.facts["old"], told.facts["reason"]) == (1, "P0002", "corrected")
    assert told.content()["label"] == "Ada"
    assert toy.think() == 0, "re-clustering undoes no correction, though the two look unlike"
    toy.cut("a", 2)
    toy.walk("a", 2, look(2), 2.5)
    assert toy.think() == 0, "nor where the track is cut and goes on"
    toy.leave("a", 2)
    assert toy.events("left")[-1].person_id == 1
    assert toy.events("left")[-1].content()["label"] == "Ada"
    assert toy.think() == 0
    assert set(toy.stored().values()) == {1}
    assert "label" not in toy.events("seen")[0].content()


def test_a_split_by_hand_reaches_store_page_and_receivers_and_stays(toy: Toy) -> None:
    keys = [toy.walk("a", 1, look(0), 2.5), toy.walk("b", 2, look(0, seed=1), 2.5)]
    toy.leave("a", 1)
    assert toy.stored() == dict.fromkeys(keys, 1)
    with pytest.raises(InputError, match="b/9: no stay of P0001 in the last 10 minutes"):
        toy.site.decisions.split(1, ["b/9"])
    with pytest.raises(InputError, match="these are all stays of P0001; leave one with them"):
        toy.site.decisions.split(1, [str(key) for key in keys])
    new = toy.site.decisions.split(1, [str(keys[1])])
    assert toy.stored() == {keys[0]: 1, keys[1]: new}
    told = toy.events("identity_changed")[-1]
    assert (told.person_id, told.facts["old"], told.facts["reason"]) == (new, "P0001", "corrected")
    assert {person.person_id: len(person.visits) for person in toy.site_state.people()} == {1: 1, new: 1}
    for _ in range(3):
        toy.walk("b", 2, look(0, seed=1), 1.0)
        assert toy.think() == 0, "they look alike, and are two"
    toy.leave("b", 2)
    assert toy.events("left")[-1].person_id == new
    assert [(one.kind, one.person_id, one.other_id) for one in toy.store.decisions()] == [
        ("different", 1, new)
    ]
    toy.site.decisions.merge(new, 1)
    assert set(toy.stored().values()) == {1}, "a split by mistake is taken back by a merge"
    assert toy.think() == 0
    assert [(one.kind, one.undone is None, one.by) for one in toy.store.decisions()] == [
        ("different", False, "live page"),
        ("same", True, "live page"),
    ]


def test_a_split_takes_the_whole_stay_also_what_is_older_than_the_window(tmp_path: Path) -> None:
    toy = Toy(tmp_path / "site.db", window_s=5.0)
    keys = [toy.walk("a", 1, look(0), 2.5), toy.walk("b", 2, look(0, seed=1), 2.5)]
    toy.leave("a", 1)
    for _ in range(3):
        toy.cut("b", 2)
        keys.append(toy.walk("b", 2, look(0, seed=1), 4.0))
    toy.site.age(toy.now)
    assert keys[1] not in toy.gallery.recent
    assert set(toy.stored().values()) == {1}
    new = toy.site.decisions.split(1, [str(keys[1])])
    assert toy.stored() == {keys[0]: 1} | dict.fromkeys(keys[1:], new)
    toy.store.close()


def test_what_waits_for_the_disk_of_a_forgotten_person_is_never_written(toy: Toy, tmp_path: Path) -> None:
    toy.walk("a", 1, look(0), 2.5)
    moved = toy.store.path.rename(tmp_path / "moved.db")
    toy.walk("a", 2, look(1), 2.5)
    assert toy.unit_of_work.behind
    toy.site.forget([2])
    moved.rename(toy.store.path)
    told = len(toy.told)
    toy.commit()
    assert toy.told[told:] == []
    assert set(toy.stored().values()) == {1}
