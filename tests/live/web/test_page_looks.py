"""How the live page looks in a browser: nothing is cut off, pale, too small for a finger, or out of order."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from reid.live.views.site_state import SiteState
from tests.live.web.crowd import NAMES, crowded
from tests.live.web.page_site import TOKEN, filled, serving
from tests.web.browser import LOOKS, chromium, expect, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
BOARDS = {"empty": SiteState, "some": filled, "crowded": crowded}


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    with chromium() as found:
        yield found


def context(size: str, scheme: str = "light") -> dict[str, object]:
    width, height = SIZES[size]
    phone = size == "phone"
    return {
        "viewport": {"width": width, "height": height},
        "color_scheme": scheme,
        "has_touch": phone,
        "is_mobile": phone,
        "reduced_motion": "reduce",
    }


def faults(page: "Page", size: str) -> list[str]:
    found: list[str] = page.evaluate(LOOKS, [size == "phone"])
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("content", BOARDS)
def test_nothing_is_cut_off_pale_or_small(browser: "Browser", content: str, size: str, scheme: str) -> None:
    site_state = BOARDS[content]()
    with (
        serving(site_state=site_state) as site,
        opened(browser, site.server.url, **context(size, scheme)) as (page, _),
    ):
        expect(page.locator("#fact-here")).to_have_text(
            str(sum(person.present for person in site_state.people()))
        )
        expect(page.locator("#events li")).to_have_count(len(site_state.events()))
        assert faults(page, size) == []


@pytest.mark.parametrize("size", SIZES)
def test_dialogs_and_what_is_said_look_right(browser: "Browser", size: str) -> None:
    with (
        serving(site_state=crowded()) as site,
        opened(browser, site.server.url, **context(size, "dark")) as (page, _),
    ):
        for action in ("Forget", "Merge with", "Rename"):
            page.locator("#here").get_by_role("button", name=f"{action} محمد").first.click()
            box, width = page.locator("dialog[open]").bounding_box(), SIZES[size][0]
            assert box is not None
            assert 0 <= box["x"] <= box["x"] + box["width"] <= width
            assert faults(page, size) == []
            if action != "Rename":
                page.keyboard.press("Escape")
        page.get_by_role("textbox", name="Name of P0007").fill(NAMES[1])
        page.keyboard.press("Enter")
        page.locator("#toast").filter(has_text=f"P0007 is called {NAMES[1]}").wait_for()
        assert faults(page, size) == []


@pytest.mark.parametrize("size", SIZES)
def test_the_login_form_looks_right(browser: "Browser", size: str) -> None:
    with (
        serving(token=TOKEN) as site,
        opened(browser, site.server.url, **context(size)) as (page, complaints),
    ):
        expect(page.get_by_label("Token")).to_be_focused()
        assert faults(page, size) == []
        page.get_by_label("Token").fill("wrong")
        page.get_by_label("Token").press("Enter")
        page.get_by_role("alert").wait_for()
        page.wait_for_load_state()  # its style comes after its text
        assert faults(page, size) == []
        complaints.take("401")


@pytest.mark.parametrize("size", SIZES)
def test_the_focus_goes_as_the_eye_does(browser: "Browser", size: str) -> None:
    """Down the cameras, the side column, then what lies below; on a phone simply down."""
    with serving(site_state=filled()) as site, opened(browser, site.server.url, **context(size)) as (page, _):
        page.locator("#here .person").wait_for()
        page.locator("#health tr").first.wait_for()
        seen: list[str] = []
        tops: list[float] = []
        for _step in range(60):
            page.keyboard.press("Tab")
            section, top = page.evaluate(
                "(() => { const at = document.activeElement, top = at.getBoundingClientRect().top + scrollY;"
                " return [at.closest('section')?.id ?? '', top] })()"
            )
            if section and section not in seen[-1:]:
                seen.append(section)
                tops.append(top)
            if section == "health-section" and page.evaluate("document.activeElement.textContent") == "Add":
                break
        sections = ["wall", "here", "events", "timeline", "recent", "health"]
        assert seen == [f"{name}-section" for name in sections]
        if size == "phone":
            assert tops == sorted(tops)
