"""The threshold in the report: where it lies, where it comes from, what it costs."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.outputs.report_page import calibrated, page
from tests.outputs.scenes import demo_scene


def test_the_threshold_is_explained(tmp_path: Path) -> None:
    scene = calibrated(demo_scene())
    report = page(tmp_path, scene)
    assert report.unpaired == []
    for text in (
        "Calibrated on crops & co",
        "max-f1 (0.9)",
        "93.4\xa0%",
        "0.21\xa0%",
        "cam1-cam2 0.410",
        "site of 24 people",
    ):
        assert text in report.text
    assert len(report.having("polygon", "points")) == 2
    links = [m for m in scene.matches if m.person_id is not None and m.distance is not None]
    ticks = [tick for tick in report.classed("tick") if "faint" not in str(tick["class"])]
    assert len(ticks) == len(links)
    limit = next(line for line in report.classed("limit") if line.get("y1") == "-4")
    at, threshold = float(str(limit["x1"])), 0.34
    for link, tick in zip(links, ticks, strict=True):
        assert link.distance is not None
        assert float(str(tick["x1"])) == pytest.approx(at * link.distance / threshold, abs=1)
    assert report.text.count("under 1\xa0%") == 0
    assert f"{100 * max(0.0, 1 - 2 * float(links[0].distance or 0)):.0f}\xa0%" in report.text


def test_rates_to_expect_are_told(tmp_path: Path) -> None:
    scene = calibrated(demo_scene())
    expected = {
        "people": 8,
        "distance": 0.34,
        "sites": {"campus": 1, "worlds": 64},
        "false_match": (0.0026, 0.0, 0.015),
        "false_non_match": (0.074, 0.0, 0.417),
    }
    known = scene.run["threshold"] | {"expected": expected}
    text = page(tmp_path, replace(scene, run=scene.run | {"threshold": known})).text
    assert "of 8 people whom the calibration has not seen, 0.26\xa0% (0\xa0% to 1.5\xa0%)" in text
    assert "7.4\xa0% (0\xa0% to 41.7\xa0%) of the pairs of one person beyond it" in text
    assert "65 labelled sites of 2 data sets" in text
    assert "to be expected" not in page(tmp_path, scene).text


def test_a_threshold_set_by_hand_is_told_from_the_calibrations(tmp_path: Path) -> None:
    text = page(tmp_path, calibrated(demo_scene(), max_distance=0.5, camera_pairs={})).text
    assert "set by hand (calibration); the calibration says 0.500" in text
    assert "distance of their own" not in text


def test_without_a_map_no_probability_is_shown(tmp_path: Path) -> None:
    report = page(tmp_path, demo_scene())
    assert "One person" not in report.text
    assert "how likely" not in report.text
    assert not report.having("polygon", "points")
    assert "The threshold" in report.text
    known = calibrated(demo_scene(), curves=None)
    assert not page(tmp_path, known).having("polygon", "points")
    assert page(tmp_path, replace(known, matches=[], tracklets=[])).unpaired == []
