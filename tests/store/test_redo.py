"""What was undone is put back exactly, in the order in which it was decided."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from pipelines.cli.main import main
from reid.errors import InputError
from reid.store.opening import open_store
from reid.store.records import Live, MovedSighting, Record
from reid.types import TrackletKey
from tests.store.kept import content_of, tracks_in_decisions
from tests.store.site import ENCODER, NOON, commit, directions, sighting, tables
from tests.store.test_live_run import seen

TRACKLET = [("run-1", TrackletKey(camera_id="lobby", track_id=0))]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        commit(store, 1, [1, 1, 2, 3])
        store.rename(3, "Ada L.")
    return tmp_path / "site.db"


@pytest.mark.parametrize(
    "words",
    [
        "merge 2 1",
        "merge 3 1",
        "split 1 lobby/0",
        "apart 1 2",
        "reassign 1 2 lobby/0",
        "confirm 1",
        "ignore 3",
        "rename 3 Bob",
    ],
)
def test_each_kind_is_undone_and_redone_exactly(
    path: Path, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    before = tables(path)
    command, *operands = words.split()
    assert main(["gallery", command, str(path), *operands]) == 0
    after = tables(path)
    for _ in range(3):
        assert main(["gallery", "undo", str(path)]) == 0
        assert tables(path) == before
        assert main(["gallery", "redo", str(path)]) == 0
        assert tables(path) == after
    assert "redone: decision 2, " in capsys.readouterr().out
    with open_store(path, encoder_id=None, read_only=True) as store:
        events = [entry.event for entry in store.history()]
        assert events[-4:] == ["undone", "redone", "undone", "redone"]
        assert [one.undone for one in store.decisions()] == [None, None]


def test_a_merge_that_takes_back_a_split_gives_it_back(path: Path) -> None:
    with open_store(path, encoder_id=None) as store:
        new = store.split(1, TRACKLET)
        apart = tables(path)
        store.merge(new, into=1, instead=True)
        together = tables(path)
        assert [one.undone is None for one in store.decisions()] == [True, False, True]
        with pytest.raises(InputError, match="it ended with a later decision"):
            store.redo(2)
        store.undo()
        assert tables(path) == apart
        assert [one.undone is None for one in store.decisions()] == [True, True, False]
        with pytest.raises(InputError, match="are different people by decision 2"):
            store.merge(new, into=1)
        store.redo()
        assert tables(path) == together
        assert [one.undone is None for one in store.decisions()] == [True, False, True]


@pytest.mark.parametrize(
    ("decision", "sentence"),
    [
        ("", "no decision to redo"),
        ("1", "decision 1 (named) holds; there is nothing to redo"),
        ("9", "there is no decision 9"),
        ("x", "DECISION 'x': must be a number"),
    ],
)
def test_what_cannot_be_redone(
    path: Path, capsys: pytest.CaptureFixture[str], decision: str, sentence: str
) -> None:
    before = tables(path)
    assert main(["gallery", "redo", str(path), *decision.split()]) == 2
    assert sentence in capsys.readouterr().err
    assert tables(path) == before


def test_decisions_about_the_same_people_are_redone_in_their_order(path: Path) -> None:
    with open_store(path, encoder_id=None) as store:
        store.merge(2, into=1)
        store.rename(1, "Bob")
        both = tables(path)
        store.undo()
        store.undo()
        with pytest.raises(InputError, match=r"decision 2 \(same\) .* came before; redo that first"):
            store.redo(3)
        store.redo()
        store.redo()
        assert tables(path) == both
        store.undo()
        store.confirm(1)
        with pytest.raises(InputError, match=r"decision 4 \(confirmed\) was made since"):
            store.redo()
        store.undo()
        store.redo(3)
        assert tables(path) == both


def test_what_is_erased_is_in_nothing_that_is_kept_to_redo(path: Path) -> None:
    with open_store(path, encoder_id=None) as store:
        store.reassign(1, TRACKLET, 3)
        store.undo()
        store.merge(3, into=2)
        store.undo()
        store.forget(3)
    assert b"Ada L." not in content_of(path.parent)
    assert {one for one in tracks_in_decisions(path) if one[2] == 3} == set(), "her tracklet"
    with open_store(path, encoder_id=None) as store, pytest.raises(InputError, match="no decision to redo"):
        store.redo()


def test_a_name_that_is_undone_moves_nothing(path: Path) -> None:
    """A live site goes on linking while a name is undone."""
    with open_store(path, encoder_id=None) as store:
        store.rename(1, "Bob")
        number = store.decisions()[-1].number
        store.record(Record(moved=[moved_to(2)]))
        store.undo(number)
        assert {one.match.tracklet.track_id for one in store.sightings(2)} == {0, 2}
        assert {one.person_id: one.label for one in store.people()} == {1: None, 2: None, 3: "Ada L."}
        store.record(Record(moved=[moved_to(1)]))
        store.redo(number)
        assert {one.match.tracklet.track_id for one in store.sightings(1)} == {0, 1}
        assert store.find("Bob") == 1


def test_a_confirmation_that_is_undone_moves_nothing(path: Path) -> None:
    with open_store(path, encoder_id=None) as store:
        store.confirm(1)
        store.record(Record(moved=[moved_to(2)]))
        store.undo()
        assert {one.match.tracklet.track_id for one in store.sightings(2)} == {0, 2}
        store.redo()
        assert {one.match.tracklet.track_id for one in store.sightings(2)} == {0, 2}


def test_a_name_of_a_person_who_is_merged_by_itself_is_undone(path: Path) -> None:
    """An automatic merge is no decision, so nothing has to be undone first; it holds."""
    with open_store(path, encoder_id=None) as store:
        store.rename(1, "Bob")
        store.record(Record(merged=[(1, 2)]))
        store.undo()
        assert [(one.person_id, one.label) for one in store.people()] == [(2, "Bob"), (3, "Ada L.")]
        assert store.find("Bob") == 2
        with pytest.raises(InputError, match="P0001 was merged into P0002"):
            store.find(1)


def moved_to(person_id: int) -> MovedSighting:
    return MovedSighting(run_id="run-1", key=TRACKLET[0][1], old=3 - person_id, new=person_id, reason="moved")


def live(person_id: int, track: int, *, rival: int, longer_s: float = 0) -> Live:
    """A sighting of a live site, in Unix time."""
    made, now_s = seen(person_id, directions(track, 2), track=track, rival=rival), NOON.timestamp()
    return replace(made, sighting=replace(made.sighting, start_s=now_s, end_s=now_s + 2 + longer_s))


def test_a_tracklet_that_comes_back_to_a_person_keeps_no_distance_to_another(path: Path) -> None:
    """It has grown since it was merged with its person."""
    with open_store(path, encoder_id=None) as store:
        store.record(Record(sightings=[live(4, 1, rival=1), live(5, 2, rival=1)]))
        store.merge(4, into=5)
        store.record(Record(sightings=[live(5, 1, rival=1, longer_s=1)]))
        store.undo()
        (back,) = store.sightings(4)
        assert back.end_s == NOON.timestamp() + 3
        assert (back.match.distance, back.match.runner_up_id, back.match.runner_up_distance) == (None,) * 3


def test_what_a_replaced_run_had_does_not_come_into_the_new_one(path: Path) -> None:
    """With other settings the same numbers are other tracklets."""
    with open_store(path, encoder_id=None) as store:
        store.merge(2, into=1)
        other = [replace(sighting(1, directions(90 + n, 2), track=n), start_s=50.0 + n) for n in (0, 1)]
        store.commit_run("run-1", other, started=NOON + timedelta(hours=1), cameras=["lobby"])
        before = tables(path)
        store.undo()
        assert {name: tables(path)[name] for name in ("runs", "sightings", "prototypes")} == {
            name: before[name] for name in ("runs", "sightings", "prototypes")
        }
        store.redo()
        assert tables(path) == before


def test_what_was_no_person_in_a_replaced_run_is_found_by_linking_again(path: Path) -> None:
    with open_store(path, encoder_id=None) as store:
        store.ignore(2)
        other = [replace(sighting(1, directions(90 + n, 2), track=n), start_s=50.0 + n) for n in (0, 1, 2)]
        store.commit_run("run-1", other, started=NOON + timedelta(hours=1), cameras=["lobby"])
        before = tables(path)
        store.undo()
        assert tables(path) == before, "its number 2 is another tracklet now"
        store.redo()
        assert tables(path) == before


def test_the_order_of_redo_outlives_a_run_that_does_not_show_the_person(path: Path) -> None:
    with open_store(path, encoder_id=None) as store:
        numbers = [store.rename(2, "A."), store.rename(2, "B.")]
        store.undo()
        store.undo()
        others = [sighting(1, directions(90, 2), track=0), sighting(3, directions(91, 2), track=3)]
        store.commit_run("run-1", others, started=NOON, cameras=["lobby"])
        assert [one.person_id for one in store.people()] == [1, 3]
        assert [store.redo().number, store.redo().number] == numbers


def test_what_was_left_out_of_a_run_that_was_linked_again_keeps_its_number_and_name(path: Path) -> None:
    with open_store(path, encoder_id=None) as store:
        before = store.identities(people=[3])[0].prototypes.vectors
        store.ignore(3)
        left = [sighting(person, directions(90 + n, 2), track=n) for n, person in enumerate([1, 1, 2])]
        store.commit_run("run-1", left, started=NOON, cameras=["lobby"])
        after = tables(path)
        store.undo()
        assert store.find("Ada L.") == 3
        assert [one.match.tracklet.track_id for one in store.sightings(3)] == [3]
        np.testing.assert_array_equal(store.identities(people=[3])[0].prototypes.vectors, before)
        store.redo()
        assert tables(path) == after
