"""The live page behind a token, and where its program is gone."""

from typing import TYPE_CHECKING

import pytest

from tests.live.web.page import toast
from tests.live.web.page_site import TOKEN, serving
from tests.web.browser import expect, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow


def test_logging_in_with_the_token(browser: "Browser") -> None:
    with serving(token=TOKEN) as site, opened(browser, site.server.url) as (page, complaints):
        complaints.take("401")
        page.get_by_label("Token").fill("not the token")
        page.get_by_role("button", name="Open").click()
        page.get_by_role("alert").filter(has_text="not the token").wait_for()
        complaints.take("401")
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_label("Token").press("Enter")
        page.locator("#here .person").filter(has_text="Anna").wait_for()
        page.reload()
        page.locator("#here .person").filter(has_text="Anna").wait_for()
        page.locator("#here").get_by_role("button", name="Forget Anna").click()
        page.locator("dialog[open]").get_by_role("button", name="Forget").click()
        toast(page, "Anna is forgotten.")
        assert site.control.asked == [("forget", 1)]
        address = f"{site.server.url}?token={TOKEN.replace(' ', '%20').replace(',', '%2C')}"
    with serving(token=TOKEN) as site:
        address = address.replace(address.partition("?")[0], site.server.url)
        with opened(browser, address) as (page, _):
            page.locator("#here .person").filter(has_text="Anna").wait_for()
            assert page.url == site.server.url, "the token is not left in the address"


def test_a_program_that_is_gone_and_comes_back(browser: "Browser") -> None:
    with serving() as site, opened(browser, site.server.url) as (page, complaints):
        page.locator("#here .person").wait_for()
        listen = site.server.url.removeprefix("http://").rstrip("/")
        assert site.server.stop()
        page.locator("#away").filter(has_text="does not answer").wait_for()
        assert page.title() == "no answer · reid live"
        page.locator("#here").get_by_role("button", name="Rename Anna").click()
        page.get_by_role("textbox", name="Name of P0001").fill("Ann")
        page.get_by_role("button", name="Save").click()
        toast(page, "The program does not answer, so it is not known whether it was done.")
        with serving(listen=listen) as again:
            page.locator("#away").wait_for(state="hidden")
            expect(page).to_have_title("1 here · reid live")
            assert again.control.asked == []
            complaints.take("ERR_CONNECTION_REFUSED")
            complaints[:] = [
                text for text in complaints if "Failed to fetch" not in text and "ERR_" not in text
            ]
