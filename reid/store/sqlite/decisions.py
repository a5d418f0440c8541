"""What people decided about identities, as rows of the gallery.

The journal tells all that happened, by hand or by itself; a decision is what a person said, and whatever computes
identities anew has to respect it. Functions over an open gallery, inside the caller's transaction.
"""

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from reid.store.records import Decision, DecisionKind
from reid.store.rules import utc
from reid.store.sqlite import journal


def append(
    db: sqlite3.Connection,
    at: datetime,
    kind: DecisionKind,
    person_id: int,
    *,
    other_id: int | None = None,
    label: str | None = None,
) -> None:
    """Add a decision; earlier ones stay, so that it can be undone."""
    db.execute(
        "INSERT INTO decisions (at, kind, person_id, other_id, label) VALUES (?, ?, ?, ?, ?)",
        (utc(at), kind, person_id, other_id, label),
    )


def read(db: sqlite3.Connection, person_id: int | None = None) -> list[Decision]:
    """The decisions, oldest first; about one person and those merged into them, or about all."""
    query, people = "SELECT at, kind, person_id, other_id, label FROM decisions", list[int]()
    if person_id is not None:
        people = journal.absorbed(db, person_id)
        among = f"IN ({', '.join('?' * len(people))})"
        query += f" WHERE person_id {among} OR other_id {among}"
    return [
        Decision(at=at, kind=kind, person_id=person, other_id=other, label=label)
        for at, kind, person, other, label in db.execute(f"{query} ORDER BY decision_id", people * 2)
    ]


def erase(db: sqlite3.Connection, people: Iterable[tuple[int]]) -> None:
    """Delete what was decided about people, other people's relation to them too."""
    db.executemany(
        "DELETE FROM decisions WHERE :person IN (person_id, other_id)",
        [{"person": person} for (person,) in people],
    )
