"""A gallery that an earlier version wrote: read as it is, upgraded whole or not at all, its copy found by erasure."""

import os
import shutil
import sqlite3
import stat
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from pipelines.cli.main import main
from reid.store.index import PersonIndex
from reid.store.opening import open_store
from reid.store.records import Decision
from reid.store.sqlite.schema import VERSION
from tests.small_disk import small_disk
from tests.store.kept import found_in_files
from tests.store.written import ENCODER, kept, said_by, unpack, vectors

COPY = "site.db.backup-v1"
DECIDED = [("same", 6, 9, None), ("named", 2, None, "Ada L."), ("erased", 8, None, None)]


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


def decided(path: Path) -> list[tuple[str, int, int | None, str | None]]:
    with open_store(path, encoder_id=None, read_only=True) as store:
        return [(one.kind, one.person_id, one.other_id, one.label) for one in store.decisions()]


def files(folder: Path) -> dict[str, bytes]:
    """All files but SQLite's own, which hold nothing once a reader has gone."""
    assert not any(path.stat().st_size for path in folder.glob("*-wal"))
    names = [path for path in folder.iterdir() if path.is_file() and not path.name.endswith(("-shm", "-wal"))]
    return {path.name: path.read_bytes() for path in names}


def tables_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: [
                *db.execute(f"PRAGMA table_info({name})"),
                *db.execute(f"PRAGMA foreign_key_list({name})"),
                *sorted(row[1:] for row in db.execute(f"PRAGMA index_list({name})")),
            ]
            for name in sorted(names)
        }


def test_the_first_command_that_writes_upgrades_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = unpack(tmp_path)
    path.chmod(0o640)
    before, index = said_by(path), kept(path)
    assert main(["gallery", "rename", str(path), "P0003", "Bob"]) == 0
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"{path}: upgraded from gallery version 1 to {VERSION}; {COPY} is as it was before" in said
    assert (version(path), version(tmp_path / COPY)) == (VERSION, 1)
    assert said_by(tmp_path / COPY) == before, "earlier programs read the copy"
    assert stat.S_IMODE((tmp_path / COPY).stat().st_mode) == 0o640
    now = kept(path)
    assert now["people"] == [(i, "Bob" if i == 3 else label) for i, label in index["people"]]
    assert now["journal"][:-1] == index["journal"]
    assert all(now[table] == index[table] for table in ("runs", "sightings", "sqlite_sequence", "prototypes"))
    assert vectors(path)[1].tobytes() == before[2]
    assert decided(path) == [*DECIDED, ("named", 3, None, "Bob")]
    open_store(tmp_path / "new.db", encoder_id=ENCODER).close()
    assert tables_of(path) == tables_of(tmp_path / "new.db")
    assert main(["gallery", "rename", str(path), "P0003", ""]) == 0
    assert capsys.readouterr().err == "", "once"


