"""Rows of sightings and the people they show: read, given to another person, removed.

Functions over an open gallery, inside the caller's transaction.
"""

import sqlite3
from collections.abc import Collection, Iterable

import numpy as np

from reid.track_segment import TrackSegment
from reid.types import TrackletKey

SEGMENT = "run_id, camera_id, track_id, start_s, end_s, places"  # the columns that `segments` takes


def is_there(db: sqlite3.Connection, person_id: int) -> bool:
    """Whether the gallery has a person of that number now."""
    return db.execute("SELECT 1 FROM people WHERE person_id = ?", (person_id,)).fetchone() is not None


def of_person(db: sqlite3.Connection, person_id: int) -> set[int]:
    """The numbers of a person's sightings."""
    rows = db.execute("SELECT sighting_id FROM sightings WHERE person_id = ?", (person_id,))
    return {row[0] for row in rows}


def give(db: sqlite3.Connection, sightings: Collection[int], person_id: int) -> None:
    """Make sightings those of another person; distances to the former one say nothing of the new one."""
    db.executemany(
        """UPDATE sightings SET person_id = ?, distance = NULL, runner_up_id = NULL, runner_up_distance = NULL
           WHERE sighting_id = ?""",
        [(person_id, one) for one in sightings],
    )
    db.execute(
        """UPDATE sightings SET runner_up_id = NULL, runner_up_distance = NULL
           WHERE person_id = ? AND runner_up_id = ?""",
        (person_id, person_id),
    )


def remove_person(db: sqlite3.Connection, person_id: int) -> None:
    """Remove a person; sightings and prototypes follow."""
    db.execute(
        "UPDATE sightings SET runner_up_id = NULL, runner_up_distance = NULL WHERE runner_up_id = ?",
        (person_id,),
    )
    db.execute("DELETE FROM people WHERE person_id = ?", (person_id,))


def segments(
    rows: Iterable[tuple[str, str, int, float, float, bytes | None]],
) -> list[TrackSegment]:
    """Rows of run, camera, track, start, end and places, as segments."""
    return [
        TrackSegment(
            run_id=run_id,
            key=TrackletKey(camera_id=camera_id, track_id=track_id),
            start_s=start_s,
            end_s=end_s,
            places=None if places is None else np.frombuffer(places, dtype="<f4").reshape(-1, 5),
        )
        for run_id, camera_id, track_id, start_s, end_s, places in rows
    ]
