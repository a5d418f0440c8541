"""What is wrong inside a gallery file: found when it is opened, not when a run of hours ends with writing to it."""

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from itertools import chain

import numpy as np

from reid.store.sqlite import journal

_STORED = {"INTEGER": ("integer",), "REAL": ("real", "integer"), "TEXT": ("text",), "BLOB": ("blob",)}
_LARGEST = 1e15  # of distances, which cameras may scale: what every format can show
_EARLIEST_S, _LATEST_S = -3e10, 1e11  # of two of them the sum, too, is a date that Python can show
_JSON = {("runs", "cameras"): "array", ("journal", "detail"): "object"}
_MOST = 10**9  # numbers of people that a site could give
_ZONE = re.compile(r"[+-]\d\d:?\d\d|[A-Za-z]\w*([/+-]\w+)*")  # as reid.wall_clock has them
_BATCH = 4096  # vectors read at a time


def damage(
    db: sqlite3.Connection,
    tables: Sequence[str],
    dimension: int | None,
    *,
    with_vectors: bool,
) -> str | None:
    """What is wrong with an open gallery, or None.

    Args:
        tables: the SQL that makes its tables.
        dimension: length of the encoder's vectors; None: not known, or not asked.
        with_vectors: look at every vector, as is needed to compare them.
    """
    kinds = dict(db.execute("SELECT name, type FROM sqlite_master WHERE type != 'index'").fetchall())
    found = chain(
        _tables(db, kinds, _wanted(tables)),
        _complaints(db, dimension, with_vectors=with_vectors),
    )
    return next(found, None)


def _wanted(statements: Sequence[str]) -> dict[str, dict[str, tuple[str, bool]]]:
    """The columns of the tables that SQL makes."""
    with closing(sqlite3.connect(":memory:")) as model:
        for statement in statements:
            model.execute(statement)
        names = re.findall(r"CREATE TABLE (\w+)", "\n".join(statements))
        return {name: _columns(model, name) for name in names}


def _tables(
    db: sqlite3.Connection, kinds: Mapping[str, str], tables: Mapping[str, Mapping[str, tuple[str, bool]]]
) -> Iterator[str]:
    """What there is and should not be, what is missing, and values of other types."""
    if foreign := sorted(name for name, kind in kinds.items() if kind != "table"):
        yield f"it has the {kinds[foreign[0]]} {foreign[0]}, which no gallery has"
    for name, wanted in tables.items():
        if name not in kinds:
            yield f"it has no table {name}"
        if missing := sorted(wanted.keys() - _columns(db, name).keys()):
            yield f"its table {name} has no column {missing[0]}"
        for column, (kind, nullable) in wanted.items():
            yield from _values(db, name, column, kind, nullable=nullable)


def _complaints(db: sqlite3.Connection, dimension: int | None, *, with_vectors: bool) -> Iterator[str]:
    """What does not fit each other within the tables."""
    if db.execute("SELECT count(*) FROM gallery").fetchone()[0] != 1:
        yield "its table gallery must have one row"
    yield from _numbers(db)
    yield from _merges(db)
    if row := db.execute("PRAGMA foreign_key_check").fetchone():
        yield f"a row of {row[0]} belongs to one of {row[2]} that is not there"
    yield from _vectors(db, dimension, look=with_vectors)
    yield from _clocks(db)


def _columns(db: sqlite3.Connection, table: str) -> dict[str, tuple[str, bool]]:
    """Declared type of every column, and whether it may be null."""
    return {
        name: (kind, not needed and not key)
        for _, name, kind, needed, _, key in db.execute(f"PRAGMA table_info({table})")
    }


def _values(db: sqlite3.Connection, table: str, column: str, kind: str, *, nullable: bool) -> Iterator[str]:
    """SQLite stores whatever it is given; what is written here is of the declared type."""
    stored = ", ".join(f"'{name}'" for name in (*_STORED[kind], *(["null"] if nullable else [])))
    wrong = f"typeof({column}) NOT IN ({stored})"
    if kind == "REAL":
        least, most = (_EARLIEST_S, _LATEST_S) if column.endswith("_s") else (-_LARGEST, _LARGEST)
        wrong += f" OR {column} NOT BETWEEN {least!r} AND {most!r}"
    if json_type := _JSON.get((table, column)):
        wrong += f" OR NOT json_valid({column}) OR json_type({column}) != '{json_type}'"
    if db.execute(f"SELECT 1 FROM {table} WHERE {wrong} LIMIT 1").fetchone():
        yield f"a value of {table}.{column} is not {kind.lower()}" + (" JSON" if json_type else "")


