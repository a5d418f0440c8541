"""Corrections of a gallery: rename, merge, forget.

Functions over an open gallery, inside the caller's transaction.
"""

import sqlite3
from collections.abc import Collection, Iterable
from datetime import datetime

from reid.errors import InputError
from reid.store.records import Event
from reid.store.rules import checked_label
from reid.store.sqlite import decisions, journal
from reid.types import person_name


def rename(db: sqlite3.Connection, at: datetime, person_id: int, label: str | None) -> None:
    """Give a person a name, or take it away (None).

    Raises:
        InputError: the label is empty, too long, looks like an id, or is another person's.
    """
    former = db.execute("SELECT label FROM people WHERE person_id = ?", (person_id,)).fetchone()[0]
    if label is not None:
        label = checked_label(label)
        owner = db.execute("SELECT person_id FROM people WHERE label = ?", (label,)).fetchone()
        if owner is not None and owner[0] != person_id:
            raise InputError(f"label {label!r}: is {person_name(owner[0])}'s; merge the two, or use another")
    db.execute("UPDATE people SET label = ? WHERE person_id = ?", (label, person_id))
    journal.append(db, at, "renamed", person_id=person_id, former=former, label=label)
    decisions.append(db, at, "named", person_id, label=label)


def merge(db: sqlite3.Connection, at: datetime, person_id: int, into: int) -> None:
    """Merge two people: all sightings of `person_id` become those of `into`, whose label wins."""
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


def remove(db: sqlite3.Connection, at: datetime, people: Iterable[int], event: Event, why: str) -> None:
    """Erase people with everything held on them; the journal keeps that there was a person of that id."""
    for person_id in sorted(people):
        db.execute(
            "UPDATE sightings SET runner_up_id = NULL, runner_up_distance = NULL WHERE runner_up_id = ?",
            (person_id,),
        )
        gone = [(one,) for one in journal.absorbed(db, person_id)]
        db.execute("DELETE FROM people WHERE person_id = ?", (person_id,))  # sightings and prototypes follow
        db.executemany("DELETE FROM journal WHERE person_id = ?", gone)
        decisions.erase(db, gone)
        if event == "forgotten":
            db.executemany(
                "DELETE FROM journal WHERE event = 'identity_changed' AND json_extract(detail, '$.old') = ?",
                [(person_name(one),) for (one,) in gone],
            )
        journal.append(db, at, event, person_id=person_id, why=why)


def unseen(db: sqlite3.Connection) -> Collection[int]:
    """People without a sighting left: nothing can be said of them, so nothing should be kept."""
    rows = db.execute("SELECT person_id FROM people WHERE person_id NOT IN (SELECT person_id FROM sightings)")
    return [row[0] for row in rows]


def forget(db: sqlite3.Connection, at: datetime, person_id: int) -> None:
    """Erase one person at their request; `clean` must follow."""
    remove(db, at, [person_id], "forgotten", "on request")
    decisions.append(db, at, "erased", person_id)
    db.execute("UPDATE gallery SET traces = 1")
