"""The sightings of a gallery file as columns, with their mean vectors: one pass over the rows."""

import sqlite3

import numpy as np

from reid.store.rules import LIVE, LONGEST_S
from reid.store.sighting_table import Means, SightingTable, positions
from reid.store.sqlite.journal import clocks
from reid.store.sqlite.prototypes import to_vectors

BLOCK = 16_384  # vectors in memory beside their sums


def table(db: sqlite3.Connection, encoder_id: str) -> SightingTable:
    """All sightings, by their number; vectors that a later run displaced do not count."""
    found = db.execute(
        """SELECT sighting_id, person_id, run_id, camera_id, track_id, start_s, end_s FROM sightings
           ORDER BY sighting_id"""
    ).fetchall()
    numbers, persons, runs, cameras, tracks, starts_s, ends_s = (
        zip(*found, strict=True) if found else ((),) * 7
    )
    ids = np.array(numbers, dtype=np.int64)
    most, dimension = db.execute(
        "SELECT (SELECT count(*) FROM prototypes), coalesce(dimension, 0) FROM gallery"
    ).fetchone()
    means = Means(len(ids), min(most, len(ids)), dimension)
    rows = db.execute("SELECT sighting_id, vector FROM prototypes WHERE evicted_by IS NULL")
    while block := rows.fetchmany(BLOCK):
        of = np.fromiter((row[0] for row in block), np.int64, len(block))
        means.add(np.searchsorted(ids, of), to_vectors(db, [row[1] for row in block]))
    known = clocks(db)
    run_of, run_ids = positions(runs)
    camera_of, camera_ids = positions(cameras)
    starts = np.array(starts_s, dtype=np.float64)
    live = set(np.unique(run_of[starts > LONGEST_S]).tolist())
    mean_rows, vectors = means.finish()
    return SightingTable(
        encoder_id=encoder_id,
        persons=np.array(persons, dtype=np.int64),
        runs=run_of,
        cameras=camera_of,
        tracks=np.array(tracks, dtype=np.int64),
        starts_s=starts,
        ends_s=np.array(ends_s, dtype=np.float64),
        rows=mean_rows,
        vectors=vectors,
        run_ids=run_ids,
        clocks=tuple(LIVE if at in live else known.get(run) for at, run in enumerate(run_ids)),
        camera_ids=camera_ids,
    )
