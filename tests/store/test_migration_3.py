"""A gallery of version 3, with decisions that hold and some that were undone, is upgraded and goes on."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.cli.main import main
from reid.errors import InputError
from reid.store.opening import open_store
from reid.store.sqlite import undo
from tests.store.site import ENCODER, commit, tables
from tests.store.test_migrations import tables_of, version


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """What programs of version 3 wrote: two names, and a merge that was undone."""
    path = tmp_path / "site.db"
    with open_store(path, encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2, 3])
        store.rename(1, "Ada L.", by="ann")
        store.merge(3, into=2)
        store.undo()
        store.rename(2, "Bob")
    with closing(sqlite3.connect(path)) as db:
        keep_as_version_3(db)
        db.execute("ALTER TABLE decisions DROP COLUMN after")
        for table in ("footage", "suppressed"):
            db.execute(f"DROP TABLE {table}")
        db.execute("PRAGMA user_version = 3")
        db.commit()
    return path


def keep_as_version_3(db: sqlite3.Connection) -> None:
    """Those programs kept all that is stored of a person also for a name, and not when that was."""
    rows = db.execute("SELECT decision_id, kind, person_id, before FROM decisions").fetchall()
    for number, kind, person_id, kept in rows:
        was = undo.unpacked(kept)
        if kind == "named":
            was = {**undo.unpacked(undo.before(db, [person_id])), **was}
        was.pop("line", None)
        assert sorted(was) == ["ended", "people", "prototypes", "rivals", "sightings"]
        db.execute("UPDATE decisions SET before = ? WHERE decision_id = ?", (undo.packed(was), number))


def test_it_is_upgraded_and_its_decisions_go_on(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tables(path)
    assert main(["gallery", "decisions", str(path)]) == 0
    assert version(path) == 3, "reading changes nothing"
    assert "Ada L." in capsys.readouterr().out
    assert main(["gallery", "undo", str(path)]) == 0
    assert "upgraded from gallery version 3 to 4; site.db.backup-v3 is as it was" in capsys.readouterr().err
    assert version(path.with_name("site.db.backup-v3")) == 3
    with open_store(path, encoder_id=None) as store:
        assert store.redo().kind == "named"
        assert tables(path) == before
        with pytest.raises(
            InputError, match=r"decision 2 \(same\) cannot be redone: .*by an earlier version"
        ):
            store.redo(2)
        store.merge(3, into=2)
        store.undo()
        assert tables(path) == before
    open_store(path.with_name("new.db"), encoder_id=ENCODER).close()
    assert tables_of(path) == tables_of(path.with_name("new.db"))
