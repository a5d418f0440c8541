"""Decisions of which one side can change no more: they hold, whichever people its tracklets show by now."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reid.linking.reclustering import FIRST_NEW, Refinement, snapshot
from reid.types import Match, TrackletKey
from tests.live.toy_site import Toy, look

UNIX_S = 1.7e9


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    made = Toy(tmp_path / "site.db", now=UNIX_S, window_s=20.0)
    yield made
    made.store.close()


def place(toy: Toy, key: TrackletKey) -> tuple[str, TrackletKey]:
    return next((seen.run_id, key) for seen in toy.store.sightings() if seen.match.tracklet == key)


def go_on(toy: Toy, rounds: int = 10) -> None:
    """One person stays in view of camera b, all else gets older than the window."""
    for _ in range(rounds):
        toy.walk("b", 2, look(0, seed=1), 2.5)
        toy.site.age(toy.now)
        toy.think()


def visit(toy: Toy, tracker: int, person: int, seed: int = 0) -> TrackletKey:
    key = toy.walk("a", tracker, look(person, seed=seed), 2.5)
    toy.leave("a", tracker)
    return key


@pytest.mark.parametrize("undone", [False, True])
def test_what_was_split_is_not_the_third_person_who_got_the_rest(toy: Toy, undone: bool) -> None:
    """One of the older tracklets goes to another person, who looks like what was split off then."""
    former = [visit(toy, 1, 0), visit(toy, 1, 0, seed=5)]
    other = visit(toy, 3, 5)
    off = toy.walk("b", 2, look(0, seed=1), 2.5)
    assert [toy.stored_as(key) for key in (*former, other, off)] == [1, 1, 2, 1]
    new = toy.site.decisions.split_tracklets(1, [place(toy, off)])
    go_on(toy)
    assert set(toy.gallery.recent) == {off}
    toy.site.decisions.reassign(1, [place(toy, former[0])], 2)
    go_on(toy, 3)
    assert [toy.stored_as(key) for key in (*former, other, off)] == [2, 1, 2, new]
    if undone:
        toy.site.decisions.undo(None)
        go_on(toy, 3)
        assert [toy.stored_as(key) for key in (*former, other, off)] == [1, 1, 2, new]


def test_what_was_given_to_a_person_stays_theirs_when_the_former_one_is_erased(toy: Toy) -> None:
    """Tracklets of two people who look unlike; what showed the first is said to show the second."""
    first, second = visit(toy, 1, 0), visit(toy, 3, 5)
    moved = toy.walk("b", 2, look(0, seed=1), 2.5)
    assert [toy.stored_as(key) for key in (first, second, moved)] == [1, 2, 1]
    toy.site.decisions.reassign(1, [place(toy, moved)], 2)
    toy.site.forget([1])
    toy.store.forget(1)
    toy.site.decisions.confirm(2, [place(toy, second)])  # whatever is decided next
    for _ in range(3):
        toy.walk("b", 2, look(0, seed=1), 1.0)
        toy.think()
    assert [toy.stored_as(key) for key in (first, second, moved)] == [None, 2, 2]
    kinds = [(one.kind, one.person_id, one.other_id) for one in toy.store.decisions()]
    assert kinds == [("confirmed", 2, None), ("erased", 1, None), ("confirmed", 2, None)]
    for number in (3, 1):
        toy.site.decisions.undo(number)
    assert [one.undone is None for one in toy.store.decisions()] == [False, True, False]
    assert toy.stored_as(moved) == 2, "there is no person whom it could show instead"


def test_what_was_split_off_has_the_number_that_reclustering_gave_it(toy: Toy) -> None:
    """It is kept together as the person that it shows, also where the new person became another one."""
    off = visit(toy, 1, 0)
    kept = toy.walk("b", 2, look(0, seed=1), 2.5)
    new = toy.site.decisions.split(1, [str(off)])
    assert toy.gallery.by_hand.together == {off: new}
    other = toy.walk("a", 3, look(5), 2.5)
    together = {key: a_match(key, FIRST_NEW) for key in (off, other)}
    toy.site.apply(Refinement(snapshot=snapshot(toy.gallery), matches=together, normalisations={}))
    toy.unit_of_work.commit()
    third = toy.stored_as(other)
    assert toy.stored_as(off) == third != toy.stored_as(kept) == 1
    assert third != new
    assert toy.gallery.by_hand.together == {off: third}
    toy.site.decisions.undo(None)
    assert [shown_now(toy, key) for key in (off, kept, other)] == [1, 1, third]
    toy.site.decisions.redo(None)  # the new person was the third one by then
    assert [shown_now(toy, key) for key in (off, kept, other)] == [third, 1, third]
    for _ in range(3):
        toy.walk("b", 2, look(0, seed=1), 1.0)
        toy.think()
    assert [shown_now(toy, key) for key in (off, kept)] == [third, 1]


def shown_now(toy: Toy, key: TrackletKey) -> int | None:
    """The person of a tracklet, by the gallery and by what re-clustering works on."""
    assert toy.gallery.recent[key].person_id == toy.stored_as(key)
    return toy.stored_as(key)


def a_match(key: TrackletKey, person_id: int) -> Match:
    return Match(tracklet=key, person_id=person_id, distance=0.1, runner_up_id=None, runner_up_distance=None)
