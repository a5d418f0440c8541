"""The timeline of the review page and its player, in a browser."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.review.web.asked import told
from tests.review.web.page import sheet, view
from tests.review.web.toy_review import RUN, Served, serving, write_videos
from tests.web.browser import expect, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow


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
    page.locator(".player").get_by_role("button", name="Close").press("Enter")
    expect(page.locator(".player")).to_have_count(0)
    expect(page.locator(f'[data-tracklet="{RUN[:12]}/door/7"]')).to_be_focused()


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


def test_a_name_in_a_bar_is_not_cut_to_what_all_have(site: Served, browser: "Browser") -> None:
    """On a phone all bars said P0…"""
    size = {"width": 390, "height": 844}
    with opened(browser, f"{site.url}#timeline", viewport=size) as (page, _):
        expect(page.locator(".bar")).to_have_count(11)
        for zoom in range(3):
            for name in page.locator(".bar span").all():
                assert name.evaluate("(one) => one.scrollWidth <= one.clientWidth"), zoom
            page.get_by_role("button", name="Show less time").click()
        expect(page.locator(".bar span").first).to_have_text("P0001")


def test_what_is_erased_meanwhile_plays_no_more(site: Served, page: "Page") -> None:
    """Another tab erases the person whose crops and video are shown."""
    view(page, "Timeline")
    page.locator(f'[data-tracklet="{RUN[:12]}/door/7"]').click()
    expect(page.locator(".player .crops img")).to_have_count(4)
    told(site, "/api/people/4/confirm")
    expect(page.locator("#fact-reviewed")).to_have_text("2 of 11 tracklets")
    expect(page.locator(".player")).to_be_visible()
    told(site, "/api/people/3/forget")
    expect(page.locator(".player")).to_have_count(0)


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


def test_without_results_there_is_no_video_and_the_player_says_so(tmp_path: Path, browser: "Browser") -> None:
    with serving(tmp_path, results=False) as site, opened(browser, f"{site.url}#timeline") as (page, _):
        page.locator(".bar").first.click()
        expect(page.locator(".player")).to_contain_text("There is no video")
