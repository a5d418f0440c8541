"""Ways of people through zones and over lines, against slow versions and by hand."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.types import Array
from reid.zone_config import ZoneConfig
from reid.zones.passage import SETTLE_S, Passage, ZoneStep
from reid.zones.shapes import MARGIN, CameraShapes, feet_of
from tests.zones import reference

SIZE = (200, 100)
TALL = 40.0  # a margin of 2 pixels
SQUARE = [(0.25, 0.5), (0.75, 0.5), (0.75, 0.9), (0.25, 0.9)]  # 50 to 150, 50 to 90 in pixels
ACROSS = [(0.5, 0.2), (0.5, 0.8)]  # downwards at x = 100: its right-hand side is the left of the frame


def shapes(**zone: Any) -> CameraShapes:
    return CameraShapes([ZoneConfig(**{"name": "it", "purpose": "count"} | zone)], SIZE)


def boxes(feet: Sequence[tuple[float, float]]) -> Array:
    return np.array([[x - 5, y - TALL, x + 5, y] for x, y in feet], dtype=np.float32)


def walk(camera: CameraShapes, feet: Sequence[tuple[float, float]], *, end: bool = True) -> list[ZoneStep]:
    """What is told of a person with these feet, one a second."""
    positions, passage = camera.positions(boxes(feet)), Passage()
    found = [step for row in range(len(feet)) for step in passage.step(camera, float(row), positions, row)]
    return found + (passage.finish() if end else [])


def told(steps: Sequence[ZoneStep]) -> list[tuple[object, ...]]:
    return [(one.step, one.at_s, one.direction or one.dwell_s) for one in steps]


def test_entering_and_leaving_are_told_at_the_edge() -> None:
    feet = [(20, 70), (49, 70), (51, 70), (80, 70), (149, 70), (151, 70), (190, 70)]
    assert told(walk(shapes(polygon=SQUARE), feet)) == [("entered", 2, None), ("left", 5, 3)]


def test_who_goes_out_of_view_in_a_zone_has_left_it_then() -> None:
    assert told(walk(shapes(polygon=SQUARE), [(80, 70)] * 4)) == [("entered", 0, None), ("left", 3, 3)]
    assert told(walk(shapes(polygon=SQUARE), [(80, 70)] * 4, end=False)) == [("entered", 0, None)]


def test_a_foot_that_trembles_at_the_edge_is_counted_once() -> None:
    trembling = [(50 + 1.5 * (-1) ** i, 70) for i in range(50)]
    feet = [(20, 70), *trembling, (80, 70), *trembling, (20, 70)]
    assert [one.step for one in walk(shapes(polygon=SQUARE), feet)] == ["entered", "left"]
    assert [one.step for one in walk(shapes(polygon=SQUARE), [(20, 70), *trembling, (20, 70)])] == []


def test_a_foot_that_trembles_on_a_line_is_counted_once() -> None:
    trembling = [(100 + 1.5 * (-1) ** i, 50) for i in range(51)]
    assert told(walk(shapes(line=ACROSS), [(120, 50), *trembling, (80, 50)])) == [("crossed", 52, "in")]
    assert walk(shapes(line=ACROSS), [(120, 50), *trembling, (120, 50)]) == []
    # the moment is that of the last crossing, not of the margin
    assert told(walk(shapes(line=ACROSS), [(80, 50), (99, 50), (101, 50), (101, 50), (120, 50)])) == [
        ("crossed", 2, "out")
    ]


def test_way_around_the_end_of_a_line_is_no_crossing() -> None:
    assert walk(shapes(line=ACROSS), [(80, 50), (80, 95), (120, 95), (120, 50)]) == []


def test_crossing_a_bent_line_counts_once() -> None:
    bent = [(0.5, 0.2), (0.5, 0.5), (0.8, 0.5)]
    assert [one.direction for one in walk(shapes(line=bent), [(60, 45), (140, 45)])] == ["out"]
    assert [one.direction for one in walk(shapes(line=bent), [(99, 70), (121, 30)])] == [
        "out"
    ]  # near the bend
    into_the_corner = [(90, 45), (110, 45), (110, 70), (90, 70)]
    assert [one.direction for one in walk(shapes(line=bent), into_the_corner)] == ["out", "in"]


@pytest.mark.parametrize("y", [99.0, 100.0, 130.0])
def test_lines_and_zones_reach_over_the_border(y: float) -> None:
    """Boxes end at the frame's border, or beyond it: the foot is taken to be at the border."""
    to_border = shapes(line=[(0.5, 0.2), (0.5, 0.995)])
    assert [one.direction for one in walk(to_border, [(80, y), (120, y)])] == ["out"]
    below = shapes(polygon=[(0.25, 0.5), (0.75, 0.5), (0.75, 1.0), (0.25, 1.0)])
    assert [one.step for one in walk(below, [(100, 20), (100, 70), (100, y)], end=False)] == ["entered"]
    assert not any(camera.kept(boxes([(100, y)]))[0] for camera in [shapes(purpose="ignore", polygon=[
        (0.25, 0.5), (0.75, 0.5), (0.75, 1.0), (0.25, 1.0)])])  # fmt: skip


