"""One run in a gallery: its sightings checked, written, replaced when the run is repeated."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from reid import json_text
from reid.errors import InputError
from reid.store.records import Run, Sighting
from reid.store.rules import utc
from reid.store.sqlite import erasing, journal
from reid.store.sqlite.prototypes import keep_varied
from reid.store.sqlite.sightings import SEGMENT, segments
from reid.track_segment import best_segments
from reid.types import Array, Embeddings, Tracklet, TrackletKey, person_name

RunKey = tuple[datetime, tuple[str, ...]]  # the start in whole seconds, UTC, and the cameras


def next_person_id(db: sqlite3.Connection) -> int:
    """The next unused person id."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'people'").fetchone()
    return 1 if row is None else int(row[0]) + 1


def keys(db: sqlite3.Connection) -> dict[str, RunKey]:
    """What results folders name the runs by."""
    rows = db.execute("SELECT run_id, started, cameras FROM runs").fetchall()
    return {
        run_id: (datetime.fromisoformat(started).replace(microsecond=0), tuple(json.loads(cameras)))
        for run_id, started, cameras in rows
    }


def former_ids(
    db: sqlite3.Connection, run_id: str, tracklets: Sequence[Tracklet] | None
) -> dict[TrackletKey, int]:
    """The person of each tracklet of a committed run; of `tracklets`, those that are still the same."""
    rows = db.execute(
        f"""SELECT person_id, {SEGMENT} FROM sightings
           WHERE run_id = ? ORDER BY sighting_id""",
        (run_id,),
    ).fetchall()
    stored = segments(row[1:] for row in rows)
    person = {segment.key: row[0] for segment, row in zip(stored, rows, strict=True)}
    if tracklets is None:
        return person
    return {key: person[segment.key] for key, segment in best_segments(stored, tracklets).items()}


def check(db: sqlite3.Connection, encoder_id: str, sightings: Sequence[Sighting]) -> None:
    """Refuse, with a ValueError, what `replace` could not or must not write."""
    keys = [sighting.match.tracklet for sighting in sightings]
    if len(set(keys)) != len(keys):
        raise ValueError("a run has two sightings of one tracklet")
    check_vectors(db, encoder_id, [sighting.embeddings for sighting in sightings])
    known = {row[0] for row in db.execute("SELECT person_id FROM people")}
    people = _people(sightings)
    gone = [person_id for person_id in people if person_id not in known and person_id < next_person_id(db)]
    if gone:
        raise ValueError(f"{person_name(gone[0])} is gone or was never given; ids are not reused")
    strangers = {sighting.match.runner_up_id for sighting in sightings} - known - set(people) - {None}
    if strangers:
        raise ValueError(f"runner-ups that are not in this gallery: {sorted(map(str, strangers))}")


def replace(
    db: sqlite3.Connection, at: datetime, run: Run, sightings: Sequence[Sighting], *, max_prototypes: int
) -> None:
    """Write a run, in place of the one with its id, within the caller's transaction."""
    run_id = run.run_id
    _retract(db, at, run_id)
    # what the run before displaced goes for good: only the latest run can be undone exactly
    db.execute("DELETE FROM prototypes WHERE evicted_by IS NOT NULL")
    row = (run_id, utc(run.started), json_text.dumps(run.cameras))
    db.execute("INSERT INTO runs VALUES (?, ?, ?)", row)
    if run.clock is not None:
        db.execute("INSERT INTO clocks VALUES (?, ?, ?)", (run_id, run.clock.zero_s, run.clock.fixed_zone))
    new: dict[int, list[tuple[int, Array]]] = {person_id: [] for person_id in _people(sightings)}
    for person_id in new:
        if db.execute("INSERT OR IGNORE INTO people (person_id) VALUES (?)", (person_id,)).rowcount:
            journal.append(db, at, "created", person_id=person_id, run_id=run_id)
    for sighting in sorted(sightings, key=lambda sighting: sighting.match.tracklet):
        assert sighting.match.person_id is not None
        vectors = sighting.embeddings.vectors
        new[sighting.match.person_id].append((insert(db, run_id, sighting), vectors))
    for person_id, theirs in new.items():
        keep_varied(db, person_id, max_prototypes, new=theirs, run_id=run_id)
        journal.append(db, at, "seen", person_id=person_id, run_id=run_id, sightings=len(theirs))
    erasing.retract(db, at, erasing.unseen(db), "its run was repeated")


def _people(sightings: Sequence[Sighting]) -> list[int]:
    return sorted({s.match.person_id for s in sightings if s.match.person_id is not None})


def check_vectors(db: sqlite3.Connection, encoder_id: str, embeddings: Sequence[Embeddings]) -> None:
    """Refuse, with a ValueError, vectors that cannot be compared with the gallery's."""
    dimensions = {row[0] for row in db.execute("SELECT dimension FROM gallery")} - {None}
    for own in embeddings:
        if own.encoder_id != encoder_id:
            raise ValueError(f"vectors of encoder {own.encoder_id} in a gallery of {encoder_id}")
        if len(own):
            dimensions.add(own.vectors.shape[1])
    if len(dimensions) > 1:
        raise ValueError(f"vectors of different sizes in one gallery: {sorted(dimensions)}")


def _retract(db: sqlite3.Connection, at: datetime, run_id: str) -> None:
    db.execute("UPDATE prototypes SET evicted_by = NULL WHERE evicted_by = ?", (run_id,))
    count = db.execute("SELECT count(*) FROM sightings WHERE run_id = ?", (run_id,)).fetchone()[0]
    if db.execute("DELETE FROM runs WHERE run_id = ?", (run_id,)).rowcount:
        journal.append(db, at, "retracted", run_id=run_id, sightings=count)


def insert(db: sqlite3.Connection, run_id: str, sighting: Sighting) -> int:
    """A sighting without its vectors; its id."""
    match, key = sighting.match, sighting.match.tracklet
    row = db.execute(
        """INSERT INTO sightings (run_id, camera_id, track_id, person_id, start_s, end_s,
                                  distance, runner_up_id, runner_up_distance, places)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING sighting_id""",
        (
            *(run_id, key.camera_id, key.track_id, match.person_id, sighting.start_s, sighting.end_s),
            *(match.distance, match.runner_up_id, match.runner_up_distance),
            None if sighting.places is None else sighting.places.astype("<f4").tobytes(),
        ),
    ).fetchone()
    return int(row[0])


def ids(db: sqlite3.Connection) -> list[str]:
    """The runs, in the order of their start."""
    return [row[0] for row in db.execute("SELECT run_id FROM runs ORDER BY started, run_id")]


def started(db: sqlite3.Connection, run_id: str) -> datetime:
    """When a committed run started; InputError if there is none of this id."""
    row = db.execute("SELECT started FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    if row is None:
        raise InputError(f"there is no run {run_id[:8]} in it")
    return datetime.fromisoformat(row[0])
