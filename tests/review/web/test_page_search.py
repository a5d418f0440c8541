"""Search by photo on the review page: the route, and the page in a browser."""

from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from tests.review.web.page import decisions, people, toast, view
from tests.review.web.test_page_looks import SIZES, context, faults
from tests.review.web.toy_review import ASKS, Served, photo_of, serving, slow_writing, write_videos
from tests.web.browser import expect, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FilePayload, Page

pytestmark = pytest.mark.slow


def ask(site: Served, photo: bytes, status: int = 200, **more: object) -> dict[str, Any]:
    body = {"photo": b64encode(photo).decode(), **more}
    answer = site.client.post("/api/search", json=body, headers=ASKS)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def upload(photo: bytes) -> "FilePayload":
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": photo}


def test_the_person_of_a_photo_is_found(site: Served) -> None:
    found = ask(site, photo_of(3))
    assert found["verdict"] == "found"
    assert found["people"] == []
    assert [hit["person"]["name"] for hit in found["hits"][:2]] == ["P0003", "P0003"]
    first = found["hits"][0]
    assert first["probability"] > 0.9
    assert first["false_finds"] < 0.01
    assert first["start"].startswith("2026-11-26T11:00:")
    assert site.client.get(f"/{first['crops'][0]}").headers["content-type"] == "image/jpeg"
    assert first["tracklet"] in [one["id"] for one in site.client.get("/api/people/3").json()["all"]]
    at_door = ask(site, photo_of(3), camera="door")
    assert {hit["camera"]["name"] for hit in at_door["hits"]} == {"door"}
    assert len(ask(site, photo_of(3), top=2)["hits"]) == 2


def test_of_several_people_none_is_searched_for_unless_chosen(site: Served) -> None:
    several = ask(site, photo_of(3, 1))
    assert (several["verdict"], several["box"], several["hits"]) == (None, None, [])
    assert [one["number"] for one in several["people"]] == [1, 2]
    assert several["people"][0]["box"][0] < several["people"][1]["box"][0]
    assert ask(site, photo_of(3, 1), person=2)["hits"][0]["person"]["name"] == "P0001"
    by_box = ask(site, photo_of(3, 1), box=several["people"][0]["box"])
    assert by_box["hits"][0]["person"]["name"] == "P0003"


def test_what_is_no_photo_is_a_sentence(site: Served) -> None:
    assert "no image that can be decoded" in ask(site, b"GIF89a", 400)["error"]
    assert "shows 2 people" in ask(site, photo_of(3, 1), 400, person=7)["error"]
    dark = bytes(cv2.imencode(".png", np.zeros((90, 160, 3), np.uint8))[1])
    assert "no person was found in it" in ask(site, dark, 400)["error"]
    answer = site.client.post("/api/search", json={"photo": "?"}, headers=ASKS)
    assert answer.status_code == 400
    assert site.client.post("/api/search", json={"photo": ""}).status_code in (400, 403), "without the header"


def test_who_is_erased_is_not_found(site: Served) -> None:
    assert ask(site, photo_of(3))["verdict"] == "found"
    assert site.client.post("/api/people/3/forget", headers=ASKS).status_code == 200
    assert "P0003" not in {hit["person"]["name"] for hit in ask(site, photo_of(3))["hits"]}


def test_a_photo_is_searched_for_and_a_sighting_opened(site: Served, page: "Page") -> None:
    view(page, "Search")
    page.locator("#photo-file").set_input_files(upload(photo_of(3)))
    expect(page.locator("#found-text")).to_contain_text("within 0.")
    first = page.locator("#found .hit").first
    expect(first).to_contain_text("P0003")
    expect(first).to_contain_text("over 99 %")
    expect(page.locator("#photo-marks .mark")).to_have_count(1)
    drawn = page.locator("#photo-image").bounding_box()
    assert drawn is not None
    assert drawn["height"] >= 200, "a small crop is drawn larger"
    natural = page.locator("#photo-image").evaluate("image => image.naturalWidth / image.naturalHeight")
    assert drawn["width"] / drawn["height"] == pytest.approx(natural, rel=0.02)
    first.get_by_role("button", name="Open P0003").click()
    expect(page.locator("#sheet-title")).to_contain_text("P0003")


def test_the_person_is_chosen_in_the_photo(site: Served, page: "Page") -> None:
    view(page, "Search")
    page.locator("#photo-file").set_input_files(upload(photo_of(3, 4)))
    expect(page.locator("#found-text")).to_have_text("The photo shows 2 people; choose one.")
    expect(page.locator("#found .hit")).to_have_count(0)
    page.get_by_role("button", name="Person 2 of the photo").click()
    expect(page.locator("#found .hit").first).to_contain_text("P0004")


def test_confirmed_results_are_decisions(site: Served, page: "Page") -> None:
    view(page, "Search")
    page.locator("#photo-file").set_input_files(upload(photo_of(3)))
    for number in (0, 1):
        page.locator("#found .hit").nth(number).get_by_role("checkbox").check()
    expect(page.locator("#found-chosen-text")).to_have_text("2 sightings selected")
    page.get_by_role("button", name="They show one person").click()
    toast(page, "Kept as a decision.")
    assert decisions(site) == ["confirmed"]
    expect(page.locator("#found-chosen")).to_be_hidden()


def test_sightings_of_two_people_become_those_of_one(site: Served, page: "Page") -> None:
    view(page, "Search")
    page.locator("#photo-file").set_input_files(upload(photo_of(1)))
    hits = page.locator("#found .hit")
    hits.filter(has_text="P0001").first.get_by_role("checkbox").check()
    hits.filter(has_text="P0002").first.get_by_role("checkbox").check()
    page.get_by_role("button", name="They show one person").click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_role("radio", name="P0001").check()
    dialog.get_by_role("button", name="Move and confirm").click()
    toast(page, "Kept as a decision.")
    assert people(site)[1] == 3
    assert people(site)[2] == 1
    assert sorted(decisions(site)) == ["confirmed", "moved"]


def test_a_photo_is_dropped(site: Served, page: "Page") -> None:
    view(page, "Search")
    page.evaluate(
        """(base64) => {
            const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)), data = new DataTransfer();
            data.items.add(new File([bytes], "dropped.jpg", { type: "image/jpeg" }));
            const dropped = { dataTransfer: data, bubbles: true, cancelable: true };
            document.getElementById("photo-zone").dispatchEvent(new DragEvent("drop", dropped));
        }""",
        b64encode(photo_of(5)).decode(),
    )
    expect(page.locator("#found .hit").first).to_contain_text("P0005")
    page.locator("#photo-file").set_input_files(
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"x"}
    )
    expect(page.locator("#found-text")).to_contain_text("notes.txt is no image that the browser can show")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_looks_right(browser: "Browser", tmp_path: Path, size: str, scheme: str) -> None:
    write_videos(tmp_path, frames=20)
    with (
        serving(tmp_path, prepare=slow_writing) as site,
        opened(browser, site.url, **context(size, scheme)) as (page, _),
    ):
        view(page, "Search")
        page.locator("#photo-file").set_input_files(upload(photo_of(3, 4, 1)))
        page.get_by_role("button", name="Person 3 of the photo").wait_for()
        assert faults(page, size) == []
        page.get_by_role("button", name="Person 1 of the photo").click()
        page.locator("#found .hit").nth(3).wait_for()
        page.locator("#found .hit").first.get_by_role("checkbox").check()
        page.locator("#found img").first.wait_for()
        assert faults(page, size) == []
        page.screenshot(path=str(tmp_path / f"search-{size}-{scheme}.png"), full_page=True)
