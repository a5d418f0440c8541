"""Visits get answers at once, may be taken for others later, and everything that is told is in the gallery."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.toy_site import Toy, look, made


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    made = Toy(tmp_path / "site.db")
    yield made
    made.store.close()


def test_nobody_is_asked_about_before_they_were_in_view_for_long_enough(toy: Toy) -> None:
    toy.walk("a", 1, look(0), 0.4)
    assert toy.told == []
    toy.walk("a", 1, look(0), 0.2, begun=1000.0)
    (seen,) = toy.events("seen")
    assert seen.person_id is None
    assert seen.facts["answer"] == "uncertain"
    assert toy.stored() == {}


def test_a_stranger_becomes_somebody_new_and_is_known_elsewhere(toy: Toy) -> None:
    first = toy.walk("a", 1, look(0), 2.0)
    assert [event.person_id for event in toy.events("identity_changed")] == [1]
    other = toy.walk("b", 1, look(0, seed=1), 1.0)
    known = toy.events("seen")[-1]
    assert (known.person_id, known.facts["answer"], known.facts["nearest"]) == (1, "known", "P0001")
    assert known.facts["track"] == str(other)
    toy.leave("a", 1)
    toy.leave("b", 1)
    assert toy.stored() == {first: 1, other: 1}
    assert [event.person_id for event in toy.events("left")] == [1, 1]
    assert toy.site.in_view("a") == []


def test_latency_counts_from_decoding_and_ids_are_unique(toy: Toy) -> None:
    toy.walk("a", 1, look(0), 2.0)
    toy.leave("a", 1)
    assert len({event.event_id for event, _ in toy.told}) == len(toy.told) == 3
    assert [latency for event, latency in toy.told if event.kind != "left"] == [0.0, 0.0]


def test_a_glimpse_that_nothing_is_kept_of_was_nobody(toy: Toy) -> None:
    toy.walk("a", 1, look(0), 0.7)
    toy.leave("a", 1, kept=False)
    assert [(event.kind, event.person_id) for event, _ in toy.told] == [("seen", None), ("left", None)]
    assert toy.stored() == {}
    assert toy.gallery.recent == {}


def test_a_known_person_of_whom_nothing_is_kept_is_taken_back(toy: Toy) -> None:
    toy.walk("a", 1, look(0), 2.0)
    toy.leave("a", 1)
    glimpse = toy.walk("b", 1, look(0, seed=1), 0.7)
    assert toy.stored()[glimpse] == 1
    toy.leave("b", 1, kept=False)
    assert glimpse not in toy.stored()


def test_who_leaves_uncertain_is_decided_then(toy: Toy) -> None:
    toy.walk("a", 1, look(0), 0.8)
    toy.leave("a", 1)
    assert set(toy.stored().values()) == {1}
    assert [event.facts.get("reason") for event in toy.events("identity_changed")] == ["settled"]


def test_a_track_that_is_cut_goes_on_without_a_word(toy: Toy) -> None:
    """Long visits are several tracklets, so that memory stays bounded: nobody leaves for that."""
    toy.walk("a", 1, look(0), 3.0)
    last = toy.cut("a", 1)
    before = len(toy.told)
    second = toy.walk("a", 1, look(0, seed=1), 3.0)
    assert len(toy.told) == before
    assert toy.stored() == {last.key: 1, second: 1}
    toy.leave("a", 1)
    (left,) = toy.events("left")
    assert left.facts["seconds"] == pytest.approx(5.9, abs=0.11)


def test_a_piece_that_was_cut_off_is_told_of(toy: Toy) -> None:
    """The tracker went from one person to another: the other part is somebody who came and went."""
    toy.walk("a", 1, look(0), 3.0)
    last = toy.tracks.pop(("a", 1))[-1]
    other = made("a", 99, 1, look(5), toy.now - 3, toy.now - 1)
    toy.take("a", ended=[other, last])
    assert len(set(toy.stored().values())) == 2
    assert [event.kind for event, _ in toy.told[-3:]] == ["seen", "left", "left"]


def test_second_thoughts_merge_two_who_are_one_and_say_so(toy: Toy) -> None:
    """A person whose back looks like nobody known, until somebody is seen from both sides."""
    front, back = look(0, 0.0), look(1, 0.0)
    toy.walk("a", 1, front, 3.0)
    toy.leave("a", 1)
    toy.now += 60
    toy.walk("a", 2, back, 3.0)
    toy.leave("a", 2)
    assert set(toy.stored().values()) == {1, 2}
    toy.now += 60
    for tracker in range(3, 7):  # both sides at once, near either
        toy.walk("b", tracker, (front + back) / 2**0.5, 5.0)
        toy.leave("b", tracker)
        toy.now += 60
    assert toy.think() > 0
    assert set(toy.stored().values()) == {1}
    told = toy.events("identity_changed")[-1]
    assert (told.facts["old"], told.facts["new"], told.facts["reason"]) == ("P0002", "P0001", "merged")
    assert toy.think() == 0
    assert [entry.event for entry in toy.store.history() if entry.event == "merged"] == ["merged"]
    assert [person.person_id for person in toy.site_state.people()] == [1]


def test_what_does_not_move_is_nobody(toy: Toy) -> None:
    """A poster that was told of before it was known: it goes from gallery and page, and no more is told of it."""
    vectors = look(0, 0.0)
    begun = toy.now
    toy.walk("a", 1, vectors, 8.0)
    assert toy.stored() != {}
    assert [person.person_id for person in toy.site_state.people()] == [1]
    toy.things = set(toy.gallery.recent)
    toy.think()
    assert toy.stored() == {}
    assert toy.store.people() == []
    assert toy.site_state.people() == []
    before = len(toy.told)
    toy.walk("a", 1, vectors, 3.0, begun=begun)
    assert len(toy.told) == before


def test_a_restart_knows_everybody(tmp_path: Path) -> None:
    first = Toy(tmp_path / "site.db")
    for person in range(4):
        first.walk("a", person, look(person), 2.5)
        first.leave("a", person)
    first.store.close()
    second = Toy(tmp_path / "site.db")
    for person in (3, 1, 0, 2):
        second.walk("b", person, look(person, seed=3), 1.0)
        assert second.told[-1][0].person_id == person + 1
    second.walk("b", 9, look(9), 2.5)
    assert second.told[-1][0].person_id == 5
    second.store.close()


def test_ageing_changes_no_answer(toy: Toy) -> None:
    for person in range(3):
        toy.walk("a", person, look(person), 2.5)
        toy.leave("a", person)
    toy.now += 10_000
    toy.site.age(toy.now)
    assert toy.gallery.recent == {}
    for person in range(3):
        toy.walk("b", person, look(person, seed=7), 1.0)
        assert toy.told[-1][0].person_id == person + 1


@pytest.mark.slow
def test_what_the_disk_has_no_room_for_is_told_later(toy: Toy, caplog: pytest.LogCaptureFixture) -> None:
    toy.walk("a", 1, look(0), 2.5)
    database, person = toy.store._db, 1
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count = {pages}")
    while "disk is full" not in caplog.text:
        person += 1
        told = len(toy.told)
        toy.walk("a", person, look(person % 5), 2.5)
    assert len(toy.told) < told + 3
    told = len(toy.told)
    toy.walk("a", person + 1, look(person % 5), 2.5)
    assert len(toy.told) == told, "what is not written is not told"
    assert caplog.text.count("nothing is told") == 1
    database.execute(f"PRAGMA max_page_count = {pages + 1000}")
    toy.walk("b", 1, look(3), 2.5)
    assert "the gallery is written again" in caplog.text
    assert len(toy.told) > told
    seen = [event for event, _ in toy.told if event.kind == "seen"]
    assert len(seen) == len({event.facts["track"] for event in seen})
    keys = {str(key) for key in toy.stored()}
    assert {event.facts["track"] for event in seen if event.person_id is not None} <= keys


def test_the_forgotten_are_nobody_and_become_somebody_new(toy: Toy) -> None:
    toy.walk("a", 1, look(0), 2.5)
    toy.site.forget([1])
    toy.store.forget(1)
    assert toy.stored() == {}
    assert toy.site_state.people() == []
    toy.cadences["a"].forget(1)
    toy.walk("a", 1, look(0), 2.5)
    assert set(toy.stored().values()) == {2}
