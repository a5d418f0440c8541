"""A live site in a gallery: its sightings are written as they come, and changed where their person was a mistake.

A recording is written whole, and replaced whole; a site runs for months, so its time is cut into runs of some
minutes, which are what ages and is erased. Functions over an open gallery, within the caller's transaction.
"""

import sqlite3
from dataclasses import replace
from datetime import datetime

from reid import json_text
from reid.store.records import Live, MovedSighting, Record
from reid.store.rules import utc
from reid.store.sqlite import corrections, decisions, erasing, journal
from reid.store.sqlite.prototypes import keep_varied
from reid.store.sqlite.runs import insert
from reid.types import Match, TrackletKey, person_name


def write(db: sqlite3.Connection, at: datetime, record: Record, *, max_prototypes: int) -> None:
    """Everything of `record`, and the journal's lines on it."""
    for person_id, run_id in _people(record):
        _know(db, at, person_id, run_id)
    for live in record.sightings:
        _put(db, at, live, max_prototypes)
    moved = [move for move in record.moved if _move(db, move, max_prototypes)]
    for run_id, key in record.dropped:
        _drop(db, at, run_id, key)
    for old, new in record.merged:
        if db.execute("SELECT 1 FROM people WHERE person_id = ?", (old,)).fetchone():
            corrections.merge(db, at, old, new)
            keep_varied(db, new, max_prototypes)
    if record.moved or record.dropped:
        erasing.retract(db, at, erasing.unseen(db), "nothing shows them any more")
    for move in moved:  # last: people who are removed take the lines that name them along
        _tell(db, at, move)


def _people(record: Record) -> list[tuple[int, str | None]]:
    """The people seen in `record`, and in which run."""
    seen: list[tuple[int, str | None]] = []
    for live in record.sightings:
        assert live.sighting.match.person_id is not None
        seen.append((live.sighting.match.person_id, live.run.run_id))
    seen += [(move.new, move.run_id) for move in record.moved]
    return seen + [(new, None) for _, new in record.merged]


def _put(db: sqlite3.Connection, at: datetime, live: Live, max_prototypes: int) -> None:
    run, sighting = live.run, live.sighting
    key, person_id = sighting.match.tracklet, sighting.match.person_id
    assert person_id is not None
    row = (run.run_id, utc(run.started), json_text.dumps(run.cameras))
    db.execute("INSERT OR IGNORE INTO runs VALUES (?, ?, ?)", row)
    before = _take_out(db, run.run_id, key)
    known = replace(sighting, match=_without_gone_rival(db, sighting.match))
    sighting_id = insert(db, run.run_id, known)
    keep_varied(db, person_id, max_prototypes, new=[(sighting_id, sighting.embeddings.vectors)])
    if before is None:
        journal.append(db, at, "seen", person_id=person_id, run_id=run.run_id, camera=key.camera_id)


def _take_out(db: sqlite3.Connection, run_id: str, key: TrackletKey) -> int | None:
    """Delete a sighting; the person it showed, or None where there is none."""
    row = db.execute(
        "DELETE FROM sightings WHERE run_id = ? AND camera_id = ? AND track_id = ? RETURNING person_id",
        (run_id, key.camera_id, key.track_id),
    ).fetchone()
    return None if row is None else int(row[0])


def _drop(db: sqlite3.Connection, at: datetime, run_id: str, key: TrackletKey) -> None:
    person_id = _take_out(db, run_id, key)
    if person_id is not None:
        journal.append(
            db, at, "retracted", person_id=person_id, run_id=run_id, sightings=1, tracklet=str(key)
        )


def _without_gone_rival(db: sqlite3.Connection, match: Match) -> Match:
    """Without its runner-up if that person is gone: an answer is kept for longer than the people it names."""
    rival = match.runner_up_id
    if rival is None or db.execute("SELECT 1 FROM people WHERE person_id = ?", (rival,)).fetchone():
        return match
    return replace(match, runner_up_id=None, runner_up_distance=None)


def _move(db: sqlite3.Connection, move: MovedSighting, max_prototypes: int) -> bool:
    """Whether there is such a sighting; retention may have erased it."""
    why = None if move.match is None else _without_gone_rival(db, move.match)
    told = (None,) * 3 if why is None else (why.distance, why.runner_up_id, why.runner_up_distance)
    found = db.execute(
        """UPDATE sightings SET person_id = ?, distance = ?, runner_up_id = ?, runner_up_distance = ?
           WHERE run_id = ? AND camera_id = ? AND track_id = ?""",
        (move.new, *told, move.run_id, move.key.camera_id, move.key.track_id),
    ).rowcount
    keep_varied(db, move.new, max_prototypes)
    return bool(found)


def _tell(db: sqlite3.Connection, at: datetime, move: MovedSighting) -> None:
    journal.append(
        db,
        at,
        "identity_changed",
        person_id=move.new,
        run_id=move.run_id,
        old=person_name(move.old),
        tracklet=str(move.key),
        reason=move.reason,
    )


def _know(db: sqlite3.Connection, at: datetime, person_id: int, run_id: str | None) -> None:
    """Add a person of that id, unless there is one; one who comes back has the name that a decision gave."""
    if db.execute("INSERT OR IGNORE INTO people (person_id) VALUES (?)", (person_id,)).rowcount:
        if db.execute("SELECT 1 FROM journal WHERE person_id = ?", (person_id,)).fetchone():
            label = decisions.name_of(db, person_id)
            db.execute("UPDATE OR IGNORE people SET label = ? WHERE person_id = ?", (label, person_id))
        journal.append(db, at, "created", person_id=person_id, run_id=run_id)
