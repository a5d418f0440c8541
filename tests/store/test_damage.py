"""A gallery that is damaged inside is refused when it is opened, in one sentence, and left as it is."""

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.cli.main import main
from reid.errors import StoreError
from reid.store.opening import open_store
from reid.store.sqlite.people_now import people_now
from reid.wall_clock import WallClock
from tests.store.site import ENCODER, NOON, commit, directions, make_version_1, sighting

DEEP = "'{\"a\":' || replace(hex(zeroblob(990)), '00', '[') || replace(hex(zeroblob(990)), '00', ']') || '}'"
DAMAGE = [
    ("DROP TABLE journal", "it has no table journal"),
    ("DROP TABLE people", "it has no table people"),
    ("DROP TABLE gallery", "nothing says whose vectors it holds"),
    ("DELETE FROM gallery", "nothing says whose vectors it holds"),
    ("ALTER TABLE sightings DROP COLUMN distance", "its table sightings has no column distance"),
    ("CREATE VIEW seen AS SELECT 1", "it has the view seen, which no gallery has"),
    (
        "CREATE TRIGGER t AFTER INSERT ON runs BEGIN SELECT 1; END",
        "it has the trigger t, which no gallery has",
    ),
    ("UPDATE sightings SET start_s = 'soon'", "a value of sightings.start_s is not real"),
    ("UPDATE sightings SET end_s = 9e999", "a value of sightings.end_s is not real"),
    ("UPDATE people SET label = x'00ff' WHERE person_id = 1", "a value of people.label is not text"),
    ("UPDATE runs SET cameras = 'lobby'", "a value of runs.cameras is not text JSON"),
    ("UPDATE runs SET cameras = '[1]'", "a camera of a run has no name"),
    ("UPDATE runs SET started = 'today'", "a run started at 'today', which is no time"),
    (
        "UPDATE runs SET started = '2026-11-26T10:00:00'",
        "a run started at '2026-11-26T10:00:00', which is no time",
    ),
    ("UPDATE sightings SET end_s = 1e12", "a value of sightings.end_s is not real"),  # the year 33658
    ("UPDATE clocks SET zero_s = 1e12", "a value of clocks.zero_s is not real"),
    ("UPDATE clocks SET zero_s = 'noon'", "a value of clocks.zero_s is not real"),
    ("UPDATE clocks SET zone = x'00'", "a value of clocks.zone is not text"),
    ("UPDATE clocks SET zone = '../x'", "a run was in the time zone '../x', which is none"),
    ("UPDATE clocks SET run_id = 'gone'", "a row of clocks belongs to one of runs that is not there"),
    ("ALTER TABLE clocks DROP COLUMN zone", "its table clocks has no column zone"),
    (
        "UPDATE journal SET at = 'now' WHERE event = 'pruned'",
        "the gallery was pruned, or its clock doubted, at 'now', which is no time",
    ),
    ("UPDATE journal SET detail = '[]'", "a value of journal.detail is not text JSON"),
    (
        "UPDATE journal SET detail = '{}' WHERE event = 'merged'",
        "its journal has a merge that names no two people",
    ),
    (
        "INSERT INTO journal (at, event, person_id, detail) VALUES ('', 'merged', 3, '{\"absorbed\": 1}')",
        "its journal merges person 3 into themselves",
    ),
    (
        "UPDATE sightings SET person_id = 99",
        "a row of sightings belongs to one of people that is not there",
    ),
    ("UPDATE sqlite_sequence SET seq = 1e12", "the numbers of its people are not as they were given"),
    ("DELETE FROM sqlite_sequence", "the numbers of its people are not as they were given"),
    ("UPDATE gallery SET dimension = 2", "a vector is not 2 numbers long"),
    ("UPDATE prototypes SET vector = x'00'", "a vector is not 16 numbers long"),
]
OF_VECTORS = [
    "UPDATE prototypes SET vector = zeroblob(length(vector))",
    "UPDATE prototypes SET vector = unhex(replace(hex(zeroblob(16)), '00', '0000C07F'))",  # NaN
    "UPDATE prototypes SET vector = unhex(replace(hex(zeroblob(16)), '00', '0000807F'))",  # infinity
]


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    path = tmp_path / "site.db"
    with open_store(path, encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2])
        commit(store, 2, [1, 3])
        store.rename(1, "Ada")
        store.merge(3, 1)
        timed = [sighting(1, directions(9, 3))]
        clock = WallClock(zero_s=NOON.timestamp(), zone="Europe/Berlin")
        store.commit_run("run-3", timed, started=NOON + timedelta(hours=3), cameras=["lobby"], clock=clock)
        store.confirm_clock()
    return path


