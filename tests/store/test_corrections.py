"""Forgetting, merging, renaming, retention: what they change; and nothing erased stays in the files."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from reid.errors import Busy, InputError
from reid.store.index import PersonIndex
from reid.store.opening import open_store
from reid.store.records import Erased
from tests.store.kept import content_of, found_in_files
from tests.store.site import ENCODER, NOON, commit, directions, sighting, tables


def test_forgotten_person_leaves_no_byte(tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    hers = directions(7, 20, dimension=512)
    with open_store(path, encoder_id=ENCODER, max_prototypes=8) as store:
        for number in range(3):
            made = [sighting(p, directions(10 * number + p, 6, dimension=512), track=p) for p in (1, 3)]
            part = hers[number * 7 : number * 7 + 7]
            rivals = [sighting(1, directions(99, 1, dimension=512), track=50, rival=2)] if number else []
            store.commit_run(f"r{number}", [*made, sighting(2, part, track=2), *rivals], started=NOON)
        store.rename(2, "Wilhelmina")
        PersonIndex(store).search(hers[:1], 1)
        assert found_in_files(tmp_path, hers) > 0
        assert (tmp_path / "site.db.faiss").exists()
        others = {one.person_id: one.prototypes.vectors for one in store.identities() if one.person_id != 2}

        store.forget(2)

        assert found_in_files(tmp_path, hers) == 0
        assert b"Wilhelmina" not in content_of(tmp_path)
        assert [one.person_id for one in store.identities()] == [1, 3]
        for one in store.identities():
            np.testing.assert_array_equal(one.prototypes.vectors, others[one.person_id])
        assert all(seen.match.runner_up_id is None for seen in store.sightings(1))
        assert all(seen.match.runner_up_distance is None for seen in store.sightings(1))
        assert [(e.event, e.detail) for e in store.history(2)] == [("forgotten", {"why": "on request"})]
        assert set(PersonIndex(store).search(hers[:1], 3)[1][0]) == {1, 3, -1}
        assert store.next_person_id() == 4
        with pytest.raises(InputError, match="nobody called 'P0002'"):
            store.find("P0002")
    assert found_in_files(tmp_path, hers) == 0


def test_the_last_id_is_not_reused_after_forgetting(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2])
        store.forget(2)
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        assert store.next_person_id() == 3
        assert 2 not in store.former_ids("run-1").values(), "a repeated run meets a stranger"
        with pytest.raises(InputError, match="nobody called 'P0002'"):
            store.forget(2)


def test_erasure_under_a_reader_says_so_and_is_finished_later(tmp_path: Path) -> None:
    path, hers = tmp_path / "site.db", directions(7, 5, dimension=512)
    with open_store(path, encoder_id=ENCODER) as store:
        store.commit_run("r", [sighting(1, hers)], started=NOON)
        reader = sqlite3.connect(path)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM people").fetchone()
        store._db.execute("PRAGMA busy_timeout = 100")
        with pytest.raises(Busy, match="P0001 erased, but another process still reads"):
            store.forget(1)
        assert store.people() == []
        reader.close()
    with open_store(path, encoder_id=None) as store:
        assert found_in_files(tmp_path, hers) == 0


def test_merge(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER, max_prototypes=4) as store:
        one = [sighting(p, directions(p, 3), track=p, rival=r) for p, r in ((1, 2), (2, 3), (3, 2))]
        store.commit_run("r", one, started=NOON)
        store.rename(2, "Ann")
        store.merge(2, into=1)
        assert [person.person_id for person in store.people()] == [1, 3]
        assert store.find("Ann") == 1
        assert len(store.identities()[0].prototypes) == 4
        assert [(s.match.person_id, s.match.runner_up_id) for s in store.sightings(1)] == [(1, None), (1, 3)]
        assert [s.match.runner_up_id for s in store.sightings(3)] == [1]
        assert set(store.former_ids("r").values()) == {1, 3}
        with pytest.raises(InputError, match="P0002 was merged into P0001"):
            store.find("2")
        with pytest.raises(InputError, match="cannot be merged with itself"):
            store.merge(1, into=1)
        store.merge(1, into=3)
        with pytest.raises(InputError, match=r"site\.db: P0002 was merged into P0003"):
            store.merge(2, into=3)
        assert {e.event for e in store.history(3)} == {"created", "seen", "renamed", "merged"}
        store.forget(3)
        assert [e.event for e in store.history()] == ["forgotten"], "those merged into her were her"
        assert "Ann" not in str(store.history())


def test_rename(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2])
        store.rename(1, " Ann ")
        assert store.find("Ann") == store.find("P0001") == store.find("p1") == store.find(1) == 1
        for wrong, why in (
            ("", "1 to 100 printable"),
            ("x" * 101, "1 to 100 printable"),
            ("a\nb", "printable"),
            ("P0002", "looks like a person's number"),
            ("12", "looks like"),
        ):
            with pytest.raises(InputError, match=why):
                store.rename(2, wrong)
        with pytest.raises(InputError, match="is P0001's; merge the two"):
            store.rename(2, "Ann")
        store.rename(1, None)
        store.rename(2, "Ann")
        for nobody in ("Bob", "P0009", "0", "-1", "9" * 30, "²", ""):
            with pytest.raises(InputError, match="nobody called"):
                store.find(nobody)


def test_prune(tmp_path: Path) -> None:
    old = directions(1000, 3)
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2])
        commit(store, 2, [2, 3])
        assert found_in_files(tmp_path, old) > 0
        assert store.prune(NOON + timedelta(hours=1)) == Erased()
        assert store.prune(NOON + timedelta(hours=2)) == Erased(runs=("run-1",), people=(1,), sightings=2)
        assert found_in_files(tmp_path, old) == 0
        assert [one.person_id for one in store.identities()] == [2, 3]
        assert [e.event for e in store.history(1)] == ["forgotten"]
        assert all(e.run_id == "run-2" for e in store.history(2))
        assert store.next_person_id() == 4
        assert list(tables(store.path)["runs"]) == [("run-2", "2024-05-01T14:00:00.000+00:00", '["lobby"]')]


def test_thin(tmp_path: Path) -> None:
    """Those seen longest ago first, but nobody with a name before the nameless."""
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2, 3])
        commit(store, 2, [4, 2])
        commit(store, 3, [5])
        store.rename(1, "Ada")
        assert store.thin(5) == Erased()
        assert store.thin(3).people == (3, 4), "of run 2, 2 was in view for longer"
        assert store.thin(2) == Erased(people=(2,), sightings=2)
        assert [one.person_id for one in store.people()] == [1, 5]
        assert store.thin(1).people == (5,)
        assert [e.event for e in store.history(5)] == ["forgotten"]
        assert found_in_files(tmp_path, directions(3000, 3)) == 0
        assert store.next_person_id() == 6
