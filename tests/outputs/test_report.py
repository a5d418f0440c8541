"""The report: one page that opens offline and shows all people, whatever they are called."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reid.outputs.thumbnails import data_uri
from reid.outputs.timeline import axis, clock, duration
from reid.types import Match
from reid.video.draw import person_colour_hex
from tests.outputs.report_page import HOSTILE, page, written
from tests.outputs.scenes import Scene, demo_scene, identities, jpeg, match, tracklet


@pytest.mark.slow
def test_the_demo_report_shows_everybody(tmp_path: Path) -> None:
    scene = demo_scene()
    report = page(tmp_path, scene)
    assert report.unpaired == []
    cards = report.classed("card")
    assert sorted(str(card["id"]) for card in cards) == [f"P000{n}" for n in range(1, 9)]
    assert [f"#{card['id']}" for card in cards] == [row["href"] for row in report.classed("row")]
    assert cards[0]["style"] == f"--p:{person_colour_hex(int(str(cards[0]['id'])[1:]))}"
    assert len(report.classed("badge")) == 8
    assert len([b for b in report.classed("known") if b]) == 2
    identified = [m for m in scene.matches if m.person_id is not None]
    assert len(report.having("rect", "data-camera")) == len(identified)
    for text in (
        "0.340",
        "osnet_x1_0",
        "FPR 0.1 %",
        "22.7 frames per second",
        "1 min 11 s",
        "540 of 545 frames",
    ):
        assert text in report.text
    assert "P0003 in cam1" in report.text


@pytest.mark.slow
def test_nothing_is_fetched(tmp_path: Path) -> None:
    report = page(tmp_path, demo_scene())
    addresses = [
        attrs[name] or ""
        for _, attrs in report.elements
        for name in ("src", "href", "xlink:href", "srcset", "action", "poster", "data", "background")
        if name in attrs
    ]
    assert len(addresses) > 200
    assert all(re.match(r"data:|#[\w]+$", address) for address in addresses)
    without_images = re.sub(r"data:image/jpeg;base64,[\w+/=]*", "", report.html)
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttp|WebSocket|import\(", without_images)
    ids = set(report.having("section", "id") + report.having("article", "id"))
    assert {a[1:] for a in addresses if a.startswith("#")} <= ids


def test_the_table_of_cameras_names_their_files(tmp_path: Path) -> None:
    scene = demo_scene()
    scene.run["cameras"]["cam2"]["files"] = [{"file": f"nights/{n}.mp4", "begins_s": None} for n in range(3)]
    del scene.run["cameras"]["cam3"]["files"]  # as written before files were kept
    report = page(tmp_path, scene)
    assert re.findall(r'<td class="path">([^<]*)', report.html) == [
        "/media/atrium/cam1.mp4",
        "nights/0.mp4 and 2 more",
        "",
    ]


@pytest.mark.parametrize("known_to_the_run", [False, True])
def test_hostile_names_stay_text(tmp_path: Path, known_to_the_run: bool) -> None:
    items = [
        tracklet(HOSTILE, 1, range(20), crops=[jpeg()]),
        tracklet("b", 1, range(20), crops=[b"no image"]),
    ]
    facts = {"files": [{"file": HOSTILE, "begins_s": None}], "duration_s": 2.0}
    run = {
        "warnings": [HOSTILE],
        "encoder_id": HOSTILE,
        "started": HOSTILE,
        "threshold": {"max_distance": 0.3, "source": HOSTILE},
        "config": {HOSTILE: HOSTILE},
        "cameras": {HOSTILE: facts} if known_to_the_run else {},
    }
    matches = [match(items[0], 1, 0.1, 2), match(items[1], 1, 0.1)]  # nobody was given to person 2
    report = page(tmp_path, Scene(items, matches, identities(items, matches), run))
    assert report.unpaired == []
    assert len([tag for tag, _ in report.elements if tag == "script"]) == 1
    assert report.text.count(HOSTILE) > 5
    assert f"p0001 new {HOSTILE.lower()}" in [" ".join(v.split()[:2]) + " " + " ".join(v.split()[2:-1])
                                              for v in report.having("article", "data-find")]  # fmt: skip


def test_zero_people_and_an_empty_run_are_friendly_pages(tmp_path: Path) -> None:
    report = page(tmp_path, Scene([], [], [], {}))
    assert report.unpaired == []
    assert "No person was identified" in report.text
    assert not report.classed("row")
    lost = [tracklet("a", n, range(5), crops=[jpeg(n)] if n else []) for n in range(3)]
    report = page(tmp_path, Scene(lost, [match(lost[0], None, 0.7, None)], [], {"cameras": {"a": None}}))
    assert "3 tracks were seen" in report.text
    assert "Unidentified" in report.text
    assert len(report.classed("none")) == 1


def test_writing_twice_is_writing_once(tmp_path: Path) -> None:
    assert page(tmp_path, demo_scene()).html == page(tmp_path, demo_scene()).html


def large(people: int, tracklets: int, cameras: int) -> Scene:
    rng = np.random.default_rng(0)
    jpegs = [jpeg(n, 220, 90) for n in range(30)]
    items, matches = [], []
    for number in range(tracklets):
        start = int(rng.integers(0, 36000))
        frames = range(start, start + int(rng.integers(5, 200)))
        crops = [jpegs[n] for n in rng.integers(0, 30, 4)]
        items.append(tracklet(f"camera {number % cameras}", number, frames, crops=crops))
        person = None if number % 20 == 19 else number % people + 1
        matches.append(match(items[-1], person, float(rng.random() / 3), int(rng.integers(1, people + 1))))
    return Scene(items, matches, identities(items, matches), {"run_key": "x"})


@pytest.mark.slow
def test_five_hundred_people_stay_a_light_page(tmp_path: Path) -> None:
    html = written(tmp_path, large(500, 5000, 12))
    assert len(html) < 30e6
    assert html.count('class="card"') == 475  # the 25 others have unidentified tracklets only
    assert html.count('class="link ') == 200
    assert "Shown: 200 of 4750; the other 4550 are in <code>tracklets.csv" in html
    assert "Shown: the 200 longest of 250" in html


def test_the_axis_begins_on_a_round_mark_and_holds_everything() -> None:
    for start, end in ((0, 3), (7, 11), (0, 45), (95, 130), (1000, 9000), (3, 400000), (5, 6), (0, 1)):
        items = [tracklet("a", 1, range(start * 10, end * 10))]
        made = axis(items)
        assert made.percent(items[0].start_s) >= 0
        assert made.percent(items[0].end_s) <= 100
        assert 1 <= len(made.ticks) <= 12
        assert made.percent(made.ticks[0]) == 0
        np.testing.assert_allclose(
            np.asarray(made.ticks) / made.step_s, np.round(np.asarray(made.ticks) / made.step_s)
        )
    assert axis([]).ticks


def test_times_read_as_times() -> None:
    times = (0, 65.25, 59.96, 3661.4, -2.5, -0.01)
    assert [clock(t) for t in times] == ["0:00.0", "1:05.2", "1:00.0", "1:01:01", "-0:02.5", "0:00.0"]
    assert [duration(t) for t in (4.2, 59.99, 200, 7500)] == [
        "4.2 s",
        "1 min 00 s",
        "3 min 20 s",
        "2 h 05 min",
    ]


def test_thumbnails_are_small_and_bad_images_are_none() -> None:
    assert data_uri(b"", 100) is None
    assert data_uri(b"not an image", 100) is None
    assert len(str(data_uri(jpeg(1, 900, 400), 160))) < 12_000
    assert str(data_uri(jpeg(1, 10, 5), 160)).startswith("data:image/jpeg;base64,")


def test_every_match_is_optional(tmp_path: Path) -> None:
    items = [tracklet("a", 1, range(20))]
    stray = Match(tracklet=tracklet("z", 9, [0]).key, person_id=1, distance=0.1, runner_up_id=None,
                  runner_up_distance=None)  # fmt: skip
    run: dict[str, Any] = {"threshold": None, "cameras": None, "warnings": None, "stages_s": {"a": 0.0}}
    report = page(tmp_path, Scene(items, [stray], [], run))
    assert "1 track was seen" in report.text
