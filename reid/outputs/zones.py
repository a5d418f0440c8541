"""Stays in zones and crossings of lines of one run: `zones.csv`, and what run.json and the report say of each zone.

A row is one stay of a person in a zone, or one crossing of a line:

    camera               string
    zone                 string   name of the zone or line
    purpose              string   count or dwell
    person_id            int64
    person               string   P0001
    start_s              float64  when the person came in or crossed, seconds on the site's clock
    end_s                float64  when the person went out, or was last seen; null: a crossing
    dwell_s              float64  end_s - start_s; null: a crossing
    direction            string   in or out, of a crossing; null: a stay
    start_at, end_at     string   the same in the world, ISO 8601; null: not known

Rows are by camera, zone and time. People are those of the run: a person whose track broke off inside a zone and went
on within `FILL_GAP_S` stays one.
"""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from reid.outputs import atomic
from reid.outputs.mot import CameraTracks
from reid.types import person_name
from reid.wall_clock import WallClock
from reid.zone_config import Purpose
from reid.zones.passage import Direction, ZoneStep, steps_of
from reid.zones.shapes import CameraShapes

_COLUMNS = {
    "camera": "string",
    "zone": "string",
    "purpose": "string",
    "person_id": "int64",
    "person": "string",
    "start_s": "float64",
    "end_s": "float64",
    "dwell_s": "float64",
    "direction": "string",
    "start_at": "string",
    "end_at": "string",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneVisit:
    """One stay in a zone, or one crossing of a line."""

    camera_id: str
    zone: str
    purpose: Purpose
    person_id: int
    start_s: float
    end_s: float | None = None  # None: it is a crossing
    direction: Direction | None = None  # None: it is a stay

    @property
    def dwell_s(self) -> float | None:
        """How long the stay was."""
        return None if self.end_s is None else self.end_s - self.start_s


def zone_visits(
    tracks: Mapping[str, CameraTracks], shapes: Mapping[str, CameraShapes], *, gap_s: float
) -> list[ZoneVisit]:
    """All stays and crossings, by camera, zone and time.

    Args:
        gap_s: a person who was not seen for so long has been out of view.
    """
    found = [
        visit
        for camera_id, own in shapes.items()
        if camera_id in tracks
        for visit in _of_camera(camera_id, tracks[camera_id], own, gap_s)
    ]
    return sorted(found, key=lambda one: (one.camera_id, one.zone, one.start_s, one.person_id))


def zone_facts(visits: Sequence[ZoneVisit], shapes: Mapping[str, CameraShapes]) -> list[dict[str, Any]]:
    """What run.json says of each zone and line."""
    return [
        {"camera": camera_id, "zone": shape.zone.name, "purpose": shape.zone.purpose}
        | _facts(
            [one for one in visits if (one.camera_id, one.zone) == (camera_id, shape.zone.name)],
            is_line=bool(shape.zone.line),
        )
        for camera_id, own in shapes.items()
        for shape in own.shapes
    ]


def write_zones(path: Path, visits: Sequence[ZoneVisit], clock: WallClock | None = None) -> None:
    """Write `zones.csv` (UTF-8, header, empty fields for null)."""
    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in _COLUMNS.items()])
    table = pa.Table.from_pylist([_row(one, clock) for one in visits], schema=schema)
    with atomic.replacing(path) as partial, partial.open("wb") as file:
        pa_csv.write_csv(table, file)


def _of_camera(
    camera_id: str, tracks: CameraTracks, shapes: CameraShapes, gap_s: float
) -> Iterator[ZoneVisit]:
    if not shapes.shapes:
        return
    purposes = {shape.zone.name: shape.zone.purpose for shape in shapes.shapes}
    for person_id in np.unique(tracks.person_ids).tolist():
        rows = np.flatnonzero(tracks.person_ids == person_id)
        rows = rows[np.argsort(tracks.times_s[rows], kind="stable")]
        for part in np.split(rows, np.flatnonzero(np.diff(tracks.times_s[rows]) >= gap_s) + 1):
            for step in steps_of(shapes, tracks.times_s[part], tracks.boxes[part]):
                if step.step != "entered":  # the stay is told when it is over
                    yield _visit(camera_id, purposes[step.zone], person_id, step)


def _visit(camera_id: str, purpose: Purpose, person_id: int, step: ZoneStep) -> ZoneVisit:
    stay = step.step == "left"
    return ZoneVisit(
        camera_id=camera_id,
        zone=step.zone,
        purpose=purpose,
        person_id=person_id,
        start_s=step.at_s if step.entered_s is None else step.entered_s,
        end_s=step.at_s if stay else None,
        direction=step.direction,
    )


def _facts(visits: Sequence[ZoneVisit], *, is_line: bool) -> dict[str, Any]:
    people = len({one.person_id for one in visits})
    if is_line:
        ways = [one.direction for one in visits]
        return {"people": people, "in": ways.count("in"), "out": ways.count("out")}
    dwell_s = [one.dwell_s for one in visits if one.dwell_s is not None]
    return {
        "people": people,
        "entries": len(visits),
        "most_at_once": _most_at_once(visits),
        "dwell_median_s": round(statistics.median(dwell_s), 3) if dwell_s else None,
        "dwell_longest_s": round(max(dwell_s), 3) if dwell_s else None,
    }


def _most_at_once(visits: Sequence[ZoneVisit]) -> int:
    changes = [(one.start_s, 1) for one in visits] + [
        (one.end_s, -1) for one in visits if one.end_s is not None
    ]
    now = most = 0
    for _, change in sorted(changes):  # who leaves at a moment leaves before others come
        now += change
        most = max(most, now)
    return most


def _row(visit: ZoneVisit, clock: WallClock | None) -> dict[str, Any]:
    world = {
        name: None if clock is None or at_s is None else clock.iso(at_s)
        for name, at_s in (("start_at", visit.start_s), ("end_at", visit.end_s))
    }
    return {
        "camera": visit.camera_id,
        "zone": visit.zone,
        "purpose": visit.purpose,
        "person_id": visit.person_id,
        "person": person_name(visit.person_id),
        "start_s": round(visit.start_s, 3),
        "end_s": None if visit.end_s is None else round(visit.end_s, 3),
        "dwell_s": None if visit.dwell_s is None else round(visit.dwell_s, 3),
        "direction": visit.direction,
        **world,
    }
