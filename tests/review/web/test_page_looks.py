"""How the review page looks in a browser: nothing is cut off, pale, small for a finger or wider than the page."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.review.web.toy_review import STAYS, Stay, serving, write_videos
from tests.web.browser import LOOKS, chromium, expect, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
LONG = {1: "Maximiliane von und zu Hohenfels-Schillingsfürst, Postbotin", 2: "x" * 80, 3: "محمد بن عبد الله"}
CROWD = tuple(
    Stay(person, camera, 35 * (person % 40) + 5 * number, axis=person % 11, lean=(person % 9) / 10)
    for person in range(1, 201)
    for number, camera in enumerate(("door", "hall"))
)
SITES: dict[str, tuple[Stay, ...]] = {"empty": (), "some": STAYS, "crowd": CROWD}


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    with chromium() as found:
        yield found


def context(size: str, scheme: str) -> dict[str, object]:
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
@pytest.mark.parametrize("content", SITES)
def test_no_view_is_cut_off_pale_or_small(
    browser: "Browser", tmp_path: Path, content: str, size: str, scheme: str
) -> None:
    stays = SITES[content]
    labels = LONG if stays else {}
    with (
        serving(tmp_path, stays=stays, labels=labels) as site,
        opened(browser, site.url, **context(size, scheme)) as (page, _),
    ):
        first = ".question:visible" if stays else "#no-questions"
        page.locator(first).wait_for(timeout=60_000)  # of 200 people the questions take seconds
        assert faults(page, size) == []
        for name, wanted in [
            ("People", "#grid .person"),
            ("Timeline", ".bar"),
            ("Decisions", "#decisions li"),
            ("Search", "#photo-zone"),
        ]:
            page.locator(".tabs").get_by_role("link", name=name).click()
            if stays:
                page.locator(wanted).first.wait_for(timeout=60_000)
            assert faults(page, size) == [], name
        expect(page.locator("#fact-people")).to_contain_text(f"{len({one.person for one in stays})} people")


@pytest.mark.parametrize("size", SIZES)
def test_dialogs_look_right(browser: "Browser", tmp_path: Path, size: str) -> None:
    write_videos(tmp_path, frames=60)
    with (
        serving(tmp_path, labels=LONG) as site,
        opened(browser, f"{site.url}#people", **context(size, "dark")) as (page, _),
    ):
        page.locator(".person .open").nth(2).click()
        dialog = page.locator("#sheet")
        dialog.locator(".item").first.wait_for()
        assert faults(page, size) == []
        dialog.get_by_role("button", name="Suggest a split").click()
        page.locator("#sheet-hint:visible").wait_for()
        assert faults(page, size) == []
        dialog.get_by_role("button", name="Play").first.click()
        page.locator("#sheet .player video").wait_for()
        assert faults(page, size) == []
        for action in ("Rename", "Merge with", "Erase"):
            dialog.get_by_role("button", name=action).click()
            box, width = page.locator("dialog[open]").last.bounding_box(), SIZES[size][0]
            assert box is not None
            assert 0 <= box["x"] <= box["x"] + box["width"] <= width
            assert faults(page, size) == []
            page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.locator(".person .open").nth(1).click()  # the one with a long word for a name
        for action, opens in (("Merge with", "#pick"), ("Erase", "#confirm")):
            dialog.get_by_role("button", name=action).click()
            expect(page.locator(opens)).to_be_visible()
            assert faults(page, size) == []
            page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.locator(".tabs").get_by_role("link", name="Queue").click()
        page.get_by_role("button", name="Look and confirm").click()
        page.locator("#sure label").first.wait_for()
        assert faults(page, size) == []