def test_reading_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = unpack(tmp_path)
    before = files(tmp_path)
    for words in (["list", str(path)], ["show", str(path), "Ada L."], ["history", str(path)]):
        assert main(["gallery", *words]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(f"7 people in {path}, encoder {ENCODER}")
    assert printed.err == ""
    with open_store(path, encoder_id=ENCODER, read_only=True) as store:
        of_first = [one.prototypes.vectors[:1] for one in store.identities()]
        _, found = PersonIndex(store).search(np.concatenate(of_first), 1)
        assert found[:, 0].tolist() == [1, 2, 3, 4, 5, 6, 7]
        when = store.history()[-1].at
        assert store.decisions(8) == [Decision(number=3, at=when, kind="erased", person_id=8)]
    assert decided(path) == DECIDED
    assert files(tmp_path) == before


def test_reading_where_nothing_can_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with small_disk(tmp_path / "disk", 2000) as place:
        path = place.folder / "site.db"
        shutil.copy(unpack(tmp_path), path)
        subprocess.run(["mount", "-o", "remount,ro", str(place.folder)], check=True)
        assert decided(path) == DECIDED
        assert main(["gallery", "rename", str(path), "1", "Ann"]) == 2
        assert f"{path}: the gallery " in capsys.readouterr().err


@pytest.mark.parametrize(
    "damage",
    [
        ("DROP TABLE journal",),
        ("UPDATE journal SET detail = 'x' WHERE event = 'renamed'",),
        ("UPDATE journal SET detail = '{}' WHERE event = 'merged'",),
        ("UPDATE sightings SET person_id = 99",),
        ("CREATE TABLE decisions (a)",),
        ("PRAGMA user_version = 0",),
    ],
)
def test_a_damaged_one_is_left_as_it_is(
    tmp_path: Path, damage: tuple[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = unpack(tmp_path)
    change(path, *damage)
    before = files(tmp_path)
    for words in (["rename", str(path), "1", "Ann"], ["list", str(path)]):
        assert main(["gallery", *words]) == 2
        said = capsys.readouterr().err
        assert said.startswith(f"reid: {path}: the gallery is damaged (")
        assert said.count("\n") == 1
        assert files(tmp_path) == before


def test_a_full_disk_leaves_the_old_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, codes = unpack(tmp_path), set[tuple[int, int]]()
    before = said_by(old)
    with small_disk(tmp_path / "disk", 1400) as place:
        for room_kib in (0, 200, 345, 360, 380, 420, 480, 900):
            path = place.folder / "site.db"
            shutil.copy(old, path)
            filler = place.fill(leave_kib=room_kib)
            code = main(["gallery", "rename", str(path), "P0003", "Bob"])
            said = capsys.readouterr().err
            filler.unlink()
            codes.add((code, version(path)))
            if version(path) == 1:
                assert code == 2
                assert said.count("\n") == 1
                assert str(path) in said
                assert "make room there" in said
                assert said_by(path) == before
                assert [one.name for one in place.folder.iterdir()] == ["site.db"]
            for one in place.folder.iterdir():
                one.unlink()
    assert {(2, 1), (0, VERSION)} <= codes, "there must be too little room once, and enough once"


@pytest.mark.parametrize("link", [False, True])
def test_forgetting_a_person_erases_the_copy(
    tmp_path: Path, link: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    path = unpack(tmp_path)
    if link:
        (tmp_path / "links").mkdir()
        path = tmp_path / "links" / "gallery.db"
        path.symlink_to(tmp_path / "site.db")
    (tmp_path / "site.db.backup-v1.txt").write_text("a file of the user")
    with open_store(path, encoder_id=ENCODER) as store:
        hers = next(one for one in store.identities() if one.person_id == 2).prototypes.vectors
        PersonIndex(store).search(hers, 1)
        assert (tmp_path / COPY).exists()
    (tmp_path / f"{COPY}-2.tmp").write_bytes(b"of an upgrade that was killed")
    folder = tmp_path / "flat"
    assert main(["gallery", "forget", str(path), "Ada L."]) == 0
    assert f"{COPY}: this copy of an earlier version is erased as well" in capsys.readouterr().err
    left = ["site.db", "site.db.backup-v1.txt"]
    assert sorted(one.name for one in tmp_path.glob("site.db*")) == left
    folder.mkdir()
    for name in left:
        shutil.copy(tmp_path / name, folder)
    assert found_in_files(folder, hers) == 0
    assert b"Ada L." not in b"".join(files(folder).values())
    assert decided(path) == [("same", 6, 9, None), ("erased", 8, None, None), ("erased", 2, None, None)]


def test_a_copy_is_erased_when_all_in_it_is_too_old(tmp_path: Path) -> None:
    path = unpack(tmp_path)
    with open_store(path, encoder_id=None) as store:
        store.prune(datetime(2020, 1, 1, tzinfo=UTC))
        assert (tmp_path / COPY).exists(), "it was made after that"
        os.utime(tmp_path / COPY, (0, datetime(2019, 1, 1, tzinfo=UTC).timestamp()))
        assert not store.prune(datetime(2020, 1, 1, tzinfo=UTC)), "nothing in the gallery is so old"
        assert not (tmp_path / COPY).exists()


def test_what_was_being_erased_is_not_copied(tmp_path: Path) -> None:
    path = unpack(tmp_path)
    for name in ("first", "second"):
        shutil.rmtree(tmp_path / name)
    hers = vectors(path)[1]
    change(path, "PRAGMA secure_delete = OFF", "UPDATE gallery SET traces = 1", "DELETE FROM prototypes")
    assert found_in_files(tmp_path, hers) > 0, "as after a kill in the middle of an erasure"
    open_store(path, encoder_id=None).close()
    assert version(tmp_path / COPY) == 1
    assert found_in_files(tmp_path, hers) == 0


def test_a_copy_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    path = unpack(tmp_path)
    shutil.copy(path, tmp_path / COPY)
    open_store(path, encoder_id=None).close()
    assert sorted(one.name for one in tmp_path.glob("site.db*")) == ["site.db", COPY], "one of this commit"
    shutil.copy(tmp_path / COPY, path)  # back to the earlier program, which writes on
    change(path, "UPDATE gallery SET generation = 'of another commit'")
    first = (tmp_path / COPY).read_bytes()
    open_store(path, encoder_id=None).close()
    assert (tmp_path / COPY).read_bytes() == first
    assert version(tmp_path / f"{COPY}-2") == 1


def test_merges_that_a_live_site_may_have_made_are_no_decisions(tmp_path: Path) -> None:
    path = unpack(tmp_path)
    change(path, "UPDATE sightings SET start_s = 1795683600, end_s = 1795683605 WHERE person_id = 1")
    assert decided(path) == DECIDED[1:]


def test_an_earlier_program_that_reads_is_not_disturbed(tmp_path: Path) -> None:
    path = unpack(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as earlier:
        earlier.execute("BEGIN")
        before = earlier.execute("SELECT * FROM journal").fetchall()
        assert main(["gallery", "rename", str(path), "1", "Ann"]) == 0
        assert earlier.execute("SELECT * FROM journal").fetchall() == before
        assert earlier.execute("PRAGMA user_version").fetchone() == (1,)
        earlier.execute("COMMIT")
        assert len(earlier.execute("SELECT * FROM journal").fetchall()) == len(before) + 1
    assert version(tmp_path / COPY) == 1
