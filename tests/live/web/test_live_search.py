"""Search by photo on the review of a live site: the whole gallery, as it is now."""

import time
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import cv2
import httpx
import pytest

from reid.search.photo_search import PhotoSearch
from tests.live.blocks import BlockDetector, BlockEncoder, scene
from tests.live.running import load_tracking
from tests.live.web.running_site import RunningSite, running_site
from tests.search.rates import rates
from tests.web.browser import LOOKS, chromium, opened

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    load_tracking()
    told = rates(genuine=0.05, impostor=0.8)
    searching = PhotoSearch(BlockEncoder, BlockDetector, told)
    with running_site(tmp_path_factory.mktemp("site"), searching=searching) as found:
        yield found


@pytest.fixture(scope="module")
def page(site: RunningSite) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{site.url}review/", headers={"X-Reid": "test"}, timeout=30) as client:
        yield client


def search(page: httpx.Client, *people: int, **more: object) -> dict[str, Any]:
    photo = bytes(cv2.imencode(".png", scene({who: 0.1 + 0.2 * n for n, who in enumerate(people)}))[1])
    answer = page.post("api/search", json={"photo": b64encode(photo).decode(), **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def stored(page: httpx.Client, who: int) -> dict[str, Any]:
    """The answer, once the gallery has a sighting of the person."""
    end = time.monotonic() + 20
    while (found := search(page, who))["verdict"] != "found":
        assert time.monotonic() < end, found
        time.sleep(0.2)
    return found


def test_who_is_here_is_found_with_crops(site: RunningSite, page: httpx.Client) -> None:
    assert 'href="#photo"' in page.get("").text
    assert 'href="review/#photo"' in httpx.get(site.url).text
    first = stored(page, 3)["hits"][0]
    assert first["camera"]["name"] == "hall"
    assert first["distance"] < 0.05
    assert first["start"].startswith("20")
    assert first["tracklet"] is not None
    assert page.get(first["crops"][0]).headers["Content-Type"] == "image/jpeg"


def test_one_of_several_is_chosen(page: httpx.Client) -> None:
    assert len(search(page, 0, 3)["people"]) == 2
    assert search(page, 0, 3, person=2)["hits"][0]["camera"]["name"] == "hall"


def test_who_is_not_here_is_not_found(page: httpx.Client) -> None:
    assert search(page, 5)["verdict"] == "not_found"


def test_who_is_erased_is_not_found_any_more(site: RunningSite, page: httpx.Client) -> None:
    who = stored(page, 3)["hits"][0]["person"]["id"]
    site.hall.people.clear()  # or a new person is seen at once
    assert page.post(f"api/people/{who}/forget", json={}).status_code == 200
    assert who not in {hit["person"]["id"] for hit in search(page, 3)["hits"]}


@pytest.mark.parametrize("width", [1280, 390])
def test_the_live_page_leads_there(site: RunningSite, width: int) -> None:
    shape = {"viewport": {"width": width, "height": 844}, "has_touch": width < 500, "is_mobile": width < 500}
    with chromium() as browser, opened(browser, site.url, **shape) as (page, complaints):
        assert page.evaluate(LOOKS, [width < 500]) == []
        page.get_by_role("link", name="Search").click()
        page.locator("#photo-zone").wait_for()
        complaints.forgive("ERR_ABORTED")  # previews that were on their way
