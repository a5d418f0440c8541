"""The review page where the server is slow, gone or refuses."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.review.web.page import decisions, sheet, toast, view
from tests.review.web.toy_review import Served, serving
from tests.web.browser import Complaints, expect, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

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


def losing_the_first() -> "Callable[[Route], None]":
    """Send on all requests; the answer to the first one is lost."""
    first = [True]

    def lost(route: "Route") -> None:
        if first[0]:
            first[0] = False
            route.fetch()
            route.abort("connectionreset")
        else:
            route.continue_()

    return lost


def test_an_answer_that_was_taken_and_not_heard_of(site: Served, opening: "tuple[Page, Complaints]") -> None:
    """The request arrives, its answer does not: trying again says that it is done, and the page goes on."""
    page, complaints = opening
    page.route("**/api/questions/*", losing_the_first())
    page.keyboard.press("n")
    page.locator("#failed").get_by_role("button", name="Try again").click()
    expect(page.locator("#failed")).to_contain_text("not open any more")
    expect(page.locator("#failed").get_by_role("button", name="Try again")).to_be_hidden()
    page.locator("#failed").get_by_role("button", name="Close").click()
    assert len(decisions(site)) == 1
    complaints.take("ERR_CONNECTION_RESET")
    complaints.take("400")


def test_an_undo_that_was_done_and_not_heard_of_is_done_once(
    site: Served, opening: "tuple[Page, Complaints]"
) -> None:
    page, complaints = opening
    page.keyboard.press("n")
    expect(page.locator("#queue-undo")).to_be_enabled()
    page.keyboard.press("n")
    expect(page.locator("#queue-undo")).to_be_enabled()
    assert len(decisions(site)) == 2

    page.route("**/api/undo", losing_the_first())
    page.keyboard.press("z")
    page.locator("#failed").get_by_role("button", name="Try again").click()
    expect(page.locator("#failed")).to_contain_text("is another step by now")
    assert len(decisions(site)) == 1
    complaints.take("ERR_CONNECTION_RESET")
    complaints.take("400")


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


@contextmanager
def held_back(page: "Page", path: str) -> Iterator[None]:
    """Requests that have to wait meanwhile."""
    held: list[Route] = []
    over = threading.Event()
    page.route(path, lambda route: route.continue_() if over.is_set() else held.append(route))
    yield
    over.set()
    for route in held:
        route.continue_()


def test_nothing_is_pressed_before_the_page_knows_what_it_acts_on(site: Served, page: "Page") -> None:
    """What a view shows is late, at the first visit and at a second one."""
    site.ask(lambda: site.review.confirm(1))
    with held_back(page, "**/api/decisions"):
        view(page, "Decisions")
        expect(page.locator("#view-decisions")).to_be_visible()
        for name in ("#undo", "#redo"):
            expect(page.locator(name)).to_be_disabled()
            page.locator(name).click(force=True)
        assert decisions(site) == ["confirmed"]
    page.locator("#undo").click()
    expect(page.locator("#decisions li.undone")).to_have_count(1)
    assert decisions(site) == []

    view(page, "People")
    page.get_by_role("checkbox", name="Select P0002").check()
    page.locator("#selection").get_by_role("button", name="Confirm").click()
    toast(page, "confirmed")
    with held_back(page, "**/api/decisions"):
        view(page, "Decisions")
        expect(page.locator("#view-decisions")).to_be_visible()
        assert page.locator("#view-decisions").evaluate("(one) => one.inert"), "it shows what was before"
    page.locator("#undo").click()
    expect(page.locator("#decisions li.undone")).to_have_count(2)


def test_a_page_that_is_not_loaded_yet_undoes_nothing(site: Served, browser: "Browser") -> None:
    """Undo of the queue, by button and key, before it is known what was done last."""
    site.ask(lambda: site.review.confirm(1))
    with opened(browser, "about:blank") as (page, _):
        with held_back(page, "**/api/review"):
            page.goto(site.url)
            page.locator("#view-queue").wait_for()
            expect(page.locator("#queue-undo")).to_be_disabled()
            expect(page.locator("#answers")).to_be_hidden()
            page.keyboard.press("z")
            assert decisions(site) == ["confirmed"]
        page.locator("#queue-undo").click()
        expect(page.locator("#told")).to_contain_text("Undone")
        assert decisions(site) == []


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