def _numbers(db: sqlite3.Connection) -> Iterator[str]:
    """Ids, and times that are text; text that names no zone cannot be compared with other times."""
    ids = db.execute("SELECT min(person_id), max(person_id) FROM people").fetchone()
    last = db.execute("SELECT typeof(seq), seq FROM sqlite_sequence WHERE name = 'people'").fetchone()
    if ids[0] is not None and (
        ids[0] < 1 or last is None or last[0] != "integer" or not ids[1] <= last[1] < _MOST
    ):
        yield "the numbers of its people are not as they were given"
    for started, cameras in db.execute("SELECT started, cameras FROM runs"):
        if not _is_moment(started):
            yield f"a run started at {started[:40]!r}, which is no time"
        names = db.execute("SELECT 1 FROM json_each(?) WHERE type != 'text' LIMIT 1", (cameras,)).fetchone()
        if names:
            yield "a camera of a run has no name"

    told = db.execute("SELECT at FROM journal WHERE event IN ('pruned', 'clock_doubted')").fetchall()
    if wrong := [at for (at,) in told if not _is_moment(at)]:
        yield f"the gallery was pruned, or its clock doubted, at {wrong[0][:40]!r}, which is no time"
    decided = db.execute(
        "SELECT at FROM decisions UNION ALL SELECT undone FROM decisions WHERE undone IS NOT NULL"
    ).fetchall()
    if wrong := [at for (at,) in decided if not _is_moment(at)]:
        yield f"something was decided at {wrong[0][:40]!r}, which is no time"
    for table in ("sightings", "decision_segments"):
        if db.execute(f"SELECT 1 FROM {table} WHERE length(places) % 20 LIMIT 1").fetchone():
            yield f"places of {table} are no rows of five numbers"
    if db.execute(
        "SELECT 1 FROM suppressed WHERE length(digests) % 16 OR NOT length(digests) LIMIT 1"
    ).fetchone():
        yield "the suppression list holds something else than digests"
    if db.execute("SELECT 1 FROM footage WHERE width < 1 OR height < 1 LIMIT 1").fetchone():
        yield "a recording has frames without pixels"


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _clocks(db: sqlite3.Connection) -> Iterator[str]:
    """Zones that no machine knows; one that only this machine does not know is told where it is needed."""
    for (zone,) in db.execute("SELECT DISTINCT zone FROM clocks"):
        if not _ZONE.fullmatch(zone):
            yield f"a run was in the time zone {zone[:40]!r}, which is none"


def _merges(db: sqlite3.Connection) -> Iterator[str]:
    """Merges that lead from a person back to the same person."""
    into = journal.told_merges(db)
    if not all(isinstance(person, int) for pair in into.items() for person in pair):
        yield "its journal has a merge that names no two people"
        return
    for person in into:
        steps, now = 0, person
        while now in into:
            steps, now = steps + 1, into[now]
            if steps > len(into):
                yield f"its journal merges person {person} into themselves"
                return


def _vectors(db: sqlite3.Connection, dimension: int | None, *, look: bool) -> Iterator[str]:
    size = db.execute("SELECT dimension FROM gallery").fetchone()[0]
    if size is not None and dimension not in (None, size):
        yield f"its vectors have {size} numbers, those of its encoder {dimension}"
    if db.execute(
        "SELECT 1 FROM prototypes WHERE length(vector) IS NOT ? LIMIT 1", (4 * (size or 0),)
    ).fetchone():
        yield f"a vector is not {size or 0} numbers long"
    if not look:
        return
    rows = db.execute("SELECT vector FROM prototypes")
    while batch := rows.fetchmany(_BATCH):
        vectors = np.frombuffer(b"".join(row[0] for row in batch), dtype="<f4").reshape(len(batch), -1)
        if not np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3):  # NaN too
            yield "a vector is not of unit length"
            return
