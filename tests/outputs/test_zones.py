"""zones.csv, and what run.json says of zones and lines."""

import csv
from pathlib import Path

import numpy as np

from reid.outputs.mot import CameraTracks
from reid.outputs.zones import write_zones, zone_facts, zone_visits
from reid.wall_clock import WallClock
from reid.zone_config import ZoneConfig
from reid.zones.shapes import CameraShapes

SIZE = (200, 100)
DESK = ZoneConfig(name="desk", purpose="dwell", polygon=((0.25, 0.5), (0.75, 0.5), (0.75, 1), (0.25, 1)))
DOOR = ZoneConfig(name="door", purpose="count", line=((0.9, 0.0), (0.9, 1.0)))
SHELF = ZoneConfig(name="shelf", purpose="ignore", polygon=DESK.polygon)


def tracks(ways: dict[int, dict[float, float]]) -> CameraTracks:
    """Feet at y = 80, by person: x by second."""
    rows = sorted((at_s, person, x) for person, way in ways.items() for at_s, x in way.items())
    at_s = np.array([row[0] for row in rows])
    x = np.array([row[2] for row in rows], dtype=np.float32)
    boxes = np.stack([x - 5, np.full_like(x, 40), x + 5, np.full_like(x, 80)], axis=1)
    return CameraTracks(
        frames=(10 * at_s).astype(np.int64),
        person_ids=np.array([row[1] for row in rows]),
        times_s=at_s,
        boxes=boxes,
        scores=np.ones(len(rows), dtype=np.float32),
        interpolated=np.zeros(len(rows), dtype=bool),
        track_ids=np.ones(len(rows), dtype=np.int64),
    )


SHAPES = {"lobby": CameraShapes([DESK, DOOR, SHELF], SIZE), "yard": CameraShapes([DOOR], SIZE)}
WAYS = {
    1: {0: 10, 1: 100, 2: 110, 3: 195},  # through the desk and out of the door
    2: {1: 195, 2: 100, 3: 100, 4: 100},  # in by the door, to the desk, and last seen there
    3: {0: 100, 1: 100, 5: 100, 6: 100},  # out of view for 4 s
}


def test_stays_and_crossings_are_by_person() -> None:
    found = zone_visits({"lobby": tracks(WAYS), "street": tracks({})}, SHAPES, gap_s=2.0)
    rows = [(one.zone, one.person_id, one.start_s, one.end_s, one.dwell_s, one.direction) for one in found]
    assert rows == [
        ("desk", 3, 0, 1, 1, None),
        ("desk", 1, 1, 3, 2, None),
        ("desk", 2, 2, 4, 2, None),
        ("desk", 3, 5, 6, 1, None),
        ("door", 2, 2, None, None, "in"),
        ("door", 1, 3, None, None, "out"),
    ]
    assert zone_facts(found, SHAPES) == [
        {"camera": "lobby", "zone": "desk", "purpose": "dwell", "people": 3, "entries": 4, "most_at_once": 2}
        | {"dwell_median_s": 1.5, "dwell_longest_s": 2},
        {"camera": "lobby", "zone": "door", "purpose": "count", "people": 2, "in": 1, "out": 1},
        {"camera": "yard", "zone": "door", "purpose": "count", "people": 0, "in": 0, "out": 0},
    ]


def test_an_empty_zone_has_no_dwell() -> None:
    facts = zone_facts([], {"lobby": CameraShapes([DESK], SIZE)})[0]
    assert (facts["entries"], facts["most_at_once"], facts["dwell_median_s"]) == (0, 0, None)


def test_the_table_says_times_in_the_world_where_they_are_known(tmp_path: Path) -> None:
    found = zone_visits({"lobby": tracks(WAYS)}, SHAPES, gap_s=2.0)
    write_zones(tmp_path / "zones.csv", found, WallClock(zero_s=0.0, zone="UTC"))
    with (tmp_path / "zones.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert rows[1] == {
        "camera": "lobby", "zone": "desk", "purpose": "dwell", "person_id": "1", "person": "P0001",
        "start_s": "1", "end_s": "3", "dwell_s": "2", "direction": "",
        "start_at": "1970-01-01T00:00:01.000+00:00", "end_at": "1970-01-01T00:00:03.000+00:00",
    }  # fmt: skip
    assert (rows[4]["direction"], rows[4]["end_s"], rows[4]["end_at"]) == ("in", "", "")
    write_zones(tmp_path / "zones.csv", [])
    assert (tmp_path / "zones.csv").read_text().count("\n") == 1
