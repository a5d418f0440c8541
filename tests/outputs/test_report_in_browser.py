"""The report in a browser: its scripts run, its filters filter, and all of it can be read."""

from pathlib import Path

import pytest

from reid.outputs.report import write_report
from tests.outputs.scenes import demo_scene
from tests.outputs.test_report_things import thing
from tests.web.browser import LOOKS, chromium, expect, opened


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_filters_and_can_be_read(tmp_path: Path, scheme: str) -> None:
    scene, path = demo_scene(), tmp_path / "report.html"
    write_report(
        path,
        run=scene.run,
        tracklets=scene.tracklets,
        matches=scene.matches,
        identities=scene.identities,
        join_gap_s=2.0,
        things=[thing("cam1", 30), thing("cam2", 7)],
    )
    with (
        chromium() as browser,
        opened(browser, path.as_uri(), color_scheme=scheme, viewport={"width": 390, "height": 844}) as (
            page,
            _,
        ),
    ):
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert [fault for fault in page.evaluate(LOOKS, [False]) if fault.startswith("contrast")] == []
        for name in page.locator("#table tbody tr").first.locator(".chip, .cam").all():
            box = name.bounding_box()
            assert box is not None
            assert box["height"] < 30, "a name in one line"
        link = page.locator(".link", has=page.locator(".scale")).first
        link.scroll_into_view_if_needed()
        card, scale = link.bounding_box(), link.locator(".scale").bounding_box()
        assert card is not None
        assert scale is not None
        assert scale["x"] + scale["width"] <= card["x"] + card["width"]
        bar = page.locator("nav").bounding_box()
        assert bar is not None
        assert bar["height"] <= 90
        figures = page.locator("#things figure")
        page.locator("#cameras").get_by_role("button", name="cam2").click()
        expect(figures.filter(has_text="cam1")).to_be_hidden()
        expect(figures.filter(has_text="cam2")).to_be_visible()
        page.locator("#cameras").get_by_role("button", name="cam2").click()
        expect(figures.filter(has_text="cam1")).to_be_visible()
        page.get_by_label("Show only this person or camera").fill("p0002")
        expect(page.locator("#P0002")).to_be_visible()
        expect(page.locator("#P0001")).to_be_hidden()
