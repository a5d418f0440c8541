"""What is done to cameras, events and the clock on the live page, in a browser to a site that runs."""

from typing import TYPE_CHECKING

import pytest

from tests.live.web.page import card, toast
from tests.live.web.page_site import serving
from tests.live.web.running_site import RunningSite
from tests.waiting import until
from tests.web.browser import Complaints, expect, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow


def test_cameras_come_and_go(site: RunningSite, opening: "tuple[Page, Complaints]") -> None:
    page, complaints = opening
    address = page.get_by_label("Add a camera")
    address.fill("/etc/passwd")
    page.get_by_role("button", name="Add", exact=True).click()
    toast(page, "through the page")
    assert address.input_value() == "/etc/passwd", "what was written can be mended"
    complaints.take("400")
    address.fill(f"yard={site.hall.url}")
    address.press("Enter")
    toast(page, "Added.")
    assert address.input_value() == ""
    page.locator("#wall .tile").filter(has_text="yard").wait_for()
    until(lambda: site.levels().get("yard") == "online", 15)
    yard = page.locator("#health tr").filter(has_text="yard")
    yard.get_by_role("button", name="Remove yard").click()
    page.locator("dialog[open]").get_by_role("button", name="Cancel").click()
    assert "yard" in site.levels()
    yard.get_by_role("button", name="Remove yard").click()
    page.locator("dialog[open]").get_by_role("button", name="Remove").click()
    toast(page, "yard is removed.")
    assert "yard" not in site.ask(lambda here: here.engine.cameras.names)
    expect(page.locator("#wall .tile")).to_have_count(2)
    expect(page.locator("#health tr")).to_have_count(2)


@pytest.mark.parametrize("place", ["#wall .tile", "#health tr"])
def test_a_camera_pauses_and_goes_on(site: RunningSite, page: "Page", place: str) -> None:
    hall = page.locator(place).filter(has_text="hall")
    hall.get_by_role("button", name="Pause hall").click()
    toast(page, "hall is paused.")
    hall.locator(".level.paused").wait_for()
    assert site.levels() == {"door": "online", "hall": "paused"}
    hall.get_by_role("button", name="Resume hall").click()
    toast(page, "hall goes on.")
    hall.locator(".level.online").wait_for()
    until(lambda: site.levels() == {"door": "online", "hall": "online"}, 15)


def test_a_camera_is_enlarged(page: "Page") -> None:
    screen = page.get_by_role("button", name="Enlarge door")
    small = screen.bounding_box()
    screen.click()
    large = screen.bounding_box()
    assert small is not None
    assert large is not None
    assert large["width"] > 1.5 * small["width"]
    assert screen.get_attribute("aria-expanded") == "true"
    screen.click()
    assert screen.get_attribute("aria-expanded") == "false"


def test_the_clock_is_confirmed(site: RunningSite, page: "Page") -> None:
    notice = page.locator("#notices .notice")
    notice.filter(has_text="nothing is erased by age").wait_for()
    notice.get_by_role("button").click()
    page.locator("dialog[open]").get_by_role("button", name="Cancel").click()
    assert "retention" in site.here.engine.site.state.notices()
    notice.get_by_role("button").click()
    page.locator("dialog[open]").get_by_role("button", name="Erase what is old").click()
    toast(page, "is being erased")
    until(lambda: site.here.engine.site.state.notices() == {}, 15)
    notice.wait_for(state="hidden")


def test_events_are_filtered(site: RunningSite, page: "Page") -> None:
    site.here.control.decisions.merge(4, 2, instead=True)
    page.locator("#events li.identity_changed").filter(has_text="P0004 is P0002").wait_for()

    def kinds() -> set[str | None]:
        return {item.get_attribute("class") for item in page.locator("#events li").all()}

    assert {"seen", "camera_state", "identity_changed"} <= kinds()
    for button, kind in [("Corrections", "identity_changed"), ("Cameras", "camera_state")]:
        chosen = page.locator("#kinds").get_by_role("button", name=button)
        chosen.click()
        assert kinds() == {kind}
        assert chosen.get_attribute("aria-pressed") == "true"
    page.locator("#kinds").get_by_role("button", name="All").click()
    assert {"seen", "camera_state", "identity_changed"} <= kinds()


def test_the_focus_stays_while_people_come(site: RunningSite, page: "Page") -> None:
    """The page is drawn anew each second, and cards move."""
    button = card(page, "P0001").get_by_role("button", name="Rename")
    button.focus()
    site.door.people[4] = 0.55
    expect(page.locator("#here .person")).to_have_count(5)
    expect(button).to_be_focused()


def test_static_things_are_shown_with_their_cameras(browser: "Browser") -> None:
    with serving() as site, opened(browser, site.server.url) as (page, _):
        line = page.locator("#health tr").filter(has_text="door").locator(".things")
        expect(line).to_contain_text("2 things left out: never move")
        expect(line.locator("img")).to_have_count(2)
        for crop in line.locator("img").all():
            expect(crop).to_have_js_property("naturalWidth", 64)
        expect(page.locator("#health tr").filter(has_text="hall").locator(".things")).to_be_empty()
