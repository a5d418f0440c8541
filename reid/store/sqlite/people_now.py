"""The people of a gallery after all corrections: what earlier results must be read with."""

import json
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from reid.store.records import PeopleNow
from reid.store.sqlite import journal
from reid.store.sqlite.connection import explain
from reid.store.sqlite.gallery_file import connect
from reid.store.sqlite.runs import next_person_id
from reid.types import person_name


def people_now(path: Path) -> PeopleNow:
    """Read the people and runs of the gallery file `path`; nothing is changed.

    Erased are those who were forgotten, pruned, or retracted because their run was repeated.

    Raises:
        InputError: no such gallery, or not one that can be read.
    """
    with closing(connect(path, encoder_id=None, read_only=True)) as db:
        try:
            db.execute("BEGIN")  # all of one moment
            return PeopleNow(people=_people(db), runs=_runs(db))
        except sqlite3.Error as error:
            explain(error, path)
            raise


def _people(db: sqlite3.Connection) -> dict[int, str | None]:
    labels: dict[int, str | None] = dict(db.execute("SELECT person_id, label FROM people").fetchall())
    into = journal.merges(db)
    people: dict[int, str | None] = {}
    for person_id in range(1, next_person_id(db)):
        now = journal.now(into, person_id)
        people[person_id] = (labels[now] or person_name(now)) if now in labels else None
    return people


def _runs(db: sqlite3.Connection) -> frozenset[tuple[datetime, tuple[str, ...]]]:
    rows = db.execute("SELECT started, cameras FROM runs").fetchall()
    return frozenset(
        (datetime.fromisoformat(started).replace(microsecond=0), tuple(json.loads(cameras)))
        for started, cameras in rows
    )
