"""What is done to people on the live page, in a browser to a site that runs."""

import re
from itertools import product
from typing import TYPE_CHECKING

import pytest

from reid.types import person_name
from tests.live.web.page import card, toast
from tests.live.web.running_site import RunningSite
from tests.web.browser import Complaints, expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow
ARABIC = "محمد بن عبد الله"


def test_the_page_shows_who_is_there(site: RunningSite, page: "Page") -> None:
    expect(page.locator("#here .person")).to_have_count(4)
    assert page.locator("#fact-here").text_content() == "4"
    assert page.locator("#fact-cameras").text_content() == "2 of 2"
    assert page.title() == "4 here · reid live"
    names = page.locator("#here .tag").all_text_contents()
    assert sorted(names) == ["P0001", "P0002", "P0003", "P0004"]
    for shown in page.locator("#wall img").all():
        expect(shown).to_have_js_property("naturalWidth", 160)  # as the preview is drawn
    expect(page.locator("#timeline .row")).to_have_count(4)
    expect(page.locator("#health tr")).to_have_count(2)
    site.door.people.pop(0)  # a person leaves
    page.locator("#recent .person").wait_for(timeout=30_000)
    expect(page.locator("#here .person")).to_have_count(3)
    expect(page.locator("#events li.left")).to_have_count(1)  # of a request of their own
    told = " ".join(page.locator("#events li").all_text_contents())
    assert "door" in told
    assert not re.search(r"appearance|\d{4}-\d\d-\d\dT", told), "keys of programs are no words for people"


def test_a_person_is_renamed(site: RunningSite, page: "Page") -> None:
    card(page, "P0002").get_by_role("button", name="Rename").click()
    name = page.get_by_role("textbox", name="Name of P0002")
    name.fill("  Anna \t B. ")
    page.get_by_role("button", name="Save").click()
    toast(page, "P0002 is called Anna")
    assert site.label(2) == "Anna B."
    renamed = card(page, "Anna B.")
    renamed.wait_for()
    assert renamed.locator("h3 small").text_content() == "P0002"
    page.reload()
    renamed.get_by_role("button", name="Rename").click()
    assert name.input_value() == "Anna B."
    name.fill(ARABIC)
    name.press("Enter")
    card(page, ARABIC).wait_for()
    assert site.label(2) == ARABIC
    others = [site.label(person) for person in (1, 3, 4)]
    assert others == [None, None, None]


def test_a_name_is_taken_away(site: RunningSite, page: "Page") -> None:
    site.here.control.decisions.rename(3, "Bob")
    card(page, "Bob").get_by_role("button", name="Rename").click()
    page.get_by_role("textbox", name="Name of P0003").fill("")
    page.get_by_role("button", name="Save").click()
    toast(page, "P0003 has no name.")
    assert site.label(3) is None
    expect(card(page, "P0003").locator("h3")).not_to_contain_text("Bob")
    expect(card(page, "Bob")).to_have_count(0)


def test_what_is_cancelled_is_not_done(site: RunningSite, page: "Page") -> None:
    for action, way in product(("Rename", "Merge with", "Forget"), ("Escape", "Cancel")):
        button = card(page, "P0001").get_by_role("button", name=action)
        button.click()
        dialog = page.locator("dialog[open]")
        if action == "Rename":
            dialog.get_by_role("textbox").fill("Not this")
        if action == "Merge with":
            dialog.get_by_role("radio").first.check()
        if way == "Escape":
            page.keyboard.press("Escape")
        else:
            dialog.get_by_role("button", name="Cancel").click()
        expect(dialog).to_have_count(0)
        expect(button).to_be_focused()
    assert site.people() == [1, 2, 3, 4]
    assert [site.label(person) for person in site.people()] == [None] * 4
    expect(page.locator("#toast")).to_be_hidden()


@pytest.mark.parametrize("way", ["click", "Enter"])
def test_two_people_are_merged(site: RunningSite, page: "Page", way: str) -> None:
    gone, into = site.name_in("hall"), site.name_in("door")
    card(page, gone).get_by_role("button", name="Merge with").click()
    dialog = page.locator("dialog[open]")
    assert dialog.get_by_role("radio").count() == 3
    chosen = dialog.get_by_role("radio", name=into)
    chosen.check()
    if way == "click":
        dialog.get_by_role("button", name="Merge").click()
    else:
        chosen.press("Enter")
    toast(page, f"{gone} is {into} now.")
    expect(page.locator("#here .person")).to_have_count(3)
    assert site.people() == [person for person in (1, 2, 3, 4) if person_name(person) != gone]
    cameras = card(page, into).locator(".where .cam")
    expect(cameras).to_have_count(2)
    assert sorted(cameras.all_text_contents()) == ["door", "hall"]
    page.get_by_role("button", name="Corrections").click()
    told = page.locator("#events li").filter(has_text=f"{gone} is {into}")
    told.filter(has_text="corrected").wait_for()