def test_narrow_zones_are_entered() -> None:
    """No point of it is farther than the margin from its edge."""
    narrow = shapes(polygon=[(0.49, 0.1), (0.51, 0.1), (0.51, 0.9), (0.49, 0.9)])
    tall = np.array([[x - 5, -200, x + 5, 50] for x in (80, 100, 120, 130)], dtype=np.float32)
    positions, passage = narrow.positions(tall), Passage()
    steps = [step.step for row in range(4) for step in passage.step(narrow, float(row), positions, row)]
    assert steps == ["entered", "left"]


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_stays_are_those_of_the_slow_version(inside: list[bool]) -> None:
    """Feet that are clearly in or out, ten times a second: interruptions are bridged, then short stays left out."""
    camera, passage = shapes(polygon=SQUARE), Passage()
    positions = camera.positions(boxes([(100 if one else 20, 70) for one in inside]))
    times = [row / 10 for row in range(len(inside))]
    steps = [step for row, at_s in enumerate(times) for step in passage.step(camera, at_s, positions, row)]
    found = [(one.entered_s, one.at_s) for one in [*steps, *passage.finish()] if one.step == "left"]
    assert found == reference.stays(inside, times, least_s=SETTLE_S)
    assert [one.step for one in steps].count("entered") == len(found)


def test_the_whole_frame_is_a_zone() -> None:
    whole = shapes(polygon=[(0, 0), (1, 0), (1, 1), (0, 1)])
    assert told(walk(whole, [(0, 0), (100, 50), (200, 100)])) == [("entered", 0, None), ("left", 2, 2)]


def test_ignored_people_are_those_with_feet_in_the_zone() -> None:
    camera = shapes(purpose="ignore", polygon=SQUARE)
    assert camera.kept(boxes([(100, 70), (20, 70), (100, 95), (100, 49)])).tolist() == [
        False,
        True,
        True,
        True,
    ]
    assert camera.shapes == []
    assert camera.kept(boxes([(1, 1)])[:0]).shape == (0,)


def test_a_zone_that_is_removed_is_forgotten() -> None:
    camera, passage = shapes(polygon=SQUARE), Passage()
    for at_s in (0.0, 1.0):
        passage.step(camera, at_s, camera.positions(boxes([(100, 70)])), 0)
    assert passage.inside() == {"it"}
    passage.drop(["it"])
    assert passage.inside() == set()
    assert passage.finish() == []


coordinate = st.floats(0, 1).map(lambda value: round(value, 3))


@given(corners=st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=7), seed=st.integers(0, 99))
def test_inside_is_what_ray_casting_says(corners: list[tuple[float, float]], seed: int) -> None:
    try:
        zone = ZoneConfig(name="it", purpose="ignore", polygon=tuple(corners))
    except ValueError:
        return
    camera = CameraShapes([zone], (1000, 1000))
    at = np.random.default_rng(seed).uniform(20, 980, (50, 2))
    made = np.column_stack([at[:, 0], at[:, 1] - 9, at[:, 0], at[:, 1]]).astype(np.float32)
    pixels = [(1000 * x, 1000 * y) for x, y in zone.polygon]
    on_border = any(value < 0.01 or value > 0.99 for corner in corners for value in corner)
    if not on_border:  # corners near the border are moved onto it
        expected = [not reference.inside(pixels, *foot) for foot in feet_of(made, (1000, 1000)).tolist()]
        assert camera.kept(made).tolist() == expected


@given(seed=st.integers(0, 10_000))
def test_crossings_are_those_of_the_slow_version(seed: int) -> None:
    """Steps of many margins, and ends far from the line: then net crossings are all crossings."""
    rng = np.random.default_rng(seed)
    line = [tuple(point) for point in rng.uniform(0.1, 0.9, (2, 2)).round(3).tolist()]
    feet = [tuple(point) for point in rng.uniform(0, 1000, (30, 2)).tolist()]
    camera = CameraShapes([ZoneConfig(name="it", purpose="count", line=tuple(line))], (1000, 1000))
    made = np.array([[x, y - 1, x, y] for x, y in feet], dtype=np.float32)
    positions, passage = camera.positions(made), Passage()
    steps = [step for row in range(30) for step in passage.step(camera, float(row), positions, row)]
    found = [one.direction for one in steps].count("in"), [one.direction for one in steps].count("out")
    exact = feet_of(made, (1000, 1000)).tolist()
    assert found == reference.crossings([(1000 * x, 1000 * y) for x, y in line], exact)


def test_the_margin_is_a_share_of_the_height() -> None:
    camera = shapes(polygon=SQUARE)
    near = camera.positions(boxes([(50 + TALL * MARGIN - 0.1, 70), (50 + TALL * MARGIN + 0.1, 70)]))
    assert near.clear[:, 0].tolist() == [False, True]
