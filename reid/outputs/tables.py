"""Results for other programs: `identities.json`, `tracklets.csv` and `tracklets.parquet`.

`identities.json` holds `persons` (by when they were first seen) and `unidentified` (tracklets without a
person); where it is known when the recordings began, times in the world too (`first_seen_at`, `start_at`, ...).
The two tables have the same columns, one row per tracklet, by camera and time:

    camera               string   the camera's name
    track_id             int64    the tracklet's number within the camera
    tracker_id           int64    the tracker's number: tracklets cut from one track share it
    person_id            int64    null: too weak to tell
    person               string   P0001
    known                bool     the person was in the gallery before this run; null without a person
    start_s, end_s       float64  first and last box, seconds on the site's clock
    duration_s           float64  end_s - start_s
    first_frame          int64    frame indices from 0
    last_frame           int64
    boxes                int64    how many boxes
    moments              int64    how many crops and vectors were kept
    score                float64  the detector's mean confidence
    quality              float64  of the best crop, in [0, 1]; null without crops
    distance             float64  to the rest of the person; null: nothing to compare with
    probability          float64  that two tracklets so far apart show one person; null: the encoder has no map
    runner_up_id         int64    the next best person
    runner_up            string   its name
    runner_up_distance   float64
    margin               float64  runner_up_distance - distance; small or negative: doubtful
    start_at             string   start_s in the world, ISO 8601 with the offset from UTC; null: not known
    end_at               string   end_s in the world

Seconds are rounded to 1 ms and everything else to 4 decimals.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from reid import json_text
from reid.outputs import atomic
from reid.outputs.sightings import PersonSighting, by_tracklet, find_sightings, seconds_seen
from reid.types import Identity, Match, Tracklet, TrackletKey, person_name
from reid.wall_clock import WallClock

_COLUMNS: dict[str, str] = {
    "camera": "string",
    "track_id": "int64",
    "tracker_id": "int64",
    "person_id": "int64",
    "person": "string",
    "known": "bool",
    "start_s": "float64",
    "end_s": "float64",
    "duration_s": "float64",
    "first_frame": "int64",
    "last_frame": "int64",
    "boxes": "int64",
    "moments": "int64",
    "score": "float64",
    "quality": "float64",
    "distance": "float64",
    "probability": "float64",
    "runner_up_id": "int64",
    "runner_up": "string",
    "runner_up_distance": "float64",
    "margin": "float64",
    "start_at": "string",
    "end_at": "string",
}


def tracklet_table(
    tracklets: Sequence[Tracklet],
    matches: Sequence[Match],
    identities: Sequence[Identity],
    clock: WallClock | None = None,
) -> Any:
    """A `pyarrow.Table` with the columns above."""
    known = {identity.person_id for identity in identities if identity.known}
    found = by_tracklet(matches)
    ordered = sorted(tracklets, key=lambda t: (t.camera_id, t.start_s, t.track_id))
    rows = [
        _row(one, found.get(one.key), known) | _world(clock, start_at=one.start_s, end_at=one.end_s)
        for one in ordered
    ]
    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in _COLUMNS.items()])
    return pa.Table.from_pylist(rows, schema=schema)


def write_tables(
    csv: Path,
    parquet: Path,
    *,
    tracklets: Sequence[Tracklet],
    matches: Sequence[Match],
    identities: Sequence[Identity],
    clock: WallClock | None = None,
) -> None:
    """Write `tracklets.csv` (UTF-8, header, empty fields for null) and `tracklets.parquet`."""
    table = tracklet_table(tracklets, matches, identities, clock)
    # files, not paths: pyarrow opens only paths that are UTF-8
    with atomic.replacing(csv) as partial, partial.open("wb") as file:
        pa_csv.write_csv(table, file)
    with atomic.replacing(parquet) as partial, partial.open("wb") as file:
        pa_parquet.write_table(table, file, compression="zstd")


def write_identities(
    path: Path,
    *,
    tracklets: Sequence[Tracklet],
    matches: Sequence[Match],
    identities: Sequence[Identity],
    join_gap_s: float,
    crops: Mapping[TrackletKey, Sequence[str]],
    clock: WallClock | None = None,
) -> None:
    """Write `identities.json`.

    Args:
        path: where to.
        tracklets: all of the run.
        matches: one per tracklet.
        identities: say who was known before.
        join_gap_s: tracklets of a person in a camera closer than this are one sighting.
        crops: crop files of a tracklet, best first, relative to the results folder; see `write_crops`.
        clock: when second 0 was in the world; None: not known.
    """
    people = {identity.person_id: identity for identity in identities}
    found = by_tracklet(matches)
    persons = [
        _person(people[person_id], sightings, crops, clock)
        for person_id, sightings in find_sightings(tracklets, found, join_gap_s=join_gap_s).items()
    ]
    lost = [t for t in tracklets if t.key not in found or found[t.key].person_id is None]
    unidentified = [
        {
            "camera": t.camera_id,
            "track_id": t.track_id,
            "start_s": round(t.start_s, 3),
            "end_s": round(t.end_s, 3),
            **_world(clock, start_at=t.start_s, end_at=t.end_s),
        }
        for t in sorted(lost, key=lambda t: (t.start_s, t.key))
    ]
    content = {"persons": persons, "unidentified": unidentified}
    atomic.write_text(path, json_text.dumps(content, indent=1) + "\n")


def _row(tracklet: Tracklet, match: Match | None, known: set[int]) -> dict[str, Any]:
    person_id = match.person_id if match else None
    return {
        "camera": tracklet.camera_id,
        "track_id": tracklet.track_id,
        "tracker_id": tracklet.tracker_id,
        "person_id": person_id,
        "person": None if person_id is None else person_name(person_id),
        "known": None if person_id is None else person_id in known,
        "start_s": round(tracklet.start_s, 3),
        "end_s": round(tracklet.end_s, 3),
        "duration_s": round(tracklet.end_s - tracklet.start_s, 3),
        "first_frame": int(tracklet.frames[0]),
        "last_frame": int(tracklet.frames[-1]),
        "boxes": len(tracklet.frames),
        "moments": len(tracklet.crops),
        "score": _rounded(float(tracklet.scores.mean())),
        "quality": _rounded(float(tracklet.qualities.max())) if len(tracklet.qualities) else None,
        "runner_up_id": match.runner_up_id if match else None,
        **_decision(match),
    }


def _person(
    identity: Identity,
    sightings: Sequence[PersonSighting],
    crops: Mapping[TrackletKey, Sequence[str]],
    clock: WallClock | None,
) -> dict[str, Any]:
    first_s = min(sighting.start_s for sighting in sightings)
    last_s = max(sighting.end_s for sighting in sightings)
    return {
        "person_id": identity.person_id,
        "name": identity.name,
        "label": identity.label,
        "known": identity.known,
        "cameras": sorted({sighting.camera_id for sighting in sightings}),
        "first_seen_s": round(first_s, 3),
        "last_seen_s": round(last_s, 3),
        **_world(clock, first_seen_at=first_s, last_seen_at=last_s),
        "total_s": round(seconds_seen(sightings), 3),
        "sightings": [_sighting(sighting, crops, clock) for sighting in sightings],
    }


def _sighting(
    sighting: PersonSighting, crops: Mapping[TrackletKey, Sequence[str]], clock: WallClock | None
) -> dict[str, Any]:
    paths = [path for tracklet in sighting.tracklets for path in crops.get(tracklet.key, ())]
    return {
        "camera": sighting.camera_id,
        "start_s": round(sighting.start_s, 3),
        "end_s": round(sighting.end_s, 3),
        **_world(clock, start_at=sighting.start_s, end_at=sighting.end_s),
        "track_ids": [tracklet.track_id for tracklet in sighting.tracklets],
        **_decision(sighting.match),
        "crop": paths[0] if paths else None,
    }


def _world(clock: WallClock | None, **seconds: float) -> dict[str, str]:
    """Moments in the world, by name; none where it is not known when second 0 was."""
    return {} if clock is None else {name: clock.iso(time_s) for name, time_s in seconds.items()}


def _decision(match: Match | None) -> dict[str, Any]:
    """Distance, probability and runner-up that explain one match."""
    runner_up = match.runner_up_id if match else None
    return {
        "distance": _rounded(match.distance) if match else None,
        "probability": _rounded(match.probability) if match else None,
        "runner_up": None if runner_up is None else person_name(runner_up),
        "runner_up_distance": _rounded(match.runner_up_distance) if match else None,
        "margin": _rounded(match.margin) if match else None,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)
