"""Decisions on the review page, undone and redone, and results written again, in a browser."""

from typing import TYPE_CHECKING

import pytest

from tests.review.web.page import decisions, toast, view
from tests.review.web.toy_review import Served
from tests.web.browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow


def test_decisions_are_undone_and_done_again(site: Served, page: "Page") -> None:
    view(page, "Decisions")
    expect(page.locator("#no-decisions")).to_be_visible()
    expect(page.locator("#undo")).to_be_disabled()
    view(page, "People")
    page.get_by_role("checkbox", name="Select P0001").check()
    page.locator("#selection").get_by_role("button", name="Confirm").click()
    toast(page, "confirmed")
    view(page, "Decisions")
    expect(page.locator("#decisions li")).to_have_count(1)
    expect(page.locator("#decisions li")).to_contain_text("P0001 is confirmed as one person.")
    page.locator("#undo").click()
    expect(page.locator("#decisions li.undone")).to_have_count(1)
    assert decisions(site) == []
    page.locator("#redo").click()
    expect(page.locator("#decisions li.undone")).to_have_count(0)
    expect(page.locator("#decisions li")).to_have_count(1)
    assert decisions(site) == ["confirmed"]


def test_one_decision_of_several_is_undone(site: Served, page: "Page") -> None:
    view(page, "People")
    for name in ("P0001", "P0003"):
        page.get_by_role("checkbox", name=f"Select {name}").check()
        page.locator("#selection").get_by_role("button", name="Confirm").click()
        toast(page, "confirmed")
    view(page, "Decisions")
    page.get_by_role("button", name="Undo decision 1").click()
    expect(page.locator("#decisions li.undone")).to_contain_text("P0001 is confirmed as one person.")
    assert site.ask(lambda: [one.number for one in site.review.decisions() if one.undone is None]) == [2]
    expect(page.get_by_role("button", name="Undo decision 1")).to_have_count(0)
    page.locator("#redo").click()
    expect(page.locator("#decisions li.undone")).to_have_count(0)


def test_results_are_written_again(page: "Page") -> None:
    expect(page.locator("#writing")).to_be_hidden()
    view(page, "People")
    page.get_by_role("checkbox", name="Select P0001").check()
    page.locator("#selection").get_by_role("button", name="Confirm").click()
    expect(page.locator("#writing")).to_contain_text("Results are older")
    page.get_by_role("button", name="Write results again").click()
    expect(page.locator("#writing-text")).to_contain_text("% done")
    expect(page.get_by_role("button", name="Write results again")).to_be_hidden()
    toast(page, "3 files were written again.")
    expect(page.locator("#writing")).to_be_hidden()
