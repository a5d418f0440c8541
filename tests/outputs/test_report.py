import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reid.outputs.report import write_report
from reid.outputs.thumbnails import data_uri
from reid.outputs.timeline import axis, clock, duration
from reid.types import THING_TEMPLATE, Match, StaticThing, Tracklet
from reid.video.draw import person_colour_hex
from tests.outputs.scenes import Scene, demo_run, demo_scene, identities, jpeg, match, tracklet

VOID = {"meta", "link", "img", "br", "input"}
OPTIONAL = {"td", "th", "tr", "li"}  # may be left open
HOSTILE = "<b>&\"'</script><script>alert(1)</script>{{ 7 * 7 }}"


@dataclass
class Page(HTMLParser):
    """What a browser would see: elements with attributes, text, and tags that do not pair up."""

    html: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    unpaired: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.feed(self.html)
        self.close()
        self.unpaired += self.stack

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID | OPTIONAL:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in OPTIONAL and (not self.stack or self.stack.pop() != tag):
            self.unpaired.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def having(self, tag: str, name: str) -> list[str]:
        return [attrs.get(name) or "" for got, attrs in self.elements if got == tag and name in attrs]

    def classed(self, name: str) -> list[dict[str, str | None]]:
        return [attrs for _, attrs in self.elements if name in (attrs.get("class") or "").split()]


def written(tmp_path: Path, scene: Scene) -> str:
    path = tmp_path / "report.html"
    write_report(
        path,
        run=scene.run,
        tracklets=scene.tracklets,
        matches=scene.matches,
        identities=scene.identities,
        join_gap_s=2.0,
    )
    return path.read_text(encoding="utf-8")


def page(tmp_path: Path, scene: Scene) -> Page:
    return Page(written(tmp_path, scene))


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


def calibrated(scene: Scene, **changes: Any) -> Scene:
    """The same run with a calibration that has curves and a probability map."""
    steps = np.arange(0, 2.01, 0.05)
    calibration = {
        "data_set": "crops & co",
        "operating_point": "max-f1 (0.9), sites of 24 people",
        "max_distance": 0.34,
        "genuine_rate": 0.934,
        "impostor_rate": 0.0021,
        "people": 24,
        "camera_pairs": {"cam1-cam2": 0.41},
        "curves": {
            "distance": steps.tolist(),
            "genuine_rate": np.clip(steps / 0.6, 0, 1).tolist(),
            "impostor_rate": np.clip((steps - 0.5) / 0.7, 0, 1).tolist(),
        },
    }
    threshold = {"max_distance": 0.34, "source": "calibration", "calibration": calibration | changes}
    matches = [
        replace(m, probability=None if m.distance is None else max(0.0, 1 - 2 * m.distance))
        for m in scene.matches
    ]
    return replace(scene, run=scene.run | {"threshold": threshold}, matches=matches)


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


def thing(camera: str, detections: int, first_s: float = 1.0) -> StaticThing:
    return StaticThing(
        camera_id=camera,
        box=np.array([10, 20, 60, 120], dtype=np.float32),
        first_s=first_s,
        last_s=first_s + 40,
        detections=detections,
        template=np.zeros(THING_TEMPLATE, dtype=np.float32),
        crop=jpeg(detections),
    )


def test_things_that_were_left_out_are_shown(tmp_path: Path) -> None:
    scene, path = demo_scene(), tmp_path / "report.html"
    things = [thing("cam1", 30), thing("attic", 7), thing("cam1", 90, 5.5)]
    write_report(
        path,
        run=scene.run,
        tracklets=scene.tracklets,
        matches=scene.matches,
        identities=scene.identities,
        join_gap_s=2.0,
        things=things,
    )
    html = path.read_text(encoding="utf-8")
    page = Page(html)
    assert not page.unpaired
    part = Page(html.partition('<section id="things">')[2].partition("</section>")[0])
    assert [attrs["data-find"] for tag, attrs in part.elements if tag == "figure"] == [
        "left out cam1",
        "left out cam1",
        "left out attic",
    ], "by camera, those detected most often first; a camera without a tracklet has its place"
    assert "since 0:05.5, last 0:45.5" in part.text
    assert [count for count in ("90", "30", "7") if f"{count} detections" in part.text] == ["90", "30", "7"]
    assert part.having("img", "src")[0] == data_uri(jpeg(90), 110)
    assert "#things" in page.having("a", "href")


def test_without_such_things_the_report_says_nothing_of_them(tmp_path: Path) -> None:
    assert "Left out" not in written(tmp_path, demo_scene())
    none = Scene([], [], [], {})
    write_report(
        tmp_path / "none.html", run=none.run, tracklets=[], matches=[], identities=[], join_gap_s=2.0,
        things=[thing("attic", 7)],
    )  # fmt: skip
    page = Page((tmp_path / "none.html").read_text(encoding="utf-8"))
    assert "1 camera" in page.text
    assert "7 detections" in page.text, "also where nobody was seen"
