"""Things that never move in the report."""

from pathlib import Path

import numpy as np

from reid.outputs.report import write_report
from reid.outputs.thumbnails import data_uri
from reid.types import THING_TEMPLATE, StaticThing
from tests.outputs.report_page import Page, written
from tests.outputs.scenes import Scene, demo_scene, jpeg


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
