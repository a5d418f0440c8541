"""The people of a gallery after all corrections: what earlier results must be read with."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from reid.store.records import PeopleNow
from reid.store.sqlite import journal
from reid.store.sqlite.connection import explain
from reid.store.sqlite.gallery_file import connect
from reid.store.sqlite.runs import RunKey, keys, next_person_id
from reid.types import TrackletKey, person_name


def people_now(path: Path) -> PeopleNow:
    """Read the people and runs of the gallery file `path`; nothing is changed.

    Erased are those who were forgotten, pruned, or retracted because their run was repeated.

    Raises:
        InputError: no such gallery, or not one that can be read.
    """
    with closing(connect(path, encoder_id=None, read_only=True)) as db:
        try:
            db.execute("BEGIN")  # all of one moment
            runs = keys(db)
            return PeopleNow(
                people=_people(db), runs=frozenset(runs.values()), tracklets=_tracklets(db, runs)
            )
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


def _tracklets(db: sqlite3.Connection, runs: Mapping[str, RunKey]) -> dict[RunKey, dict[TrackletKey, int]]:
    found: dict[RunKey, dict[TrackletKey, int]] = {}
    for run_id, camera_id, track_id, person_id in db.execute(
        "SELECT run_id, camera_id, track_id, person_id FROM sightings"
    ):
        key = TrackletKey(camera_id=camera_id, track_id=track_id)
        found.setdefault(runs[run_id], {})[key] = person_id
    return found
