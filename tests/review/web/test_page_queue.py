"""What is done in the queue of the review page, in a browser to a real gallery."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.review.web.page import decisions, people, view
from tests.review.web.toy_review import STAYS, Served, serving
from tests.web.browser import expect, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
CHANGED = (
    "before => [...document.querySelectorAll('.question')].find((one) => !one.hidden)?.textContent !== before"
)
READY = f"before => !document.body.classList.contains('running') && ({CHANGED})(before)"


def test_a_question_shows_both_sides_and_how_sure_it_is(page: "Page") -> None:
    asked = page.locator(".question:visible")
    expect(asked.locator(".side")).to_have_count(2)
    expect(asked.locator(".words")).to_contain_text("distance 0.")
    expect(asked.locator(".words")).to_contain_text("% likely")
    expect(asked.locator(".side").first).to_contain_text("26 Nov 11:00" if _english(page) else "11:00")
    for crop in asked.locator("img").all():
        expect(crop).to_have_js_property("naturalWidth", 48)
    expect(page.locator("#bar-text")).to_contain_text("of 11 tracklets reviewed")
    expect(page.locator("#bar-text")).to_contain_text("still expected")
    assert page.title().endswith("questions · reid review")


def _english(page: "Page") -> bool:
    return str(page.evaluate("navigator.language")) == "en-GB"


@pytest.mark.parametrize("way", ["keys", "buttons"])
def test_questions_are_answered_until_none_is_left(site: Served, page: "Page", way: str) -> None:
    clicks = 0
    while page.locator(".question:visible").count():
        title = page.locator(".question:visible h2").text_content() or ""
        shown = page.locator(".question:visible .side h3").all_text_contents()
        same = "same person" in title and {"P0001", "P0002"} == {name[:5] for name in shown}
        if way == "keys":
            page.keyboard.press("y" if same else "n")
        else:
            page.locator("#answers").get_by_role("button", name="Same" if same else "Different").click()
        clicks += 1
        expect(page.locator("#queue-undo")).to_be_enabled()  # as soon as the next one is shown
        assert clicks < 20
    expect(page.locator("#no-questions")).to_contain_text("No question is open")
    assert "same" in decisions(site)
    assert people(site) == {2: 4, 3: 2, 4: 2, 5: 2, 6: 1}, (
        "P0001 is P0002, and one tracklet of P0003 is not theirs"
    )


@pytest.mark.parametrize("gap_ms", [50, 150, 250])
def test_a_double_click_answers_one_question(site: Served, page: "Page", gap_ms: int) -> None:
    page.set_viewport_size({"width": 390, "height": 844})  # where the buttons keep their place
    box = page.get_by_role("button", name="Different").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for count in (1, 2):
        page.mouse.down(click_count=count)
        page.mouse.up(click_count=count)
        page.wait_for_timeout(gap_ms)
    expect(page.locator("#queue-undo")).to_be_enabled()
    assert len(decisions(site)) == 1


def test_a_button_that_is_held_down_by_key_is_pressed_once(site: Served, page: "Page") -> None:
    page.get_by_role("button", name="Different").focus()
    for _ in range(40):
        page.keyboard.down("Enter")
        page.wait_for_timeout(30)
    page.keyboard.up("Enter")
    expect(page.locator("#queue-undo")).to_be_enabled()
    assert len(decisions(site)) == 1


def test_an_answer_is_not_taken_for_a_question_that_came_this_moment(site: Served, page: "Page") -> None:
    """Another tab answers the question that is shown while a key is on its way."""
    asked = site.client.get("/api/questions").json()[0]
    before = page.locator(".question:visible").text_content()
    path = f"/api/questions/{asked['id']}"
    assert site.client.post(path, json={"answer": "no"}, headers={"X-Reid": "test"}).status_code == 200
    page.wait_for_function(CHANGED, arg=before)
    page.keyboard.press("y")
    expect(page.get_by_role("button", name="Same")).to_be_enabled()
    assert len(decisions(site)) == 1
    page.keyboard.press("n")
    expect(page.locator("#told")).to_be_visible()
    assert len(decisions(site)) == 2


def test_a_no_on_a_tracklet_says_what_happened(site: Served, page: "Page") -> None:
    for _ in range(8):
        if "Is this" in (page.locator(".question:visible h2").text_content() or ""):
            break
        before = page.locator(".question:visible").text_content()
        page.keyboard.press("s")
        page.wait_for_function(READY, arg=before)
    expect(page.locator(".question:visible h2")).to_contain_text("Is this P0003?")
    expect(page.locator(".question:visible .words")).to_contain_text("“Same” confirms it with 1 tracklet of")
    page.keyboard.press("n")
    expect(page.locator("#told")).to_have_text("1 tracklet of P0003 became a new person, P0006.")
    assert people(site) == {1: 2, 2: 2, 3: 2, 4: 2, 5: 2, 6: 1}
    page.keyboard.press("z")
    expect(page.locator("#told")).to_contain_text("Undone:")
    assert people(site) == {1: 2, 2: 2, 3: 3, 4: 2, 5: 2}


def test_crops_of_the_next_question_are_there_before_it_is_asked(page: "Page") -> None:
    waiting = page.locator(".question").nth(1)
    expect(waiting).to_be_hidden()
    for crop in waiting.locator("img").all():
        expect(crop).to_have_js_property("naturalWidth", 48)


def test_unsure_comes_again_and_skip_does_not(site: Served, page: "Page") -> None:
    total = len(site.client.get("/api/questions", params={"limit": 100}).json())
    page.get_by_role("button", name="Unsure").click()
    expect(page.locator("#told")).to_contain_text("asked again at the end")
    page.get_by_role("button", name="Skip").click()
    expect(page.locator("#told")).to_contain_text("not asked again")
    left = site.client.get("/api/questions", params={"limit": 100}).json()
    assert len(left) == total - 1
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#told")).to_have_text("The question is back.")
    assert len(site.client.get("/api/questions", params={"limit": 100}).json()) == total
    assert decisions(site) == []


def test_skipped_questions_are_told_of_when_no_other_is_left(page: "Page") -> None:
    total = 0
    while page.locator(".question:visible").count():
        page.get_by_role("button", name="Skip").click()
        expect(page.locator("#queue-undo")).to_be_enabled()
        total += 1
        assert total < 20
    expect(page.locator("#no-questions")).to_contain_text(f"{total} questions were skipped")


def test_keys_are_left_alone_where_one_writes(site: Served, page: "Page") -> None:
    view(page, "People")
    page.get_by_label("Show only people").fill("yn")
    page.keyboard.press("y")
    page.keyboard.press("n")
    assert decisions(site) == []
    expect(page.locator("#no-people")).to_contain_text("No person has that name")


def test_people_who_look_sure_are_confirmed_at_once(site: Served, page: "Page") -> None:
    text = page.locator("#sure-text").text_content() or ""
    number = int(text.split()[0])
    page.get_by_role("button", name="Look and confirm").click()
    dialog = page.locator("dialog[open]")
    expect(dialog.get_by_role("checkbox")).to_have_count(number)
    dialog.get_by_role("checkbox").first.uncheck()
    dialog.get_by_role("button", name="Confirm").click()
    expect(page.locator("#told")).to_contain_text("confirmed")
    assert decisions(site) == ["confirmed"] * (number - 1)
    expect(page.locator("#sure-text")).to_contain_text("1 person looks sure")


def test_both_at_once_is_flagged(tmp_path: Path, browser: "Browser") -> None:
    from dataclasses import replace

    stays = (*STAYS[:2], replace(STAYS[2], start=0), STAYS[3], *STAYS[7:])
    with serving(tmp_path, stays=stays) as site, opened(browser, site.url) as (page, _):
        asked = site.client.get("/api/questions", params={"limit": 100}).json()
        place = next(at for at, one in enumerate(asked) if one["at_once"])
        for _step in range(place):
            before = page.locator(".question:visible").text_content()
            page.keyboard.press("s")
            page.wait_for_function(READY, arg=before)
        expect(page.locator(".question:visible .flag")).to_contain_text("seen at once in one camera")


def test_a_question_shows_names_that_were_given_meanwhile(site: Served, page: "Page") -> None:
    """Cards of the next questions are made before they are asked."""
    second = site.client.get("/api/questions").json()[1]
    person = second["one"]["person"]
    expect(page.locator(".question").nth(1)).to_contain_text(person["name"])
    path = f"/api/people/{person['id']}/rename"
    assert site.client.post(path, json={"label": "Ann"}, headers={"X-Reid": "test"}).status_code == 200
    page.keyboard.press("s")
    expect(page.locator(".question:visible")).to_contain_text("Ann")