def test_a_person_is_split_and_stays_so(site: RunningSite, page: "Page") -> None:
    gone, into = site.name_in("hall"), site.name_in("door")
    card(page, into).get_by_role("button", name="Split").click()
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("They were seen once only")
    expect(dialog.get_by_role("button", name="Split")).to_be_disabled()
    page.keyboard.press("Escape")
    site.here.control.decisions.merge(int(gone[1:]), int(into[1:]), instead=True)
    expect(card(page, into).locator(".where .cam")).to_have_count(2)
    card(page, into).get_by_role("button", name="Split").click()
    boxes = dialog.get_by_role("checkbox")
    assert boxes.count() == 2
    for box in boxes.all():
        box.check()
    expect(dialog.get_by_role("button", name="Split")).to_be_disabled()
    boxes.first.uncheck()
    dialog.get_by_role("button", name="Split").click()
    toast(page, f"1 stay of {into} shows another person now.")
    expect(page.locator("#here .person")).to_have_count(4)
    expect(card(page, into).locator(".where .cam")).to_have_count(1)
    assert len(site.people()) == 4
    assert 5 in site.people(), "a new number: that of who was merged is not given again"


def test_what_is_no_person_goes_and_comes_back_with_undo(
    site: RunningSite, opening: "tuple[Page, Complaints]"
) -> None:
    page, complaints = opening
    name = site.name_in("hall")
    number = int(name[1:])
    card(page, name).get_by_role("button", name=f"Not a person {name}").click()
    toast(page, f"{name} is no person, and is left out from now on.")
    expect(page.locator("#here .person")).to_have_count(3)
    assert site.people() == [person for person in (1, 2, 3, 4) if person != number]
    page.get_by_role("button", name="Undo", exact=True).click()
    toast(page, f"Undone: {name} is no person.")
    expect(card(page, name)).to_have_count(1)
    assert site.people() == [1, 2, 3, 4]
    page.get_by_role("button", name="Redo", exact=True).click()
    toast(page, f"Redone: {name} is no person.")
    expect(page.locator("#here .person")).to_have_count(3)
    page.get_by_role("button", name="Redo", exact=True).click()
    toast(page, "no decision to redo")
    complaints.forgive("/api/decisions/redo")
    page.get_by_role("button", name="Corrections").click()
    for told in (f"{name} is no person", f"“not a person” of {name} is undone"):
        page.locator("#events li").filter(has_text=told).wait_for()


def test_a_merge_is_undone_on_the_page(site: RunningSite, page: "Page") -> None:
    gone, into = site.name_in("hall"), site.name_in("door")
    card(page, into).get_by_role("button", name=f"Confirm {into}").click()
    toast(page, f"All stays of {into} are kept together.")
    site.here.control.decisions.merge(int(gone[1:]), int(into[1:]), instead=True)
    expect(page.locator("#here .person")).to_have_count(3)
    page.get_by_role("button", name="Undo", exact=True).click()
    toast(page, f"Undone: {gone} is {into}.")
    expect(page.locator("#here .person")).to_have_count(4)
    expect(card(page, gone).locator(".where .cam")).to_have_text(["hall"])
    assert site.people() == [1, 2, 3, 4]


def test_a_merge_without_a_choice_asks_for_one(site: RunningSite, page: "Page") -> None:
    card(page, "P0004").get_by_role("button", name="Merge with").click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_role("button", name="Merge").click()
    assert dialog.is_visible()
    assert dialog.locator("input:invalid").count() == 3
    assert site.people() == [1, 2, 3, 4]


def test_a_person_is_forgotten(site: RunningSite, page: "Page") -> None:
    name = site.name_in("hall")
    number = int(name[1:])
    site.hall.people.clear()  # gone, so that nothing of them comes back at once
    gone = page.locator("#recent .person").filter(has=page.locator(".tag", has_text=name))
    gone.wait_for(timeout=30_000)
    gone.get_by_role("button", name="Forget").click()
    expect(page.locator("#confirm-title")).to_have_text(f"Forget {name}?")
    page.locator("dialog[open]").get_by_role("button", name="Forget").click()
    toast(page, f"{name} is forgotten.")
    assert site.people() == [person for person in (1, 2, 3, 4) if person != number]
    assert site.here.keeper.forgotten == [number]
    expect(page.locator("#recent .person")).to_have_count(0)
    expect(page.locator("#events")).not_to_contain_text(name)
