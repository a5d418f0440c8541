"""The vectors that stand for people, as rows of the gallery."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from reid import json_text
from reid.store.prototypes import most_varied
from reid.store.records import StoredVector
from reid.types import Array, TrackletKey


def keep_varied(
    db: sqlite3.Connection,
    person_id: int,
    limit: int,
    *,
    new: Sequence[tuple[int, Array]] = (),
    run_id: str | None = None,
) -> None:
    """Choose a person's prototypes among the present and the `new` ones, within the caller's transaction.

    Args:
        new: vectors (K, D) by sighting id.
        run_id: the run that displaces what is not kept; repeating it brings that back. None: erase it.
    """
    present = db.execute(
        """SELECT prototype_id, vector FROM prototypes JOIN sightings USING (sighting_id)
           WHERE person_id = ? AND evicted_by IS NULL ORDER BY prototype_id""",
        (person_id,),
    ).fetchall()
    offered = [(sighting_id, vector) for sighting_id, vectors in new for vector in vectors]
    if offered:
        db.execute("UPDATE gallery SET dimension = ? WHERE dimension IS NULL", (len(offered[0][1]),))
    known = to_vectors(db, [blob for _, blob in present])
    candidates = np.concatenate([known, [vector for _, vector in offered]]) if offered else known
    kept = most_varied(candidates, limit)
    displaced = [row[:1] for at, row in enumerate(present) if at not in kept]
    if run_id is None:
        db.executemany("DELETE FROM prototypes WHERE prototype_id = ?", displaced)
    else:
        rows = [(run_id, *row) for row in displaced]
        db.executemany("UPDATE prototypes SET evicted_by = ? WHERE prototype_id = ?", rows)
    db.executemany(
        "INSERT INTO prototypes (sighting_id, vector) VALUES (?, ?)",
        [
            (sighting_id, vector.astype("<f4").tobytes())
            for at, (sighting_id, vector) in enumerate(offered, start=len(present))
            if at in kept
        ],
    )


def prototypes_by_person(
    db: sqlite3.Connection, without_run: str | None, people: Collection[int] | None = None
) -> Iterator[tuple[int, Array]]:
    """Person id and unit vectors (P, D) of each person, or each of `people`, as if a run had never been committed."""
    among = "" if people is None else "AND s.person_id IN (SELECT value FROM json_each(:people))"
    rows = db.execute(
        f"""SELECT s.person_id, x.vector FROM sightings s LEFT JOIN prototypes x
           ON x.sighting_id = s.sighting_id AND (x.evicted_by IS NULL OR x.evicted_by = :run)
           WHERE s.run_id IS NOT :run {among} ORDER BY s.person_id, x.prototype_id""",
        {"run": without_run, "people": json_text.dumps(sorted(people or ()))},
    ).fetchall()
    for person_id, group in groupby(rows, key=lambda row: row[0]):
        yield person_id, to_vectors(db, [blob for _, blob in group if blob is not None])


def prototypes_of_all(db: sqlite3.Connection) -> tuple[NDArray[np.int64], Array]:
    """The prototypes of all people: person ids (P,) and unit vectors (P, D)."""
    rows = db.execute(
        """SELECT s.person_id, x.vector FROM prototypes x JOIN sightings s USING (sighting_id)
           WHERE x.evicted_by IS NULL ORDER BY x.prototype_id"""
    ).fetchall()
    return np.array([row[0] for row in rows], dtype=np.int64), to_vectors(db, [row[1] for row in rows])


def stored(db: sqlite3.Connection) -> list[StoredVector]:
    """All prototypes, displaced ones too, in the order that they were stored."""
    rows = db.execute(
        """SELECT prototype_id, person_id, run_id, camera_id, track_id, end_s - start_s, evicted_by IS NULL, vector
           FROM prototypes JOIN sightings USING (sighting_id) ORDER BY prototype_id"""
    ).fetchall()
    vectors = to_vectors(db, [row[-1] for row in rows])
    return [
        StoredVector(
            prototype_id=row[0],
            person_id=row[1],
            run_id=row[2],
            tracklet=TrackletKey(camera_id=row[3], track_id=row[4]),
            duration_s=row[5],
            in_use=bool(row[6]),
            vector=vector,
        )
        for row, vector in zip(rows, vectors, strict=True)
    ]


def to_vectors(db: sqlite3.Connection, blobs: Sequence[bytes]) -> Array:
    """Stored vectors as an array (N, D); D is 0 while the gallery has never held a vector."""
    size = db.execute("SELECT coalesce(dimension, 0) FROM gallery").fetchone()[0]
    return np.frombuffer(b"".join(blobs), dtype="<f4").reshape(len(blobs), size).astype(np.float32)
