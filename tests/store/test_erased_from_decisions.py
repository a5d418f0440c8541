"""What is erased of people is gone from other people's decisions too, and no undo or redo brings it back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from reid.errors import InputError
from reid.store.base import Store
from reid.store.opening import open_store
from reid.store.records import Sighting
from reid.types import Array, TrackletKey
from tests.store.kept import blobs, content_of, found_in_files, tracks_in_decisions
from tests.store.site import ENCODER, NOON, directions, sighting

HERS = directions(7, 6, dimension=512)  # of the first tracklet of person 1
FIRST = ("run", TrackletKey(camera_id="lobby", track_id=0))


def boxes(at: float) -> Array:
    """Places of one walk, on a line of its own for each `at`."""
    steps = np.arange(4, dtype=np.float32)[:, None]
    return np.hstack([steps * 0.5, steps * 3 + np.array([[at, 10, at + 40, 110]])]).astype(np.float32)


def seen(person_id: int, track: int, vectors: Array) -> Sighting:
    return replace(sighting(person_id, vectors, track=track), places=boxes(100 * track))


def fill(store: Store, people: Sequence[int], run_id: str = "run") -> None:
    """A run of one tracklet for each entry of `people`; track 0 has the vectors that the tests look for."""
    made = [
        seen(person, track, directions(100 + track, 3, dimension=512) if track else HERS)
        for track, person in enumerate(people)
    ]
    store.commit_run(run_id, made, started=NOON, cameras=["lobby"])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = open_store(tmp_path / "site.db", encoder_id=ENCODER)
    fill(made, [1, 1, 2, 3])
    return made


def test_a_person_who_was_split_off_is_gone_from_what_was_decided_before(
    store: Store, tmp_path: Path
) -> None:
    store.merge(2, into=1)
    store.undo()
    store.confirm(1)
    new = store.split(1, [FIRST])
    store.rename(new, "Ada L.")
    assert ("run", "lobby", 0) in tracks_in_decisions(store.path)
    assert found_in_files(tmp_path, HERS) > 0
    store.forget(new)
    assert ("run", "lobby", 0) not in tracks_in_decisions(store.path)
    assert found_in_files(tmp_path, HERS) == 0
    assert b"Ada L." not in content_of(tmp_path)
    assert [(one.kind, one.undone is None) for one in store.decisions()] == [
        ("same", False),
        ("confirmed", True),
        ("erased", True),
    ]
    store.undo(2)
    store.redo(2)
    store.undo(2)
    store.redo(1)
    assert {one.match.tracklet.track_id for one in store.sightings(1)} == {1, 2}
    assert ("run", "lobby", 0) not in tracks_in_decisions(store.path)
    store.close()
    assert found_in_files(tmp_path, HERS) == 0


def test_a_label_that_was_another_persons_for_a_while_is_gone(store: Store, tmp_path: Path) -> None:
    store.rename(1, "Ada L.")
    store.merge(1, into=2)
    new = store.split(2, [FIRST])
    store.rename(2, "Bob")
    store.rename(new, "Ada L.")
    store.rename(3, "Cem")
    store.forget(new)
    store.close()
    content = content_of(tmp_path)
    assert b"Ada L." not in content
    assert b"Bob" in content
    assert [row for kept in blobs(tmp_path / "site.db") for row in kept["people"] if row[1] == "Ada L."] == []
    with open_store(tmp_path / "site.db", encoder_id=None) as again:
        assert {one.person_id: one.label for one in again.people()} == {2: "Bob", 3: "Cem"}
        assert [(one.person_id, one.label) for one in again.decisions() if one.kind == "named"] == [
            (2, "Bob"),
            (3, "Cem"),
        ]
        assert "Ada L." not in str(again.history())


def test_a_label_that_someone_else_has_now_stays(store: Store) -> None:
    store.rename(1, "Ada L.")
    store.rename(1, None)
    store.rename(2, "Ada L.")
    store.forget(1)
    assert store.find("Ada L.") == 2
    assert [one.label for one in store.decisions() if one.kind == "named"] == ["Ada L."]
    assert [one.detail["label"] for one in store.history(2) if one.event == "renamed"] == ["Ada L."]
    store.close()


def test_a_tracklet_that_had_another_number_is_found_by_content(store: Store, tmp_path: Path) -> None:
    """The run was processed again since, and numbers its tracks otherwise."""
    store.confirm(1)
    again = [replace(seen(person, track, directions(200 + track, 2, dimension=512)), places=boxes(100 * was))
             for track, (person, was) in enumerate([(2, 2), (1, 1), (3, 3), (1, 0)])]  # fmt: skip
    again = [
        replace(one, start_s=float(was), end_s=was + 2.5)
        for one, was in zip(again, (2, 1, 3, 0), strict=True)
    ]
    store.commit_run("run", again, started=NOON, cameras=["lobby"])
    new = store.split(1, [("run", TrackletKey(camera_id="lobby", track_id=3))])
    store.forget(new)
    left = [(row[4], row[5]) for kept in blobs(store.path) for row in kept.get("sightings", [])]
    assert (0.0, 2.5) not in left
    assert {one.tracklet.track_id for one in store.bound()} == {1}, "the other one stays confirmed"
    store.close()
    assert found_in_files(tmp_path, HERS) == 0


def test_what_ages_out_is_gone_from_decisions_that_stay(tmp_path: Path) -> None:
    """A person with a name keeps the sighting that they are recognised by; all else of the run goes."""
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        fill(store, [1, 1, 2, 3])
        store.merge(1, into=2)
        store.split(2, [FIRST])
        store.rename(3, "Cem")
        later = [seen(2, 9, directions(9, 2, dimension=512))]
        store.commit_run("later", later, started=NOON + timedelta(days=9), cameras=["lobby"])
        erased = store.prune(NOON + timedelta(days=1))
        assert (erased.people, erased.sightings) == ((4,), 3)
        assert {one for one in tracks_in_decisions(store.path) if one[2] != 3} == set()
        assert [one.kind for one in store.decisions()] == ["same", "named"]
    assert found_in_files(tmp_path, HERS) == 0


def test_whoever_is_beyond_the_most_people_is_gone_from_decisions(store: Store, tmp_path: Path) -> None:
    store.confirm(1)
    new = store.split(1, [FIRST])
    for person_id, name in ((1, "A."), (2, "B."), (3, "C.")):
        store.rename(person_id, name)
    assert store.thin(3).people == (new,)
    assert ("run", "lobby", 0) not in tracks_in_decisions(store.path)
    store.close()
    assert found_in_files(tmp_path, HERS) == 0


def test_what_is_not_a_person_can_be_erased(store: Store, tmp_path: Path) -> None:
    store.confirm(1)
    new = store.split(1, [FIRST])
    store.rename(new, "Ada L.")
    store.ignore(new)
    assert found_in_files(tmp_path, HERS) > 0
    store.forget(new)
    assert ("run", "lobby", 0) not in tracks_in_decisions(store.path)
    assert [one.kind for one in store.decisions()] == ["confirmed", "erased"]
    with pytest.raises(InputError, match="nobody called 'P0004'"):
        store.forget(new)
    store.close()
    assert found_in_files(tmp_path, HERS) == 0
    assert b"Ada L." not in content_of(tmp_path)


def test_a_track_beside_an_erased_one_stays_decided(store: Store) -> None:
    """Two people walk so close that their boxes overlap most of the time."""
    close = [replace(seen(person, track, directions(300 + track, 2, dimension=512)), start_s=5.0, end_s=7.5,
                     places=boxes(100 + 4 * track)) for person, track in ((1, 1), (2, 2))]  # fmt: skip
    store.commit_run("close", close, started=NOON, cameras=["lobby"])
    store.confirm(2)
    store.forget(1)
    assert {(one.run_id, one.tracklet.track_id) for one in store.bound()} == {("run", 2), ("close", 2)}
    store.close()


def test_a_number_that_was_merged_after_an_undo_erases_nothing(store: Store, tmp_path: Path) -> None:
    """They were no person once, by mistake; under their former number nothing is erased, and no decision goes."""
    store.ignore(2)
    store.undo()
    store.merge(2, into=1)
    said = store.decisions()
    for ask in (lambda: store.find(2, ignored=True), lambda: store.forget(2)):
        with pytest.raises(InputError, match="P0002 was merged into P0001; use that"):
            ask()
    assert store.decisions() == said
    assert [(one.person_id, one.sightings) for one in store.people()] == [(1, 3), (3, 1)]


def test_what_was_given_to_another_person_stays_theirs(store: Store, tmp_path: Path) -> None:
    """The rest of the former person is gone with all that was said of it."""
    before = store.reassign(1, [("run", TrackletKey(camera_id="lobby", track_id=1))], 3)
    store.forget(1)
    assert ("run", "lobby", 0) not in tracks_in_decisions(store.path)
    assert found_in_files(tmp_path, HERS) == 0
    (decision, _) = store.decisions()
    assert (decision.number, decision.kind, decision.person_id, decision.other_id) == (
        before,
        "confirmed",
        3,
        None,
    )
    assert {(one.tracklet.track_id, one.side, one.person_id) for one in store.bound()} == {
        (1, 0, 3),
        (3, 0, 3),
    }
    store.undo(before)
    assert store.bound() == []
    store.redo(before)
    assert {one.tracklet.track_id for one in store.bound()} == {1, 3}


def test_a_tracklet_that_was_given_away_since_stays_apart(store: Store) -> None:
    """Of a person who was told apart and is erased, one tracklet shows a third person by then."""
    apart = store.apart(1, 2)
    store.reassign(1, [("run", TrackletKey(camera_id="lobby", track_id=1))], 3)
    store.forget(1)
    found = {one.number: (one.kind, one.person_id, one.other_id) for one in store.decisions()}
    assert found[apart] == ("different", 3, 2)
    told = {(one.tracklet.track_id, one.side) for one in store.bound(numbers=[apart])}
    assert told == {(1, 0), (2, 1)}
    assert store.told_apart() == {(2, 3)}
    store.forget(2)
    assert apart not in {one.number for one in store.decisions()}, "of one side nothing is left"


def test_what_was_given_to_an_erased_person_is_not_the_former_one(store: Store) -> None:
    """A tracklet was given to a person who is erased, and to a third one before that."""
    first = store.reassign(1, [("run", TrackletKey(camera_id="lobby", track_id=1))], 2)
    store.reassign(2, [("run", TrackletKey(camera_id="lobby", track_id=1))], 3)
    store.forget(2)
    found = {one.number: (one.kind, one.person_id, one.other_id) for one in store.decisions()}
    assert found[first] == ("different", 1, 3)
    assert found[first + 1] == ("confirmed", 3, None)
    assert {(one.tracklet.track_id, one.side) for one in store.bound(numbers=[first])} == {(0, 0), (1, 1)}
