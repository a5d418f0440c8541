"""What is undone after re-clustering gave its tracklets to others: no other decision is violated by it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reid.errors import InputError
from reid.store.base import Store
from reid.store.opening import open_store
from reid.store.records import Record
from reid.types import TrackletKey
from tests.store.site import ENCODER, directions
from tests.store.test_live_run import block, key, moved, seen


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as made:
        yield made


def fill(store: Store, *people: int) -> None:
    """Tracklets 1, 2, ... of these people."""
    store.record(
        Record(sightings=[seen(who, directions(at, 2), track=at + 1) for at, who in enumerate(people)])
    )


def place(track: int) -> tuple[str, TrackletKey]:
    return block(0).run_id, key(track)


def shown(store: Store) -> list[int | None]:
    """The person of each tracklet."""
    found = {one.match.tracklet.track_id: one.match.person_id for one in store.sightings()}
    return [found[track] for track in sorted(found)]


def test_what_a_split_keeps_apart_is_not_given_back_with_another_one(store: Store) -> None:
    """Two tracklets are split off, and re-clustering makes one person of them; the second split is undone."""
    fill(store, 1, 1, 1, 1)
    store.split(1, [place(2)])
    store.split(1, [place(3)])
    store.record(Record(merged=[(2, 3)], moved=[moved(1, 3, track=4)]))
    assert shown(store) == [1, 3, 3, 3]
    store.undo()
    assert shown(store) == [1, 3, 1, 1], "the first split holds"
    store.redo()
    assert shown(store) == [1, 3, 3, 3]
    store.undo()
    store.undo()
    assert shown(store) == [1, 1, 1, 1]


def test_nothing_is_undone_that_a_later_decision_counts_on(store: Store) -> None:
    """Re-clustering gave tracklets of the two who were merged to a third person, off whom one of them was split."""
    fill(store, 1, 1, 2, 3)
    merge = store.merge(1, into=2)
    store.record(Record(moved=[moved(2, 3, track=1), moved(2, 3, track=2)]))
    new = store.split(3, [place(2)])
    assert shown(store) == [3, new, 2, 3]
    with pytest.raises(InputError, match=r"decision 2 \(different\) is later and about the same tracklets"):
        store.undo(merge)
    assert shown(store) == [3, new, 2, 3]
    store.undo()
    store.undo(merge)
    assert shown(store) == [1, 1, 2, 3]