def change(path: Path, statement: str) -> bytes:
    db = sqlite3.connect(path)
    if not hasattr(db, "unhex"):  # SQLite has it from 3.41 on
        db.create_function("unhex", 1, bytes.fromhex)
    db.execute(statement)
    db.commit()
    db.close()
    return path.read_bytes()


@pytest.mark.parametrize(("statement", "why"), DAMAGE, ids=[statement for statement, _ in DAMAGE])
def test_what_no_gallery_holds_is_refused(statement: str, why: str, gallery: Path) -> None:
    before = change(gallery, statement)
    sentence = f"{gallery}: the gallery is damaged ({why}); restore a copy of it"
    openings: list[Callable[[], object]] = [
        lambda: open_store(gallery, encoder_id=ENCODER),
        lambda: open_store(gallery, encoder_id=None, read_only=True),
        lambda: people_now(gallery),
    ]
    for opening in openings:
        with pytest.raises(StoreError) as caught:
            opening()
        assert str(caught.value) == sentence
    assert gallery.read_bytes() == before


def test_a_gallery_of_a_program_that_knew_of_no_clocks(gallery: Path) -> None:
    make_version_1(gallery, "clocks")
    with open_store(gallery, encoder_id=ENCODER, read_only=True) as store:
        assert {seen.clock for seen in store.sightings(1)} == {None}
    with open_store(gallery, encoder_id=ENCODER, dimension=16) as store:
        commit(store, 4, [1])
        assert {seen.clock for seen in store.sightings(1)} == {None}


@pytest.mark.parametrize("statement", OF_VECTORS, ids=["zeros", "NaN", "infinity"])
def test_vectors_that_nothing_can_be_compared_with(statement: str, gallery: Path) -> None:
    change(gallery, statement)
    with pytest.raises(StoreError, match=r"the gallery is damaged \(a vector is not of unit length\)"):
        open_store(gallery, encoder_id=ENCODER)
    with open_store(gallery, encoder_id=None) as store:  # which erases people without a look at their vectors
        store.forget(1)
        assert [person.person_id for person in store.people()] == [2]


def test_vectors_of_another_length_than_the_encoders(gallery: Path) -> None:
    with pytest.raises(StoreError, match=r"its vectors have 16 numbers, those of its encoder 512"):
        open_store(gallery, encoder_id=ENCODER, dimension=512)
    with open_store(gallery, encoder_id=ENCODER, dimension=16) as store:
        assert len(store.people()) == 2


@pytest.mark.parametrize("command", ["list", "show", "history", "rename", "merge", "forget", "prune"])
def test_every_command_says_so(command: str, gallery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(gallery, "DROP TABLE journal")
    operands = {"show": ["1"], "rename": ["1", "x"], "merge": ["1", "2"], "forget": ["1"], "prune": ["3"]}
    assert main(["gallery", command, str(gallery), *operands.get(command, [])]) == 2
    said = capsys.readouterr().err
    assert (
        said == f"reid: {gallery}: the gallery is damaged (it has no table journal); restore a copy of it\n"
    )


def test_a_journal_that_is_nested_too_deeply(gallery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(gallery, f"UPDATE journal SET detail = {DEEP} WHERE event = 'created'")
    assert main(["gallery", "history", str(gallery)]) == 2
    assert "an entry of the journal cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("size", [16, 50, 5_000, 16_384, 40_000, -1])
def test_a_file_that_was_cut_off(size: int, gallery: Path) -> None:
    gallery.write_bytes(gallery.read_bytes()[:size])
    for read_only in (True, False):
        with pytest.raises(StoreError, match=r"site\.db: (the gallery is damaged \(|not a gallery)"):
            open_store(gallery, encoder_id=ENCODER, read_only=read_only)
