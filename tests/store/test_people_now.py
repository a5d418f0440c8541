"""Who the people of earlier results are now."""

from datetime import timedelta
from pathlib import Path

import pytest

from reid.errors import ReidError
from reid.store.opening import open_store
from reid.store.sqlite.people_now import people_now
from tests.store.site import ENCODER, NOON, commit


def test_corrections_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    with open_store(path, encoder_id=ENCODER) as store:
        assert people_now(path).people == {}
        commit(store, 1, [1, 2, 3, 4, 5, 6, 7])
        assert people_now(path).people == {one: f"P{one:04d}" for one in range(1, 8)}
        store.merge(1, into=2)
        store.merge(2, into=3)
        store.rename(3, "Ann")
        store.merge(4, into=5)
        store.forget(5)
        store.forget(6)
        expected = {1: "Ann", 2: "Ann", 3: "Ann", 4: None, 5: None, 6: None, 7: "P0007"}
        assert people_now(path).people == expected, "while another process has it open"
    content = path.read_bytes()
    assert people_now(path).people == expected
    assert path.read_bytes() == content


def test_repeated_and_pruned_runs(tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    with open_store(path, encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2, 3])
        commit(store, 1, [1, 4])
        commit(store, 2, [1, 5])
        assert people_now(path).people == {1: "P0001", 2: None, 3: None, 4: "P0004", 5: "P0005"}
        assert people_now(path).runs == {(NOON + timedelta(hours=hours), ("lobby",)) for hours in (1, 2)}
        store.prune(NOON + timedelta(hours=1.5))
        assert people_now(path).people == {1: "P0001", 2: None, 3: None, 4: None, 5: "P0005"}
        assert people_now(path).runs == {(NOON + timedelta(hours=2), ("lobby",))}


def test_runs_start_in_whole_seconds(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        store.commit_run("run", [], started=NOON.replace(microsecond=987_654), cameras=["yard", "door"])
    assert people_now(tmp_path / "site.db").runs == {(NOON, ("door", "yard"))}


def test_no_gallery(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no gallery")
    for name, why in (("none.db", "no such gallery"), ("notes.txt", "not a gallery")):
        with pytest.raises(ReidError, match=why):
            people_now(tmp_path / name)
