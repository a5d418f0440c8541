"""Everything that can be done on the live page, done in a browser to a site that runs."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reid.types import person_name
from tests.live.running import load_tracking
from tests.live.web.page_site import TOKEN, serving, until
from tests.live.web.running_site import RunningSite, running_site
from tests.web.browser import Complaints, chromium, expect, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.slow
ARABIC = "محمد بن عبد الله"


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
def opening(site: RunningSite, browser: "Browser") -> "Iterator[tuple[Page, Complaints]]":
    with opened(browser, site.url) as found:
        yield found
        found[1].forgive("/people/")  # crops of people who were merged away or forgotten just now


@pytest.fixture
def page(opening: "tuple[Page, Complaints]") -> "Page":
    return opening[0]


def card(page: "Page", name: str) -> "Locator":
    """The card of a person whose name or number is shown."""
    return page.locator("#here .person").filter(has=page.locator(".tag", has_text=name))


def toast(page: "Page", text: str) -> None:
    page.locator("#toast").filter(has_text=text).wait_for()


def test_the_page_shows_who_is_there(site: RunningSite, page: "Page") -> None:
    expect(page.locator("#here .person")).to_have_count(4)
    assert page.locator("#fact-here").text_content() == "4"
    assert page.locator("#fact-cameras").text_content() == "2 of 2"
    assert page.title() == "4 here · reid live"
    names = page.locator("#here .tag").all_text_contents()
    assert sorted(names) == ["P0001", "P0002", "P0003", "P0004"]
    for shown in page.locator("#wall img").all():
        expect(shown).to_have_js_property("naturalWidth", 160)  # as the preview is drawn
    assert page.locator("#timeline .row").count() == 4
    assert page.locator("#health tr").count() == 2
    site.door.people.pop(0)  # a person leaves
    page.locator("#recent .person").wait_for(timeout=30_000)
    assert page.locator("#here .person").count() == 3
    assert page.locator("#events li.left").count() == 1
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
    site.ask(lambda here: here.control._rename(3, "Bob"))
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
    site.ask(lambda here: here.control._merge(int(gone[1:]), int(into[1:])))
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
    site.ask(lambda here: here.control._merge(int(gone[1:]), int(into[1:])))
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
    assert page.locator("#health tr").count() == 2


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
    site.ask(lambda here: here.control._merge(4, 2))
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
