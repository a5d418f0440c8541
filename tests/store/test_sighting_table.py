"""Sightings as columns: means of the vectors that are kept, and never those of a person who is gone."""

from pathlib import Path

import numpy as np
import pytest

from reid.distance import unit
from reid.store import sighting_table
from reid.store.base import Store
from reid.store.opening import open_store
from reid.store.sqlite import searchable
from reid.wall_clock import WallClock
from tests.store.site import ENCODER, NOON, commit, directions, sighting


def agrees(store: Store) -> None:
    """Compare the table with rows read one by one."""
    table = store.sighting_table()
    seen = {(one.run_id, one.match.tracklet): one for one in store.sightings()}
    vectors: dict[object, list[np.ndarray]] = {}
    for one in store.vectors():
        if one.in_use:
            vectors.setdefault((one.run_id, one.tracklet), []).append(one.vector)
    assert len(table) == len(seen)
    for at in range(len(table)):
        place = table.run_ids[table.runs[at]], table.key(at)
        own = seen[place]
        assert table.persons[at] == own.match.person_id
        assert (table.starts_s[at], table.ends_s[at]) == (own.start_s, own.end_s)
        assert table.clocks[table.runs[at]] == own.clock
        if place not in vectors:
            assert table.rows[at] == -1
            continue
        mean = unit(np.mean(vectors[place], axis=0)[None])[0]
        np.testing.assert_allclose(table.vectors[table.rows[at]], mean, atol=1e-6)


@pytest.mark.parametrize("block", [2, 10_000])
def test_it_is_what_the_rows_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(searchable, "BLOCK", block)
    with open_store(tmp_path / "site.db", encoder_id=ENCODER, max_prototypes=5) as store:
        agrees(store)
        commit(store, 1, [1, 2, 3, 1, 1])
        agrees(store)
        store.commit_run(
            "run-2",
            [sighting(2, directions(7, 4), track=1), sighting(4, directions(8, 4), camera="door", track=1)],
            started=NOON,
            clock=WallClock(zero_s=NOON.timestamp(), zone="Europe/Berlin"),
        )
        agrees(store)
        store.merge(3, into=1)
        agrees(store)
        store.forget(1)
        agrees(store)
        assert 1 not in store.sighting_table().persons


def test_it_is_read_beside_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    with open_store(path, encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2])
        with open_store(path, encoder_id=None, read_only=True) as reader:
            assert len(reader.sighting_table()) == 2
            commit(store, 2, [3])
            assert len(reader.sighting_table()) == 3


def test_vectors_that_cancel_out_have_no_direction() -> None:
    means = sighting_table.Means(1, 1, 2)
    means.add(np.array([0, 0]), np.array([[1, 0], [-1, 0]], np.float32))
    rows, vectors = means.finish()
    assert rows.tolist() == [0]
    assert vectors.tolist() == [[0, 0]]
