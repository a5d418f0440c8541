"""What people decide about identities is kept as such, outlives what is computed anew, and is erased with them."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.cli.main import main
from reid.errors import InputError
from reid.store.opening import open_store
from reid.store.records import Live, Record, Run
from tests.store.kept import content_of
from tests.store.site import ENCODER, NOON, commit, directions, sighting


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2, 3, 4])
    return tmp_path / "site.db"


def decided(path: Path, who: int | None = None) -> list[tuple[str, int, int | None, str | None]]:
    with open_store(path, encoder_id=None, read_only=True) as store:
        return [(one.kind, one.person_id, one.other_id, one.label) for one in store.decisions(who)]


def gallery(command: str, path: Path, *words: str) -> None:
    assert main(["gallery", command, str(path), *words]) == 0


def test_commands_are_kept_as_decisions(path: Path) -> None:
    gallery("rename", path, "1", "  Ada L. ")
    gallery("merge", path, "2", "Ada L.")
    gallery("forget", path, "4")
    with open_store(path, encoder_id=None) as store:
        store.rename(3, "Bob")
        store.rename(3, None)
        with pytest.raises(InputError, match="cannot be merged with itself"):
            store.merge(1, 1)
        with pytest.raises(InputError, match="is P0001's"):
            store.rename(3, "Ada L.")
    named, same = ("named", 1, None, "Ada L."), ("same", 1, 2, None)
    bob = [("named", 3, None, "Bob"), ("named", 3, None, None)]
    assert decided(path) == [named, same, ("erased", 4, None, None), *bob], "what is refused decides nothing"
    assert decided(path, 1) == [named, same]
    assert decided(path, 3) == bob


def test_they_outlive_a_repeated_run(path: Path) -> None:
    with open_store(path, encoder_id=ENCODER) as store:
        store.rename(1, "Ada L.")
        store.merge(2, into=1)
        before = store.decisions()
        commit(store, 1, [1, 1, 3, 4])
        assert {person.person_id: person.label for person in store.people()} == {
            1: "Ada L.",
            3: None,
            4: None,
        }
        assert store.decisions() == before
        assert len(before) == 2


def test_what_a_live_site_merges_by_itself_was_not_decided(path: Path) -> None:
    run = Run(run_id="live-1", started=NOON + timedelta(days=1), cameras=("lobby",))
    seen = Live(run=run, sighting=sighting(5, directions(9, 1)))
    with open_store(path, encoder_id=ENCODER) as store:
        store.record(Record(sightings=[seen], merged=[(2, 1)]))
        assert [entry.event for entry in store.history(1)][-1] == "merged"
        assert store.decisions() == []


def test_they_are_erased_with_any_person_that_they_name(path: Path) -> None:
    with open_store(path, encoder_id=None) as store:
        store.rename(2, "Ada L.")
        store.merge(2, into=1)
        store.rename(3, "Bob")
        store.rename(4, "Cleo")
    with closing(sqlite3.connect(path)) as db:  # as a later program decides it
        for pair in ((2, 3), (3, 4), (4, 1)):
            db.execute(
                "INSERT INTO decisions (at, kind, person_id, other_id) VALUES (?, 'different', ?, ?)",
                ("2026-11-27T03:00:00.000+00:00", *pair),
            )
        db.commit()
    assert len(decided(path, 1)) == 4, "those about who was merged into them, too"
    gallery("forget", path, "1")
    assert decided(path) == [
        ("named", 3, None, "Bob"),
        ("named", 4, None, "Cleo"),
        ("different", 3, 4, None),
        ("erased", 1, None, None),
    ]
    assert b"Ada L." not in content_of(path.parent)
    with open_store(path, encoder_id=None) as store:
        store.prune(NOON + timedelta(days=1), named="erase")
    assert decided(path) == [("erased", 1, None, None)], "age is no decision"


def test_what_is_no_decision_is_refused(path: Path) -> None:
    with open_store(path, encoder_id=None) as store:
        store.rename(1, "Ada L.")
    with closing(sqlite3.connect(path)) as db:
        with pytest.raises(sqlite3.IntegrityError, match="CHECK constraint failed"):
            db.execute("UPDATE decisions SET kind = 'maybe'")
        db.execute("UPDATE decisions SET at = 'today'")
        db.commit()
    assert main(["gallery", "list", str(path)]) == 2
