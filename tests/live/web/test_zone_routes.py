"""Zones and lines through the API: drawn, refused with a sentence, told in the state and to Prometheus."""

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from reid.zone_config import ZoneConfig
from reid.zones.counts import ZoneCounts, ZoneNow
from tests.live.web.page_site import ASKS, filled, serving

CORNERS = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]
DESK = ZoneConfig(name="desk", purpose="dwell", polygon=((0.1, 0.1), (0.9, 0.1), (0.9, 0.9)))
GATE = ZoneConfig(name="gate", purpose="count", line=((0.5, 0.0), (0.5, 1.0)))
SHELF = ZoneConfig(name="shelf", purpose="ignore", polygon=DESK.polygon)


def test_zones_are_added_and_removed() -> None:
    with serving() as site:
        body = {"name": " the  desk ", "purpose": "dwell", "polygon": CORNERS}
        assert site.client.post("/api/cameras/door/zones", json=body, headers=ASKS).status_code == 204
        assert site.client.delete("/api/cameras/door/zones/a%20b", headers=ASKS).status_code == 204
        zone = ZoneConfig(name="the desk", purpose="dwell", polygon=DESK.polygon)
        assert site.control.asked == [("add zone", "door", zone), ("remove zone", "door", "a b")]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"polygon": CORNERS[:2]}, "'desk': a polygon needs at least 3 different points, and has 2"),
        (
            {"polygon": [CORNERS[0], CORNERS[2], [0.9, 0.1], [0.1, 0.9]]},
            "'desk': the polygon crosses or touches itself; draw its corners in order, around the zone",
        ),
        ({"polygon": [*CORNERS, [320, 180]]}, "'desk': the point (320, 180) is outside the frame"),
        ({"name": "\u202ex", "polygon": CORNERS}, "name is '\\u202ex': must be a name of plain characters"),
        ({}, "'desk': needs either a polygon (a zone) or a line"),
        ({"purpose": "watch", "polygon": CORNERS}, "purpose: Input should be 'ignore', 'count' or 'dwell'"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(body: dict[str, Any], sentence: str) -> None:
    with serving() as site:
        whole = {"name": "desk", "purpose": "count"} | body
        answer = site.client.post("/api/cameras/door/zones", json=whole, headers=ASKS)
        assert answer.status_code == 400
        assert answer.json()["error"].startswith(sentence)
        assert site.control.asked == []


def test_state_and_metrics_tell_what_happened() -> None:
    site_state = filled()
    counts = ZoneCounts(entries=7, stays=4, dwell_s=10.0, crossed_in=3, crossed_out=2)
    site_state.set_zones(
        [
            ZoneNow(camera_id="door", zone=zone, fixed=zone is GATE, people=people, counts=counts)
            for zone, people in ((DESK, 3), (GATE, 0), (SHELF, 0))
        ]
    )
    with serving(site_state=site_state) as site:
        door, hall = site.client.get("/api/state").json()["cameras"]
        families = list(text_string_to_metric_families(site.client.get("/metrics").text))
    assert hall["zones"] == []
    assert door["zones"][0] == {
        "name": "desk", "purpose": "dwell", "polygon": CORNERS, "line": [], "fixed": False, "people": 3,
        "entries": 7, "dwell_mean_s": 2.5, "crossed_in": 3, "crossed_out": 2,
    }  # fmt: skip
    assert [one["fixed"] for one in door["zones"]] == [False, True, False]
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
        if family.name.startswith(("reid_zone", "reid_line"))
    }
    assert found == {
        ("reid_zone_people", "door", "desk"): 3,
        ("reid_zone_entries_total", "door", "desk"): 7,
        ("reid_zone_dwell_seconds_count", "door", "desk"): 4,
        ("reid_zone_dwell_seconds_sum", "door", "desk"): 10,
        ("reid_line_crossings_total", "door", "in", "gate"): 3,
        ("reid_line_crossings_total", "door", "out", "gate"): 2,
    }
