"""What is wrong inside a gallery file: found when it is opened, not when a run of hours ends with writing to it."""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime

import numpy as np

_STORED = {"INTEGER": ("integer",), "REAL": ("real", "integer"), "TEXT": ("text",), "BLOB": ("blob",)}
_LARGEST = 1e15  # seconds or distances: beyond any time that is, and what every format can show
_JSON = {("runs", "cameras"): "array", ("journal", "detail"): "object"}
_MOST = 10**9  # numbers of people that a site could give
_BATCH = 4096  # vectors read at a time


def damage(
    db: sqlite3.Connection, tables: Sequence[str], dimension: int | None, *, with_vectors: bool
) -> str | None:
    """What is wrong with an open gallery, or None.

    Args:
        tables: the SQL that makes its tables.
        dimension: length of the encoder's vectors; None: not known, or not asked.
        with_vectors: look at every vector, as whoever compares them must.
    """
    found = _complaints(db, tables, dimension, with_vectors=with_vectors)
    return next(found, None)


def _complaints(
    db: sqlite3.Connection, tables: Sequence[str], dimension: int | None, *, with_vectors: bool
) -> Iterator[str]:
    with closing(sqlite3.connect(":memory:")) as model:
        for statement in tables:
            model.execute(statement)
        columns = {
            name: _columns(model, name) for name in re.findall(r"CREATE TABLE (\w+)", "\n".join(tables))
        }
    kinds = dict(db.execute("SELECT name, type FROM sqlite_master WHERE type != 'index'").fetchall())
    if foreign := sorted(name for name, kind in kinds.items() if kind != "table"):
        yield f"it has the {kinds[foreign[0]]} {foreign[0]}, which no gallery has"
    for name, wanted in columns.items():
        if name not in kinds:
            yield f"it has no table {name}"
        if missing := sorted(wanted.keys() - _columns(db, name).keys()):
            yield f"its table {name} has no column {missing[0]}"
        for column, (kind, nullable) in wanted.items():
            yield from _values(db, name, column, kind, nullable=nullable)
    if db.execute("SELECT count(*) FROM gallery").fetchone()[0] != 1:
        yield "its table gallery must have one row"
    yield from _numbers(db)
    yield from _merges(db)
    if row := db.execute("PRAGMA foreign_key_check").fetchone():
        yield f"a row of {row[0]} belongs to one of {row[2]} that is not there"
    yield from _vectors(db, dimension, look=with_vectors)


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
        wrong += f" OR abs({column}) > {_LARGEST:g}"
    if json_type := _JSON.get((table, column)):
        wrong += f" OR NOT json_valid({column}) OR json_type({column}) != '{json_type}'"
    if db.execute(f"SELECT 1 FROM {table} WHERE {wrong} LIMIT 1").fetchone():
        yield f"a value of {table}.{column} is not {kind.lower()}" + (" JSON" if json_type else "")


def _numbers(db: sqlite3.Connection) -> Iterator[str]:
    """Ids, and times that are text."""
    ids = db.execute("SELECT min(person_id), max(person_id) FROM people").fetchone()
    last = db.execute("SELECT typeof(seq), seq FROM sqlite_sequence WHERE name = 'people'").fetchone()
    if ids[0] is not None and (
        ids[0] < 1 or last is None or last[0] != "integer" or not ids[1] <= last[1] < _MOST
    ):
        yield "the numbers of its people are not as they were given"
    for started, cameras in db.execute("SELECT started, cameras FROM runs"):
        try:
            datetime.fromisoformat(started)
        except ValueError:
            yield f"a run started at {started[:40]!r}, which is no time"
        names = db.execute("SELECT 1 FROM json_each(?) WHERE type != 'text' LIMIT 1", (cameras,)).fetchone()
        if names:
            yield "a camera of a run has no name"


def _merges(db: sqlite3.Connection) -> Iterator[str]:
    """Whoever follows them from person to person must come to an end."""
    into: dict[int, int] = {}
    rows = db.execute(
        "SELECT person_id, json_extract(detail, '$.absorbed') FROM journal WHERE event = 'merged'"
    ).fetchall()
    for kept, gone in rows:
        if not isinstance(kept, int) or not isinstance(gone, int):
            yield "its journal has a merge that names no two people"
        into[gone] = kept
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
