"""The review page where the server is slow, gone or refuses."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.review.web.asked import told
from tests.review.web.page import decisions, sheet, view
from tests.review.web.toy_review import Served, serving
from tests.web.browser import Complaints, expect, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow


def test_while_a_request_runs_no_other_is_made(site: Served, page: "Page") -> None:
    slow = threading.Thread(target=lambda: site.ask(lambda: time.sleep(2.5)))
    slow.start()
    page.keyboard.press("s")
    for button in page.locator("#answers button:visible").all():
        expect(button).to_be_disabled()
    page.keyboard.press("y")
    page.keyboard.press("n")
    expect(page.locator("body")).to_have_class("running slow")
    expect(page.locator("#told")).to_contain_text("not asked again")
    expect(page.get_by_role("button", name="Same")).to_be_enabled()
    slow.join()
    assert decisions(site) == []


def test_an_interrupted_answer_is_said_and_tried_again(
    site: Served, opening: "tuple[Page, Complaints]"
) -> None:
    page, complaints = opening
    broken = [True]
    page.route(
        "**/api/questions/*", lambda route: route.abort("connectionreset") if broken[0] else route.continue_()
    )
    page.keyboard.press("s")
    failed = page.locator("#failed")
    expect(failed).to_contain_text("The program does not answer")
    expect(page.get_by_role("button", name="Same")).to_be_enabled()
    broken[0] = False
    failed.get_by_role("button", name="Try again").click()
    expect(page.locator("#told")).to_contain_text("not asked again")
    expect(failed).to_be_hidden()
    complaints.take("ERR_CONNECTION_RESET")


def test_an_answer_that_was_taken_and_not_heard_of(site: Served, opening: "tuple[Page, Complaints]") -> None:
    """The request arrives, its answer does not: trying again says that it is done, and the page goes on."""
    page, complaints = opening
    page.route("**/api/questions/*", _first_answer_is_lost())
    page.keyboard.press("n")
    page.locator("#failed").get_by_role("button", name="Try again").click()
    expect(page.locator("#failed")).to_contain_text("not open any more")
    expect(page.locator("#failed").get_by_role("button", name="Try again")).to_be_hidden()
    page.locator("#failed").get_by_role("button", name="Close").click()
    assert len(decisions(site)) == 1
    complaints.take("ERR_CONNECTION_RESET")
    complaints.take("400")


def _first_answer_is_lost() -> "Callable[[object], None]":
    first = [True]

    def lost(route: object) -> None:
        if first[0]:
            first[0] = False
            route.fetch()  # type: ignore[attr-defined]
            route.abort("connectionreset")  # type: ignore[attr-defined]
        else:
            route.continue_()  # type: ignore[attr-defined]

    return lost


def test_undo_is_not_tried_again_blindly(site: Served, opening: "tuple[Page, Complaints]") -> None:
    """It may have been done, and a second one takes back another decision."""
    page, complaints = opening
    for person in (4, 5):
        told(site, f"/api/people/{person}/confirm")
    expect(page.locator("#queue-undo")).to_be_enabled()
    page.route("**/api/undo", _first_answer_is_lost())
    page.keyboard.press("z")
    failed = page.locator("#failed")
    expect(failed).to_contain_text("it is not known whether it was done")
    expect(failed.get_by_role("button", name="Try again")).to_be_hidden()
    view(page, "Decisions")
    expect(page.locator("#decisions li.undone")).to_have_count(1)
    assert decisions(site) == ["confirmed"]
    complaints.take("ERR_CONNECTION_RESET")


def test_what_gave_up_does_not_let_go_of_what_runs_since(
    site: Served, opening: "tuple[Page, Complaints]"
) -> None:
    """The view cannot be loaded after a first answer; while a second one is on its way all buttons wait."""
    page, complaints = opening
    broken = [True]
    page.route(
        "**/api/questions?*", lambda route: route.abort("connectionreset") if broken[0] else route.continue_()
    )
    page.keyboard.press("u")
    expect(page.locator("#failed")).to_contain_text("The program does not answer.")
    broken[0] = False
    slow = threading.Thread(target=lambda: site.ask(lambda: time.sleep(3)))
    slow.start()
    page.keyboard.press("u")
    expect(page.locator("body")).to_have_class("running slow")
    for button in page.locator("#answers button:visible").all():
        expect(button).to_be_disabled()
    slow.join()
    expect(page.get_by_role("button", name="Same")).to_be_enabled()
    complaints.take("ERR_CONNECTION_RESET")


def test_what_fails_in_a_dialog_is_said_in_it(site: Served, opening: "tuple[Page, Complaints]") -> None:
    page, complaints = opening
    site.client.post("/api/people/1/rename", json={"label": "Ann"}, headers={"X-Reid": "test"})
    dialog = sheet(page, "P0004")
    dialog.get_by_role("button", name="Rename").click()
    page.get_by_role("textbox", name="Name of P0004").fill("Ann")
    page.keyboard.press("Enter")
    failed = page.locator("#failed")
    expect(failed).to_contain_text("Ann")
    failed.get_by_role("button", name="Close").click()
    expect(dialog).to_be_visible()
    complaints.take("400")


def test_a_program_that_is_gone_and_comes_back(tmp_path: Path, browser: "Browser") -> None:
    with serving(tmp_path) as site, opened(browser, site.url) as (page, complaints):
        page.locator(".question:visible").wait_for()
        listen = site.url.removeprefix("http://").rstrip("/")
        page.wait_for_load_state("networkidle")
        site.stop()
        page.locator("#away").filter(has_text="does not answer").wait_for()
        assert page.title() == "no answer · reid review"
        page.keyboard.press("y")
        expect(page.locator("#failed")).to_contain_text("does not answer")
        (tmp_path / "again").mkdir()
        with serving(tmp_path / "again", listen=listen) as again:
            expect(page.locator("#away")).to_be_hidden()
            assert decisions(again) == []
            page.locator("#failed").get_by_role("button", name="Try again").click()
            expect(page.locator("#told")).to_contain_text("one person now")
            assert decisions(again) == ["same"]
            expect(page.locator(".lost")).to_have_count(0)
            page.wait_for_load_state("networkidle")
        complaints.forgive("503")  # what was asked while it stopped
        complaints.forgive("ERR_")
        complaints.forgive("Failed to fetch")
        complaints.forgive("Error")


def test_an_empty_gallery(tmp_path: Path, browser: "Browser") -> None:
    with serving(tmp_path, stays=()) as site, opened(browser, site.url) as (page, _):
        expect(page.locator("#no-questions")).to_contain_text("There are no people")
        for name, empty in [
            ("People", "#no-people"),
            ("Timeline", "#no-timeline"),
            ("Decisions", "#no-decisions"),
        ]:
            view(page, name)
            expect(page.locator(empty)).to_be_visible()
