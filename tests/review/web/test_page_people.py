"""What is done to people on the review page, in a browser to a real gallery."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.review.web.asked import told
from tests.review.web.page import card, decisions, people, sheet, toast, tracklet, view
from tests.review.web.toy_review import STAYS, Served, Stay, serving
from tests.web.browser import Complaints, expect, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
ARABIC = "محمد بن عبد الله"


def test_people_are_found_and_two_are_merged(site: Served, page: "Page") -> None:
    view(page, "People")
    expect(page.locator("#grid .person")).to_have_count(5)
    page.get_by_label("Show only people").fill("p0004")
    expect(page.locator("#grid .person")).to_have_count(1)
    page.get_by_label("Show only people").fill("")
    for name in ("P0004", "P0005"):
        page.get_by_role("checkbox", name=f"Select {name}").check()
    expect(page.locator("#selection-text")).to_have_text("2 people selected")
    page.locator("#selection").get_by_role("button", name="Merge").click()
    dialog = page.locator("dialog[open]")
    expect(dialog.get_by_role("radio", name="P0004")).to_be_checked()
    dialog.get_by_role("radio", name="P0005").check()
    dialog.get_by_role("button", name="Merge").click()
    toast(page, "P0004 is P0005 now.")
    expect(page.locator("#grid .person")).to_have_count(4)
    assert people(site) == {1: 2, 2: 2, 3: 3, 5: 4}
    expect(page.locator("#selection")).to_be_hidden()


def test_one_person_is_dragged_onto_another(site: Served, page: "Page") -> None:
    view(page, "People")
    card(page, "P0005").drag_to(card(page, "P0004"))
    dialog = page.locator("dialog[open]")
    expect(dialog.get_by_role("radio", name="P0004")).to_be_checked()
    dialog.get_by_role("button", name="Cancel").click()
    assert decisions(site) == []
    card(page, "P0005").drag_to(card(page, "P0004"))
    dialog.get_by_role("button", name="Merge").click()
    toast(page, "P0005 is P0004 now.")
    assert people(site) == {1: 2, 2: 2, 3: 3, 4: 4}


def test_selected_people_are_confirmed(site: Served, page: "Page") -> None:
    view(page, "People")
    page.get_by_role("checkbox", name="Select P0001").check()
    page.locator("#selection").get_by_role("button", name="Confirm").click()
    toast(page, "1 person is confirmed.")
    expect(card(page, "P0001")).to_contain_text("all reviewed")
    assert decisions(site) == ["confirmed"]


@pytest.mark.parametrize("name", ["Anna B.", ARABIC, "x" * 80, "<b>bold</b>"])
def test_a_person_is_renamed(site: Served, page: "Page", name: str) -> None:
    dialog = sheet(page, "P0004")
    dialog.get_by_role("button", name="Rename").click()
    page.get_by_role("textbox", name="Name of P0004").fill(name)
    page.keyboard.press("Enter")
    expect(dialog.locator("#sheet-title .tag")).to_have_text(name)
    page.keyboard.press("Escape")
    expect(card(page, name).locator(".names small")).to_have_text("P0004")
    labels = site.ask(lambda: [one.label for one in site.review.site.people()])
    assert labels == [None, None, None, name, None]
    box = card(page, name).bounding_box()
    assert box is not None
    assert card(page, name).evaluate("(one) => one.scrollWidth <= one.clientWidth")


def test_a_person_is_split_with_the_suggested_half(site: Served, page: "Page") -> None:
    dialog = sheet(page, "P0003")
    dialog.get_by_role("button", name="Suggest a split").click()
    expect(page.locator("#sheet-hint")).to_contain_text(
        "Looks suggest two people: 1 tracklet selected below, 2 not."
    )
    expect(tracklet(page, 7, "door")).to_be_checked()
    expect(tracklet(page, 5, "door")).not_to_be_checked()
    tracklet(page, 6, "hall").check()
    expect(page.locator("#sheet-chosen-text")).to_have_text("2 tracklets selected")
    tracklet(page, 6, "hall").uncheck()
    dialog.get_by_role("button", name="Split off").click()
    toast(page, "1 tracklet of P0003 became a new person, P0006.")
    expect(dialog.locator(".item")).to_have_count(2)
    assert people(site) == {1: 2, 2: 2, 3: 2, 4: 2, 5: 2, 6: 1}


def test_all_tracklets_cannot_be_split_off(page: "Page") -> None:
    dialog = sheet(page, "P0004")
    tracklet(page, 8, "door").check()
    expect(dialog.get_by_role("button", name="Split off")).to_be_enabled()
    tracklet(page, 9, "hall").check()
    expect(dialog.get_by_role("button", name="Split off")).to_be_disabled()


def test_a_tracklet_goes_to_another_person(site: Served, page: "Page") -> None:
    dialog = sheet(page, "P0003")
    tracklet(page, 7, "door").check()
    dialog.get_by_role("button", name="Move to").click()
    pick = page.locator("#pick")
    pick.get_by_role("radio", name="P0004").check()
    pick.get_by_role("button", name="Move").click()
    toast(page, "1 tracklet of P0003 went to P0004.")
    assert people(site) == {1: 2, 2: 2, 3: 2, 4: 3, 5: 2}


def test_some_tracklets_or_all_are_confirmed(site: Served, page: "Page") -> None:
    dialog = sheet(page, "P0003")
    tracklet(page, 5, "door").check()
    dialog.locator("#sheet-chosen").get_by_role("button", name="Confirm").click()
    toast(page, "1 tracklet of P0003 confirmed.")
    dialog.get_by_role("button", name="Confirm all").click()
    expect(dialog.locator("#sheet-facts")).to_contain_text("3 tracklets, 3 reviewed")
    assert decisions(site) == ["confirmed", "confirmed"]


def test_merging_from_the_sheet(site: Served, page: "Page") -> None:
    dialog = sheet(page, "P0002")
    dialog.get_by_role("button", name="Merge with").click()
    page.locator("#pick").get_by_role("radio", name="P0001").check()
    page.locator("#pick").get_by_role("button", name="Merge").click()
    expect(dialog.locator("#sheet-title")).to_contain_text("P0001")
    expect(dialog.locator(".item")).to_have_count(4)
    assert people(site) == {1: 4, 3: 3, 4: 2, 5: 2}


@pytest.mark.parametrize(("button", "yes", "said", "kind"), [
    ("Not a person", "Not a person", "P0005 is no person.", "not_a_person"),
    ("Erase…", "Erase", "P0005 is erased.", "erased"),
])  # fmt: skip
def test_a_person_goes_only_when_that_is_meant(
    site: Served, page: "Page", button: str, yes: str, said: str, kind: str
) -> None:
    dialog = sheet(page, "P0005")
    dialog.get_by_role("button", name=button).click()
    page.locator("#confirm").get_by_role("button", name="Cancel").click()
    assert decisions(site) == []
    dialog.get_by_role("button", name=button).click()
    page.locator("#confirm").get_by_role("button", name=yes).click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#grid .person")).to_have_count(4)
    assert people(site) == {1: 2, 2: 2, 3: 3, 4: 2}
    assert decisions(site) == [kind]
    view(page, "Decisions")
    expect(page.locator("#decisions li").first).to_contain_text(said)


def test_one_person_alone_has_none_to_merge_with(tmp_path: Path, browser: "Browser") -> None:
    with serving(tmp_path, stays=STAYS[:1]) as site, opened(browser, site.url) as (page, _):
        sheet(page, "P0001").get_by_role("button", name="Merge with").click()
        expect(page.locator("#pick-text")).to_have_text("There is no other person.")
        expect(page.locator("#pick-yes")).to_be_disabled()


def test_a_choice_that_a_search_hides_is_none(tmp_path: Path, browser: "Browser") -> None:
    """Enter would merge with a person who is not seen."""
    stays = (*STAYS, *(Stay(person, "door", 140 + 40 * person, axis=person + 2) for person in range(6, 11)))
    with serving(tmp_path, stays=stays) as site, opened(browser, f"{site.url}#people") as (page, _):
        sheet(page, "P0010").get_by_role("button", name="Merge with").click()
        pick, yes = page.locator("#pick"), page.locator("#pick-yes")
        expect(yes).to_be_disabled()
        pick.get_by_role("radio", name="P0001").check()
        expect(yes).to_be_enabled()
        search = pick.get_by_label("Find a person")
        search.fill("p0004")
        expect(yes).to_be_disabled()
        search.press("Enter")
        expect(pick).to_be_visible()
        assert decisions(site) == []
        pick.get_by_role("radio", name="P0004").check()
        search.press("Enter")
        toast(page, "P0010 is P0004 now.")
        assert decisions(site) == ["same"]


def test_what_an_earlier_decision_forbids_is_done_all_the_same(
    site: Served, opening: "tuple[Page, Complaints]"
) -> None:
    page, complaints = opening
    site.ask(lambda: site.review.apart(4, 5))
    view(page, "People")
    card(page, "P0005").drag_to(card(page, "P0004"))
    page.locator("#pick").get_by_role("button", name="Merge").click()
    failed = page.locator("#failed")
    expect(failed).to_contain_text("P0005 and P0004 are different people by decision 1 of ")
    expect(failed).to_contain_text("Where you do it all the same, that decision ends.")
    failed.get_by_role("button", name="Close").click()
    assert decisions(site) == ["different"]
    card(page, "P0005").drag_to(card(page, "P0004"))
    page.locator("#pick").get_by_role("button", name="Merge").click()
    failed.get_by_role("button", name="Do it all the same").click()
    toast(page, "P0005 is P0004 now.")
    assert decisions(site) == ["same"]
    view(page, "Decisions")
    page.locator("#undo").click()
    expect(page.locator("#decisions li.undone")).to_have_count(1)
    assert decisions(site) == ["different"]
    complaints.take("409")


MERGED = {1: 2, 2: 2, 3: 3, 5: 4}


@pytest.mark.parametrize(("button", "yes"), [("Not a person", "Not a person"), ("Erase…", "Erase")])
def test_a_person_who_is_more_by_now_does_not_go(
    site: Served, opening: "tuple[Page, Complaints]", button: str, yes: str
) -> None:
    """Another tab merges a person into the one who is about to go."""
    page, complaints = opening
    sheet(page, "P0005").get_by_role("button", name=button).click()
    told(site, "/api/people/4/merge", {"into": 5})
    page.locator("#confirm").get_by_role("button", name=yes).click()
    expect(page.locator("#failed")).to_contain_text("P0005 has other tracklets than were shown")
    assert people(site) == MERGED
    complaints.take("400")


def test_a_person_who_is_gone_by_now_is_said_to_be(site: Served, opening: "tuple[Page, Complaints]") -> None:
    page, complaints = opening
    sheet(page, "P0004").get_by_role("button", name="Rename").click()
    told(site, "/api/people/4/merge", {"into": 5})
    expect(page.locator("#sheet")).to_be_hidden()
    page.get_by_role("textbox", name="Name of P0004").fill("Ada")
    page.keyboard.press("Enter")
    expect(page.locator("#failed")).to_contain_text("P0004")
    assert people(site) == MERGED
    complaints.take("400")


def test_people_who_look_sure_are_confirmed_as_they_were_shown(
    site: Served, opening: "tuple[Page, Complaints]"
) -> None:
    page, complaints = opening
    page.get_by_role("button", name="Look and confirm").click()
    told(site, "/api/people/1/merge", {"into": 5})
    page.locator("#sure-yes").click()
    expect(page.locator("#failed")).to_contain_text("P0005 has other tracklets than were shown")
    assert decisions(site) == ["same"]
    complaints.take("400")


def test_the_focus_stays_in_the_dialog_where_its_button_is_gone(page: "Page") -> None:
    """What was pressed by key is hidden afterwards; the next Tab goes on in what is open."""
    inside = "() => document.activeElement.closest('dialog')?.id ?? document.activeElement.id"
    dialog = sheet(page, "P0003")
    tracklet(page, 7, "door").check()
    dialog.get_by_role("button", name="Split off").press("Enter")
    toast(page, "became a new person")
    page.wait_for_function("() => !document.body.classList.contains('running')")
    assert page.evaluate(inside) == "sheet"
    dialog.get_by_role("button", name="Not a person").press("Enter")
    page.locator("#confirm-yes").press("Enter")
    expect(dialog).to_be_hidden()
    page.wait_for_function("() => !document.body.classList.contains('running')")
    assert page.evaluate(inside) == "main"
