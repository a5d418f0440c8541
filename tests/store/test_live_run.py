"""A live site in a gallery: written as it comes, changed, erased, and whole whenever it is killed."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from reid.errors import InputError
from reid.store.base import Store
from reid.store.opening import open_store
from reid.store.records import Live, MovedSighting, Record, Run
from reid.types import Array, Match, TrackletKey
from tests.store.site import ENCODER, NOON, commit, directions, sighting, tables

BLOCK = timedelta(minutes=5)


def block(number: int) -> Run:
    return Run(run_id=f"live-{number:06}", started=NOON + number * BLOCK, cameras=("lobby", "yard"))


def seen(
    person_id: int,
    vectors: Array,
    *,
    at: int = 0,
    track: int = 1,
    rival: int | None = None,
    longer_s: float = 0,
) -> Live:
    made = sighting(person_id, vectors, track=track, rival=rival)
    return Live(run=block(at), sighting=replace(made, end_s=made.end_s + longer_s))


def moved(old: int, new: int, *, at: int = 0, track: int = 1, reason: str = "moved") -> MovedSighting:
    return MovedSighting(run_id=block(at).run_id, key=key(track), old=old, new=new, reason=reason)


def key(track: int) -> TrackletKey:
    return TrackletKey(camera_id="lobby", track_id=track)


def lines(store: Store) -> list[tuple[str, int | None]]:
    return [(entry.event, entry.person_id) for entry in store.history()]


def agrees(store: Store) -> None:
    """The journal, replayed, gives the people and how often each was seen."""
    here, times = set[int](), Counter[int]()
    for entry in store.history():
        person = entry.person_id
        assert person is not None
        if entry.event == "created":
            assert person not in here, "a number is given once"
            here.add(person)
        elif entry.event == "seen":
            times[person] += 1
        elif entry.event == "identity_changed":
            times[person] += 1
            times[int(str(entry.detail["old"])[1:])] -= 1
        elif entry.event == "merged":
            gone = entry.detail["absorbed"]
            assert isinstance(gone, int)
            times[person] += times.pop(gone)
            here.remove(gone)
        elif entry.event == "retracted":
            times[person] -= 1 if entry.run_id else times[person]
            here -= set() if entry.run_id else {person}
    assert here == {one.person_id for one in store.identities()}
    assert +times == Counter({one.person_id: one.sightings for one in store.people()})


def test_a_sighting_is_written_again_when_more_is_known(tmp_path: Path) -> None:
    first, more = directions(1, 2), directions(2, 5)
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        store.record(Record(sightings=[seen(1, first)]))
        assert not Record()
        store.record(Record(sightings=[seen(1, more, longer_s=9), seen(2, first, track=2, rival=1)]))
        (only,) = store.sightings(1)
        assert (only.run_id, only.match.tracklet, only.end_s) == ("live-000000", key(1), 12.5)
        np.testing.assert_array_equal(store.identities()[0].prototypes.vectors, more)
        assert store.sightings(2)[0].match.runner_up_id == 1
        assert tables(store.path)["runs"] == [
            ("live-000000", "2024-05-01T12:00:00.000+00:00", '["lobby", "yard"]')
        ]
        assert lines(store) == [("created", 1), ("seen", 1), ("created", 2), ("seen", 2)], "each is told once"
        agrees(store)


def test_a_runner_up_may_be_new_in_the_same_breath(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        store.record(
            Record(sightings=[seen(1, directions(1, 2), rival=2), seen(2, directions(2, 2), track=2)])
        )
        assert store.sightings(1)[0].match.runner_up_id == 2
        agrees(store)


def test_moved(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        own, taken = directions(1, 2), directions(2, 2)
        store.record(Record(sightings=[seen(1, own), seen(1, taken, track=2, rival=1)]))
        store.record(Record(moved=[moved(1, 2, track=2, reason="split")]))
        by_person = {one.person_id: one.prototypes.vectors for one in store.identities()}
        np.testing.assert_array_equal(by_person[1], own)
        np.testing.assert_array_equal(by_person[2], taken)
        match = store.sightings(2)[0].match
        assert (match.distance, match.runner_up_id, match.runner_up_distance) == (None, None, None)
        (change,) = [entry for entry in store.history() if entry.event == "identity_changed"]
        assert (change.person_id, change.run_id) == (2, "live-000000")
        assert change.detail == {"old": "P0001", "tracklet": "lobby/2", "reason": "split"}
        agrees(store)
        store.record(Record(moved=[moved(2, 1, track=2)]))
        assert [one.person_id for one in store.people()] == [1], "nothing shows 2 any more"
        assert [(e.event, e.detail) for e in store.history(2)] == [
            ("retracted", {"why": "nothing shows them any more"})
        ]
        assert store.history()[-1].detail["old"] == "P0002", "and still it is said whom it was taken for"
        assert store.next_person_id() == 3


@pytest.mark.parametrize("rival", [1, 9])
def test_moved_for_a_reason(tmp_path: Path, rival: int) -> None:
    """It is kept why; not that somebody came second who is nobody any more."""
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        store.record(Record(sightings=[seen(1, directions(1, 2)), seen(1, directions(2, 2), track=2)]))
        why = Match(tracklet=key(2), person_id=2, distance=0.2, runner_up_id=rival, runner_up_distance=0.4)
        store.record(Record(moved=[replace(moved(1, 2, track=2), match=why)]))
        match = store.sightings(2)[0].match
        assert match == (why if rival == 1 else replace(why, runner_up_id=None, runner_up_distance=None))


def test_moving_what_retention_erased_moves_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        store.record(Record(sightings=[seen(1, directions(1, 2)), seen(1, directions(2, 2), at=2)]))
        store.prune(NOON + BLOCK)
        store.record(Record(moved=[moved(1, 7)], dropped=[(block(0).run_id, key(1))]))
        assert [(one.person_id, one.sightings) for one in store.people()] == [(1, 1)]
        assert not [e for e in store.history() if e.event == "identity_changed"]
        assert [e.event for e in store.history(7)] == ["retracted"]


def test_dropped(tmp_path: Path) -> None:
    thing = directions(3, 3)
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        two = [seen(1, directions(1, 2)), seen(1, thing[:1], track=2), seen(2, thing[1:], track=3)]
        store.record(Record(sightings=[*two, seen(1, directions(2, 1), track=4, rival=2)]))
        store.record(
            Record(dropped=[("live-000000", key(2)), ("live-000000", key(3)), ("live-000000", key(9))])
        )
        assert [one.match.tracklet.track_id for one in store.sightings(1)] == [1, 4]
        assert store.sightings(1)[1].match.runner_up_id is None
        assert [one.person_id for one in store.identities()] == [1]
        assert len(store.identities()[0].prototypes) == 3
        assert [
            (e.person_id, e.detail.get("tracklet")) for e in store.history() if e.event == "retracted"
        ] == [
            (1, "lobby/2"),
            (2, None),
        ]
        assert store.next_person_id() == 3, "2 was somebody's number once"
        agrees(store)


def test_merged(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER, max_prototypes=4) as store:
        both = [seen(1, directions(1, 3)), seen(2, directions(2, 3), track=2, rival=1)]
        store.record(Record(sightings=both))
        store.rename(2, "Ann")
        store.record(Record(merged=[(2, 1), (9, 1)]))
        assert [(one.person_id, one.sightings, one.prototypes) for one in store.people()] == [(1, 2, 4)]
        assert store.find("Ann") == 1
        assert all(one.match.runner_up_id is None for one in store.sightings(1))
        with pytest.raises(InputError, match="P0002 was merged into P0001"):
            store.find("2")
        agrees(store)


def test_who_is_gone_does_not_come_back_as_a_runner_up(tmp_path: Path) -> None:
    """What is known of somebody in view is written again and again, with whom it was told from at first."""
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        others = [seen(2, directions(2, 1), track=2), seen(3, directions(3, 1), track=3)]
        here, there = seen(1, directions(1, 2), rival=2), seen(1, directions(4, 2), track=4, rival=3)
        store.record(Record(sightings=[*others, here, there]))
        store.forget(2)
        store.merge(3, into=1)
        store.record(Record(sightings=[here, there]))
        assert [one.person_id for one in store.identities()] == [1]
        assert all(one.match.runner_up_id is None for one in store.sightings(1))
        assert [e.event for e in store.history(2)] == ["forgotten"]


def test_prototypes_stay_bounded(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER, max_prototypes=4) as store:
        for number in range(6):
            tracks = [seen(who, directions(10 * number + who, 5), at=number, track=who) for who in (1, 2, 3)]
            store.record(Record(sightings=tracks))
            store.record(Record(sightings=tracks))  # more is known of the same
        store.record(Record(moved=[moved(3, 2, at=4, track=3), moved(3, 2, at=5, track=3)]))
        assert [(p.person_id, p.prototypes) for p in store.people()][:2] == [(1, 4), (2, 4)]
        store.record(Record(merged=[(2, 1)]))
        assert store.people()[0].prototypes == 4
        assert len(tables(store.path)["prototypes"]) <= 8, "what is displaced is gone"
        agrees(store)


def test_recordings_and_live_sites_share_a_gallery(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2])
        store.record(Record(sightings=[seen(2, directions(1, 2)), seen(3, directions(2, 2), track=2)]))
        commit(store, 2, [3, 4])
        assert [(one.person_id, one.runs) for one in store.people()] == [(1, 1), (2, 2), (3, 2), (4, 1)]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (sighting(1, directions(1, 1), track=2, encoder_id="other"), "vectors of encoder other"),
        (sighting(1, directions(1, 1, dimension=8), track=2), "different sizes"),
    ],
)
def test_wrong_vectors_are_refused_and_change_nothing(tmp_path: Path, wrong: object, message: str) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        first = seen(1, directions(1, 1))
        store.record(Record(sightings=[first]))
        before = tables(store.path)
        more = [seen(2, directions(2, 1), track=3), replace(first, sighting=wrong)]
        with pytest.raises(ValueError, match=message):
            store.record(Record(sightings=more))
        assert tables(store.path) == before
    with (
        open_store(tmp_path / "site.db", encoder_id=None, read_only=True) as store,
        pytest.raises(InputError, match="for reading"),
    ):
        store.record(Record(sightings=[first]))
