"""The suppression list of a gallery: digests of where erased people were in recordings.

Functions over an open gallery, inside the caller's transaction.
"""

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np

from reid.errors import InputError
from reid.store.rules import LONGEST_S
from reid.store.sqlite import erasing, journal
from reid.suppression import DIGEST, Footage, Suppressed, SuppressionKey
from reid.types import person_name


def keep_footage(db: sqlite3.Connection, run_id: str, footage: Mapping[str, Footage]) -> None:
    """Note which recordings a run is of."""
    db.executemany(
        "INSERT INTO footage (run_id, camera_id, content, width, height, shift_s) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (run_id, camera_id, one.content, one.width, one.height, one.shift_s)
            for camera_id, one in sorted(footage.items())
        ],
    )


def add(db: sqlite3.Connection, person_id: int, key: SuppressionKey) -> None:
    """Keep digests of where a person was in recordings; raises as `of_person`."""
    db.executemany(
        "INSERT INTO suppressed (key_id, digests) VALUES (?, ?)",
        [(key.key_id, b"".join(sorted(digests))) for digests in of_person(db, person_id, key)],
    )


def in_recordings(db: sqlite3.Connection, person_id: int) -> list[tuple[Any, ...]]:
    """Start, places, camera and footage of a person's tracklets, but for those of live sites.

    What a decision says is no person has none but those of the decision.
    """
    own = "FROM sightings LEFT JOIN footage USING (run_id, camera_id) WHERE person_id = :one"
    ignored = erasing.not_a_person(db, person_id)
    if ignored is not None:
        own = "FROM decision_segments LEFT JOIN footage USING (run_id, camera_id) WHERE decision_id = :one"
    return db.execute(
        f"""SELECT start_s, places, camera_id, content, width, height, shift_s {own} AND start_s <= :longest
            ORDER BY 1, 3""",
        {"one": person_id if ignored is None else ignored, "longest": LONGEST_S},
    ).fetchall()


def of_person(db: sqlite3.Connection, person_id: int, key: SuppressionKey) -> list[frozenset[bytes]]:
    """Digests of where a person was in recordings, by tracklet; live sites are not processed again.

    Raises:
        InputError: the recordings, or where in them, are not known.
    """
    rows = in_recordings(db, person_id)
    unknown = sum(row[1] is None or row[3] is None for row in rows)
    if unknown:
        raise InputError(
            f"{person_name(person_id)}: where {unknown} of their {len(rows)} tracklets were in the recordings is not "
            "kept, as an earlier version of reid linked them; repeat `reid video` on these recordings first, then "
            "erase them with --suppress"
        )
    found = []
    for start_s, places, camera_id, content, width, height, shift_s in rows:
        known = np.frombuffer(places, dtype="<f4").reshape(-1, 5)
        footage = Footage(content=content, width=width, height=height, shift_s=shift_s)
        times_s = start_s + known[:, 0].astype(np.float64)
        found.append(key.digests(footage, camera_id, times_s, known[:, 1:]))
    return found


def read(db: sqlite3.Connection) -> list[Suppressed]:
    """All rows of the list."""
    rows = db.execute("SELECT key_id, digests FROM suppressed ORDER BY suppressed_id")
    return [
        Suppressed(
            key_id=key_id,
            digests=frozenset(digests[at : at + DIGEST] for at in range(0, len(digests), DIGEST)),
        )
        for key_id, digests in rows
    ]


def drop(db: sqlite3.Connection, at: datetime) -> int:
    """Delete the list; how many tracklets it had."""
    count = db.execute("DELETE FROM suppressed").rowcount
    if count:
        db.execute("UPDATE gallery SET traces = 1")
        journal.append(db, at, "suppression_dropped", tracklets=count)
    return count
