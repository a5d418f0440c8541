"""The review of a live site in a browser: from the live page there and back, and corrections while people walk."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.live.running import load_tracking
from tests.live.web.running_site import RunningSite, running_site
from tests.waiting import until
from tests.web.browser import chromium, expect, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
PATIENCE_MS = 15_000  # the page asks every three seconds


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    load_tracking()
    with chromium() as found:
        yield found


@pytest.fixture
def site(tmp_path: Path, browser: "Browser") -> Iterator[RunningSite]:
    with running_site(tmp_path) as found:
        yield found


@pytest.fixture
def page(site: RunningSite, browser: "Browser") -> "Iterator[Page]":
    with opened(browser, site.url) as (found, complaints):
        found.get_by_role("link", name="Review").click()
        yield found
        complaints.forgive("/people/")
        complaints.forgive("/api/")  # what the live page had asked when it was left
        complaints.forgive("/crops/")  # of tracklets that are older than the window now


def test_people_are_corrected_while_they_walk(site: RunningSite, page: "Page") -> None:
    page.locator(".tabs a", has_text="People").click()
    cards = page.locator("#grid > *")
    expect(cards).to_have_count(4, timeout=PATIENCE_MS)
    expect(page.locator("#grid img").first).to_be_visible()
    page.locator("#grid").get_by_role("button").first.click()
    page.locator('#sheet [data-do="rename"]').click()
    page.locator("#rename-name").fill("Ada")
    page.locator("#rename .strong").click()
    until(lambda: "Ada" in {site.label(person_id) for person_id in site.people()})
    page.locator('#sheet [data-do="ignore"]').click()
    page.locator("#confirm-yes").click()
    expect(cards).to_have_count(3, timeout=PATIENCE_MS)
    assert len(site.people()) == 3
    page.locator(".tabs a", has_text="Decisions").click()
    expect(page.locator("#decisions > li")).to_have_count(2)
    page.locator("#undo").click()
    until(lambda: len(site.people()) == 4)
    page.locator(".tabs a", has_text="Timeline").click()
    expect(page.locator("#timeline")).to_contain_text("hall")
    page.get_by_role("link", name="Live page").click()
    tags = page.locator("#here .person .tag").filter(has_text="Ada")
    expect(tags).to_have_count(1, timeout=PATIENCE_MS)


def test_who_comes_is_there_without_a_reload(site: RunningSite, page: "Page") -> None:
    page.locator(".tabs a", has_text="People").click()
    expect(page.locator("#grid > *")).to_have_count(4, timeout=PATIENCE_MS)
    site.hall.people[4] = 0.8
    expect(page.locator("#grid > *")).to_have_count(5, timeout=PATIENCE_MS)
