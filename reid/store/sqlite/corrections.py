"""Corrections of a gallery: rename, merge, forget, and erasing what they leave in its files.

Functions over an open gallery; all but `clean` run inside the caller's transaction.
"""

import sqlite3
from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path

from reid.errors import InputError
from reid.store.files import INDEX_SUFFIXES, beside
from reid.store.sqlite import journal
from reid.store.sqlite.schema import UNFINISHED
from reid.types import person_name


def rename(db: sqlite3.Connection, at: datetime, person_id: int, label: str | None) -> None:
    """Give a person a name, or take it away (None).

    Raises:
        InputError: the label is empty, too long, looks like an id, or is somebody else's.
    """
    former = db.execute("SELECT label FROM people WHERE person_id = ?", (person_id,)).fetchone()[0]
    if label is not None:
        label = label.strip()
        if not label or len(label) > 100 or not label.isprintable():
            raise InputError(f"label {label!r}: must be 1 to 100 printable characters")
        if journal.number_of(label) is not None:
            raise InputError(f"label {label!r}: looks like a person's number; use a name")
        owner = db.execute("SELECT person_id FROM people WHERE label = ?", (label,)).fetchone()
        if owner is not None and owner[0] != person_id:
            raise InputError(f"label {label!r}: is {person_name(owner[0])}'s; merge the two, or use another")
    db.execute("UPDATE people SET label = ? WHERE person_id = ?", (label, person_id))
    journal.append(db, at, "renamed", person_id=person_id, former=former, label=label)


def merge(db: sqlite3.Connection, at: datetime, person_id: int, into: int) -> None:
    """Make two people one: all sightings of `person_id` become those of `into`, whose label wins."""
    if person_id == into:
        raise InputError(f"{person_name(into)} cannot be merged with itself; name two people")
    both = {"gone": person_id, "kept": into}
    # a runner-up that turns out to be the same person was no rival
    db.execute(
        """UPDATE sightings SET runner_up_id = NULL, runner_up_distance = NULL
           WHERE person_id IN (:gone, :kept) AND runner_up_id IN (:gone, :kept)""",
        both,
    )
    db.execute("UPDATE sightings SET runner_up_id = :kept WHERE runner_up_id = :gone", both)
    # displaced vectors only serve to repeat a run exactly, which a correction ends
    db.execute(
        """DELETE FROM prototypes WHERE evicted_by IS NOT NULL AND sighting_id IN
           (SELECT sighting_id FROM sightings WHERE person_id IN (:gone, :kept))""",
        both,
    )
    db.execute("UPDATE sightings SET person_id = :kept WHERE person_id = :gone", both)
    labels = dict(db.execute("SELECT person_id, label FROM people WHERE person_id IN (:gone, :kept)", both))
    db.execute("DELETE FROM people WHERE person_id = :gone", both)
    label = labels[into] or labels[person_id]
    db.execute("UPDATE people SET label = ? WHERE person_id = ?", (label, into))
    journal.append(db, at, "merged", person_id=into, absorbed=person_id, label=label)


def remove(
    db: sqlite3.Connection, at: datetime, people: Iterable[int], event: journal.Event, why: str
) -> None:
    """Erase people with everything held on them; the journal keeps that there was somebody of that id."""
    for person_id in sorted(people):
        db.execute(
            "UPDATE sightings SET runner_up_id = NULL, runner_up_distance = NULL WHERE runner_up_id = ?",
            (person_id,),
        )
        gone = [(one,) for one in journal.absorbed(db, person_id)]
        db.execute("DELETE FROM people WHERE person_id = ?", (person_id,))  # sightings and prototypes follow
        db.executemany("DELETE FROM journal WHERE person_id = ?", gone)
        if event == "forgotten":
            db.executemany(
                "DELETE FROM journal WHERE event = 'identity_changed' AND json_extract(detail, '$.old') = ?",
                [(person_name(one),) for (one,) in gone],
            )
        journal.append(db, at, event, person_id=person_id, why=why)


def unseen(db: sqlite3.Connection) -> Collection[int]:
    """Those without a sighting left: nothing can be said of them, so nothing should be kept."""
    rows = db.execute("SELECT person_id FROM people WHERE person_id NOT IN (SELECT person_id FROM sightings)")
    return [row[0] for row in rows]


def forget(db: sqlite3.Connection, at: datetime, person_id: int) -> None:
    """Erase one person at their request; `clean` must follow."""
    remove(db, at, [person_id], "forgotten", "on request")
    db.execute("UPDATE gallery SET traces = 1")


def must_clean(db: sqlite3.Connection) -> bool:
    """Whether erased rows may still have bytes in the files."""
    return bool(db.execute("SELECT traces FROM gallery").fetchone()[0])


def clean(db: sqlite3.Connection, path: Path) -> bool:
    """Finish an erasure in the files, after its commit; False if a reader prevents it.

    Killed on the way, the gallery remembers: `must_clean` makes its next writer repeat it.
    """
    for suffix in (*INDEX_SUFFIXES, UNFINISHED):
        beside(path, suffix).unlink(missing_ok=True)
    # secure_delete zeroed the rows, but pages that moved while the tree was balanced may hold copies
    db.execute("VACUUM")
    if db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        return False
    db.execute("UPDATE gallery SET traces = 0")
    return True
