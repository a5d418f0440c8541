"""A small site to fill galleries with: people at random directions, seen in tracklets around them."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from reid.distance import unit
from reid.store.base import Store
from reid.store.records import Sighting
from reid.types import Array, Embeddings, Match, TrackletKey

ENCODER = "osnet-test@0123456789ab"
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
DIMENSION = 16


def directions(seed: int, count: int, dimension: int = DIMENSION) -> Array:
    """Unit vectors (count, dimension), the same for the same seed."""
    return unit(np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32))


def sighting(
    person_id: int | None,
    vectors: Array,
    *,
    camera: str = "lobby",
    track: int = 1,
    rival: int | None = None,
    encoder_id: str = ENCODER,
) -> Sighting:
    match = Match(
        tracklet=TrackletKey(camera_id=camera, track_id=track),
        person_id=person_id,
        distance=0.125,
        runner_up_id=rival,
        runner_up_distance=None if rival is None else 0.5,
    )
    embeddings = Embeddings(vectors=vectors, encoder_id=encoder_id)
    return Sighting(match=match, start_s=float(track), end_s=track + 2.5, embeddings=embeddings)


def commit(store: Store, number: int, people: Sequence[int], vectors_each: int = 3) -> list[Sighting]:
    """Run `number`, an hour after the one before: one tracklet for each entry of `people`."""
    made = [
        sighting(person, directions(1000 * number + track, vectors_each), track=track)
        for track, person in enumerate(people)
    ]
    store.commit_run(f"run-{number}", made, started=NOON + timedelta(hours=number), cameras=["lobby"])
    return made


def make_version_1(path: Path, *tables: str) -> None:
    """Make a gallery what programs before decisions wrote; without `tables` too, that not all of them wrote."""
    with sqlite3.connect(path) as db:
        for table in ("decision_segments", "decisions", "footage", "suppressed", *tables):
            db.execute(f"DROP TABLE {table}")
        db.execute("ALTER TABLE sightings DROP COLUMN places")
        db.execute("PRAGMA user_version = 1")
    db.close()


def tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """What a gallery says, without row numbers, generation and journal: equal for equal galleries."""
    db = sqlite3.connect(path)
    queries = {
        "people": "SELECT person_id, label FROM people ORDER BY 1",
        "runs": "SELECT * FROM runs ORDER BY 1",
        "sightings": """SELECT run_id, camera_id, track_id, person_id, start_s, end_s, distance, runner_up_id,
                        runner_up_distance FROM sightings ORDER BY 1, 2, 3""",
        "prototypes": """SELECT run_id, camera_id, track_id, vector, evicted_by
                         FROM prototypes JOIN sightings USING (sighting_id) ORDER BY 1, 2, 3, 4""",
    }
    content = {name: db.execute(query).fetchall() for name, query in queries.items()}
    db.close()
    return content
