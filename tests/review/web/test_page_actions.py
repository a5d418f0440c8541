"""Everything that can be done on the review page, done in a browser to a real gallery."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.review.web.toy_review import RUN, STAYS, Served, serving, slow_writing, write_videos
from tests.web.browser import Complaints, chromium, expect, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.slow
CHANGED = (
    "before => [...document.querySelectorAll('.question')].find((one) => !one.hidden)?.textContent !== before"
)
ARABIC = "محمد بن عبد الله"


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    with chromium() as found:
        yield found


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    write_videos(tmp_path)
    with serving(tmp_path, prepare=slow_writing) as served:
        yield served


@pytest.fixture
def opening(site: Served, browser: "Browser") -> "Iterator[tuple[Page, Complaints]]":
    with opened(browser, site.url, viewport={"width": 1280, "height": 800}) as found:
        found[0].locator(".question:visible").wait_for()
        yield found


@pytest.fixture
def page(opening: "tuple[Page, Complaints]") -> "Page":
    return opening[0]


def people(site: Served) -> dict[int, int]:
    """Number of tracklets by person, as the gallery has it."""
    found = site.ask(lambda: {one.person_id: one.sightings for one in site.review.site.store.people()})
    assert isinstance(found, dict)
    return found


def decisions(site: Served) -> list[str]:
    """Kinds of the decisions that hold."""
    found = site.ask(lambda: [one.kind for one in site.review.decisions() if one.undone is None])
    assert isinstance(found, list)
    return found


def view(page: "Page", name: str) -> None:
    page.locator(".tabs").get_by_role("link", name=name).click()


def card(page: "Page", name: str) -> "Locator":
    return page.locator("#grid .person").filter(has=page.locator(".tag", has_text=name))


def sheet(page: "Page", name: str) -> "Locator":
    view(page, "People")
    card(page, name).get_by_role("button", name=f"Open {name}").click()
    found = page.locator("#sheet")
    expect(found.locator("#sheet-title")).to_contain_text(name)
    return found


def tracklet(page: "Page", number: int, camera: str) -> "Locator":
    return page.locator("#sheet").get_by_role("checkbox", name=f"Select tracklet {number} of {camera}")


def toast(page: "Page", text: str) -> None:
    page.locator("#toast").filter(has_text=text).wait_for()


# the queue ---


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
    assert len(people(site)) in (4, 5)


def test_a_no_on_a_tracklet_says_what_happened(site: Served, page: "Page") -> None:
    for _ in range(8):
        if "Is this" in (page.locator(".question:visible h2").text_content() or ""):
            break
        before = page.locator(".question:visible").text_content()
        page.keyboard.press("s")
        page.wait_for_function(
            CHANGED,
            arg=before,
        )
    expect(page.locator(".question:visible h2")).to_contain_text("Is this P0003?")
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
            page.wait_for_function(
                CHANGED,
                arg=before,
            )
        expect(page.locator(".question:visible .flag")).to_contain_text("seen at once in one camera")


# people ---


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
    ("Not a person", "Not a person", "P0005 is not a person.", "not_a_person"),
    ("Erase…", "Erase", "P0005 is erased from the gallery.", "erased"),
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
    expect(page.locator("#decisions li").first).to_contain_text(said.split(" from")[0].rstrip("."))


# the timeline ---


def test_a_bar_plays_the_moment_with_the_box(page: "Page") -> None:
    view(page, "Timeline")
    expect(page.locator(".bar")).to_have_count(11)
    expect(page.locator("#timeline .row")).to_have_count(2)
    expect(page.locator("#timeline .tick").first).to_have_text("11:00:00")
    page.locator("#rows-by").get_by_role("button", name="By person").click()
    expect(page.locator("#timeline .row")).to_have_count(5)
    page.locator(f'[data-tracklet="{RUN[:12]}/door/7"]').click()
    video = page.locator(".player video")
    page.wait_for_function("() => document.querySelector('.player video')?.readyState >= 2")
    now = video.evaluate("(video) => { video.pause(); return video.currentTime }")
    assert 10.9 < now < 14.5, "it begins where the tracklet does"
    video.evaluate("(video) => { video.currentTime = 12.05 }")
    page.wait_for_function(
        "() => ['10', '11'].includes(document.querySelector('.player canvas').dataset.box)"
    )
    drawn = page.locator(".player canvas").evaluate(
        "(one) => { const all = one.getContext('2d').getImageData(0, 0, one.width, one.height).data;"
        " const xs = []; for (let at = 3; at < all.length; at += 4) if (all[at]) xs.push(((at - 3) / 4) % one.width);"
        " return [Math.min(...xs), Math.max(...xs)] }"
    )
    left = 10 + 100 * 10.5 / 29
    assert drawn[0] == pytest.approx(left - 5, abs=6)
    assert drawn[1] == pytest.approx(left + 25, abs=6)
    video.evaluate("(video) => { video.currentTime = 2 }")
    page.wait_for_function("() => document.querySelector('.player canvas').dataset.box === ''")
    page.locator(".player").get_by_role("button", name="Close").click()
    expect(page.locator(".player")).to_have_count(0)


def test_a_longer_scale_and_a_click_beside_a_bar(page: "Page") -> None:
    view(page, "Timeline")
    first = page.locator(".bar").first
    before = first.bounding_box()
    page.get_by_role("button", name="Show less time").click()
    after = page.locator(".bar").first.bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] == pytest.approx(2 * before["width"], rel=0.05)
    page.mouse.click(after["x"] + after["width"] + 8, after["y"] + 5)
    expect(page.locator(".player")).to_be_visible()
    expect(first).to_have_class("bar playing")


def test_a_tracklet_plays_in_the_sheet(page: "Page") -> None:
    dialog = sheet(page, "P0004")
    dialog.get_by_role("button", name="Play").first.click()
    page.wait_for_function("() => document.querySelector('#sheet .player video')?.readyState >= 2")
    page.keyboard.press("Escape")
    expect(page.locator(".player")).to_have_count(0)


def test_without_a_video_it_says_so(tmp_path: Path, browser: "Browser") -> None:
    with serving(tmp_path) as site, opened(browser, f"{site.url}#timeline") as (page, _):
        page.locator(".bar").first.click()
        expect(page.locator(".player")).to_contain_text("There is no video")


def test_a_video_that_cannot_be_played_is_a_sentence(tmp_path: Path, browser: "Browser") -> None:
    write_videos(tmp_path, frames=5)
    (tmp_path / "video" / "door.mp4").write_bytes(b"no video at all" * 100)
    with serving(tmp_path) as site, opened(browser, f"{site.url}#timeline") as (page, _):
        page.locator(f'[data-tracklet="{RUN[:12]}/door/1"]').click()
        expect(page.locator(".player")).to_contain_text("cannot play the annotated video")


# decisions, writing ---


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
    expect(page.locator("#decisions li")).to_contain_text("P0001 is confirmed.")
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
    expect(page.locator("#decisions li.undone")).to_contain_text("P0001 is confirmed.")
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


# servers that are slow, gone, or refuse ---


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
    first = [True]

    def lost(route: object) -> None:
        if first[0]:
            first[0] = False
            route.fetch()  # type: ignore[attr-defined]
            route.abort("connectionreset")  # type: ignore[attr-defined]
        else:
            route.continue_()  # type: ignore[attr-defined]

    page.route("**/api/questions/*", lost)
    page.keyboard.press("n")
    page.locator("#failed").get_by_role("button", name="Try again").click()
    expect(page.locator("#failed")).to_contain_text("not open any more")
    expect(page.locator("#failed").get_by_role("button", name="Try again")).to_be_hidden()
    page.locator("#failed").get_by_role("button", name="Close").click()
    assert len(decisions(site)) == 1
    complaints.take("ERR_CONNECTION_RESET")
    complaints.take("400")


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
