"""The links in the report: the least certain first, and why each was made."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reid.types import Match, Tracklet
from tests.outputs.report_page import Page, calibrated, page
from tests.outputs.scenes import Scene, demo_run, demo_scene, identities, jpeg, tracklet


@pytest.mark.slow
def test_links_come_by_doubt(tmp_path: Path) -> None:
    scene = demo_scene()
    report = page(tmp_path, scene)
    shown = [float(x) for x in re.findall(r"<b>(-?\d\.\d{3})</b> margin", report.html)]
    want = sorted(m.margin for m in scene.matches if m.person_id is not None and m.margin is not None)
    np.testing.assert_allclose(shown, want, atol=6e-4)
    verdicts = [str(link["class"]).split()[1] for link in report.classed("link")]
    assert verdicts == ["doubtful" if m < 0.05 else "unsure" if m < 0.12 else "clear" for m in want]


def decided(
    number: int, probability: float | None, margin: float | None, distance: float | None = 0.2, **more: Any
) -> tuple[Tracklet, Match]:
    """A link that is seen at `number`, to one of two people in turn."""
    item = tracklet("a", number, range(100 * number, 100 * number + 20), crops=[jpeg(number)])
    runner_up = None if margin is None or distance is None else distance + margin
    return item, Match(
        tracklet=item.key,
        person_id=1 + number % 2,
        distance=distance,
        runner_up_id=None if runner_up is None else 2 - number % 2,
        runner_up_distance=runner_up,
        probability=probability,
        **more,
    )


def shown_of(tmp_path: Path, *links: tuple[Tracklet, Match]) -> tuple[list[tuple[str, str]], Page]:
    """Track number and verdict of the page's links, in order."""
    items, matches = [item for item, _ in links], [made for _, made in links]
    scene = calibrated(Scene(items, matches, identities(items, matches), demo_run()))
    report = page(tmp_path, replace(scene, matches=matches))
    verdicts = [str(link["class"]).split()[1] for link in report.classed("link")]
    return list(zip(re.findall(r"<small>track (\d+)</small>", report.html), verdicts, strict=True)), report


def test_an_unlikely_link_is_never_clear(tmp_path: Path) -> None:
    """Probability first, margin second: 4 % with nobody else near was green and last."""
    found, _ = shown_of(
        tmp_path,
        decided(1, 0.99, 0.4),
        decided(2, 0.04, 0.4),
        decided(3, 0.99, 0.02),
        decided(4, 0.8, 0.4),
        decided(5, 0.04, None),
        decided(6, 0.97, 0.08),
        decided(7, 0.98, None),
        decided(8, 0.3, 0.01),
    )
    assert found == [
        ("8", "doubtful"),
        ("2", "doubtful"),
        ("5", "doubtful"),
        ("4", "unsure"),
        ("3", "doubtful"),
        ("6", "unsure"),
        ("7", "clear"),
        ("1", "clear"),
    ]


def test_a_link_beyond_the_threshold_says_why_it_was_made(tmp_path: Path) -> None:
    _, report = shown_of(
        tmp_path,
        decided(1, 0.5, 0.4, 0.34),
        decided(2, 0.5, 0.4, 0.36),
        decided(3, 0.5, 0.4, 0.41, fragment=True),
        decided(4, 0.5, 0.4, 0.2, fragment=True),
    )
    reasons = re.findall(r"Beyond the threshold: ([^:]+):", report.text)
    assert sorted(reasons) == ["a fragment (1.9 s)", "joined by means"]


def test_a_sighting_shows_its_least_certain_link(tmp_path: Path) -> None:
    """Two tracks of one person, a second apart: 4 % counts, though the other's margin is smaller."""
    sure, item = decided(1, 0.99, 0.13), tracklet("a", 2, range(125, 140), crops=[jpeg(2)])
    unlikely = replace(decided(2, 0.04, 0.4, 0.33)[1], tracklet=item.key, person_id=2, runner_up_id=1)
    _, report = shown_of(tmp_path, sure, (item, unlikely))
    (row,) = re.findall(r"<tr data-find.*?</tr>", report.html)
    assert '<span class="doubtful">4&nbsp;%</span>' in row
    assert '<td class="n">0.330' in row
    assert '<span class="doubtful">0.400</span>' in row
