"""What a live site is told to forget, or has kept for long enough, is gone: also from what changed hands."""

from pathlib import Path

import numpy as np

from reid.store.opening import open_store
from reid.store.records import Record
from reid.types import Array
from tests.store.kept import found_in_files
from tests.store.site import ENCODER, NOON, directions
from tests.store.test_live_run import BLOCK, block, moved, seen


def test_a_forgotten_person_leaves_no_trace(tmp_path: Path) -> None:
    hers = directions(7, 12, dimension=512)

    def others(seed: int) -> Array:
        return directions(seed, 2, dimension=512)

    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        one = [seen(1, others(1)), seen(2, hers[:4], track=2, rival=1), seen(2, others(3), track=3)]
        store.record(Record(sightings=one))
        store.record(Record(sightings=[seen(2, hers[4:8], track=2), seen(3, hers[8:], at=1, track=4)]))
        store.record(Record(moved=[moved(2, 1, track=3)]))  # was taken for her
        store.record(Record(moved=[moved(1, 4, track=3)], merged=[(3, 2)]))
        store.record(Record(sightings=[seen(1, others(5), at=1, track=5, rival=2)]))
        assert found_in_files(tmp_path, hers) > 0
        assert "P0002" in str(store.history())

        store.forget(2)

        assert found_in_files(tmp_path, hers) == 0
        assert not any(name in f.read_bytes() for f in tmp_path.iterdir() for name in (b"P0002", b"P0003"))
        assert [entry.event for who in (2, 3) for entry in store.history(who)] == ["forgotten"]
        told = [e for e in store.history() if e.event == "identity_changed"]
        assert [(e.person_id, e.detail["old"]) for e in told] == [(4, "P0001")], "others' lines stay"
        assert [one.person_id for one in store.people()] == [1, 4]
        assert store.next_person_id() == 5


def test_retention_erases_blocks(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        for number in range(6):
            two = [
                seen(1, directions(number, 3), at=number),
                seen(number + 2, directions(50 + number, 3), at=number, track=2, rival=1),
            ]
            store.record(Record(sightings=two))
        store.record(Record(moved=[moved(1, 2, at=0), moved(1, 7, at=4)]))
        assert store.prune(NOON + 3 * BLOCK).runs == tuple(block(number).run_id for number in range(3))
        assert store.runs() == [block(number).run_id for number in (3, 4, 5)]
        old = np.concatenate([directions(seed, 3) for n in range(3) for seed in (n, 50 + n)])
        assert found_in_files(tmp_path, old) == 0
        assert [one.person_id for one in store.people()] == [1, 5, 6, 7]
        assert {e.run_id for e in store.history()} == {None, *store.runs()}
        assert [e.event for who in (2, 3, 4) for e in store.history(who)] == ["forgotten"] * 3
        store.record(Record(sightings=[seen(store.next_person_id(), directions(9, 1), at=6)]))
        assert [one.person_id for one in store.people()] == [1, 5, 6, 7, 8]
