"""Zones and lines drawn on the live page, in a browser to a site that runs."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reid.zone_config import ZoneConfig
from reid.zones.counts import ZoneCounts, ZoneNow
from tests.live.web.page_site import filled, serving, shaded_jpeg
from tests.live.web.running_site import RunningSite
from tests.web.browser import LOOKS, Complaints, expect, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}


DESK = ZoneConfig(name="desk", purpose="dwell", polygon=((0.3, 0.3), (0.6, 0.3), (0.6, 0.9), (0.3, 0.9)))
GATE = ZoneConfig(name="gate", purpose="count", line=((0.8, 0.2), (0.8, 0.9)))
SHELF = ZoneConfig(name="shelf", purpose="ignore", polygon=((0.0, 0.0), (0.25, 0.0), (0.25, 0.15)))


def zone_now(zone: ZoneConfig, *, people: int = 0, fixed: bool = False) -> ZoneNow:
    counts = ZoneCounts(entries=people + 5, stays=5, dwell_s=112.0, crossed_in=12, crossed_out=9)
    return ZoneNow(camera_id="door", zone=zone, fixed=fixed, people=people, counts=counts)


def click_at(page: "Page", *points: tuple[float, float]) -> None:
    """Click shares of the frame's width and height."""
    box = page.locator("#zones-drawing").bounding_box()
    assert box is not None
    for x, y in points:
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def drawn(site: RunningSite) -> list[ZoneConfig]:
    return [one.zone for one in site.ask(lambda here: here.engine.site.registry.zones.now())]


def test_zones_and_lines_are_drawn_saved_and_deleted(
    site: RunningSite, opening: "tuple[Page, Complaints]"
) -> None:
    page, complaints = opening
    page.get_by_role("button", name="Zones of door").click()
    dialog = page.locator("#zones[open]")
    dialog.get_by_label("Name").fill("left half")
    click_at(page, (0.02, 0.1), (0.48, 0.1))
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_have_text(
        "'left half': a polygon needs at least 3 different points, and has 2"
    )
    complaints.take("400")
    click_at(page, (0.48, 0.95), (0.3, 0.5))
    dialog.get_by_role("button", name="Undo point").click()
    click_at(page, (0.02, 0.95))
    dialog.get_by_label("Purpose").select_option("dwell")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.locator("#zones-list li")).to_contain_text("left half: 2 now")
    (zone,) = drawn(site)
    assert (zone.name, zone.purpose, len(zone.polygon)) == ("left half", "dwell", 4)
    assert zone.polygon[1] == pytest.approx((0.48, 0.1), abs=0.01)
    dialog.get_by_label("Shape").select_option("line")
    dialog.get_by_label("Name").fill("left half")
    click_at(page, (0.6, 0.1), (0.6, 0.9))
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_have_text(
        "door has a zone called 'left half' already; give it another name"
    )
    complaints.take("400")
    dialog.get_by_label("Name").fill("gate")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.locator("#zones-list li")).to_have_count(2)
    assert [one.name for one in drawn(site)] == ["left half", "gate"]
    dialog.get_by_role("button", name="Delete left half").click()
    expect(dialog.locator("#zones-list li")).to_have_count(1)
    assert [one.name for one in drawn(site)] == ["gate"]
    dialog.get_by_role("button", name="Close").click()
    expect(page.locator("#wall .tile").filter(has_text="door").locator(".over text")).to_have_text(
        "gate: 0 in, 0 out"
    )
    page.locator("#kinds").get_by_role("button", name="Zones").click()
    expect(page.locator("#events li.zone_entered").first).to_contain_text("entered left half")


def test_a_zone_is_drawn_with_the_keyboard(site: RunningSite, page: "Page") -> None:
    page.get_by_role("button", name="Zones of hall").click()
    page.locator("#zones-drawing").focus()
    for keys in (["Enter"], ["ArrowRight"] * 20 + ["Enter"], ["ArrowDown"] * 20 + ["Enter"]):
        for key in keys:
            page.keyboard.press(key)
    page.locator("#zones-name").fill("corner")
    page.keyboard.press("Enter")
    expect(page.locator("#zones-list li")).to_have_count(1)
    (zone,) = drawn(site)
    assert zone.polygon == ((0.5, 0.5), (0.7, 0.5), (0.7, 0.7))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_dialog_looks_right(browser: "Browser", size: str, scheme: str) -> None:
    site_state = filled()
    site_state.set_zones([zone_now(DESK, people=2, fixed=True), zone_now(GATE), zone_now(SHELF)])
    width, height = SIZES[size]
    phone = {"has_touch": True, "is_mobile": True} if size == "phone" else {}
    context = {"viewport": {"width": width, "height": height}, "color_scheme": scheme, **phone}
    with serving(site_state=site_state) as site, opened(browser, site.server.url, **context) as (page, _):
        page.get_by_role("button", name="Zones of door").click()
        expect(page.locator("#zones-list li")).to_have_count(3)
        site_state.set_preview("door", shaded_jpeg(120))
        expect(page.locator("#zones-frame")).to_have_attribute("src", re.compile("^blob:"))
        click_at(page, (0.1, 0.2), (0.25, 0.3), (0.2, 0.8))
        shoot(page, f"zones-{size}-{scheme}")
        canvas, dot = (
            page.locator("#zones-drawing").bounding_box(),
            page.locator("#zones-drawing circle").nth(1).bounding_box(),
        )
        assert canvas is not None
        assert dot is not None
        at = dot["x"] + dot["width"] / 2 - canvas["x"], dot["y"] + dot["height"] / 2 - canvas["y"]
        assert at == pytest.approx((0.25 * canvas["width"], 0.3 * canvas["height"]), abs=2)
        assert page.evaluate(LOOKS, [size == "phone"]) == []
        page.get_by_role("button", name="Close").click()
        shoot(page, f"wall-{size}-{scheme}")
        assert page.evaluate(LOOKS, [size == "phone"]) == []


def shoot(page: "Page", name: str) -> None:
    """Keep a screenshot where REID_SCREENSHOTS names a folder."""
    if folder := os.environ.get("REID_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"))
