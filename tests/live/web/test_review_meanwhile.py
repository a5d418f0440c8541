"""Review of a site that runs, while others decide and erase: it keeps nothing of them, and undoes only its own."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.live.running import load_tracking
from tests.live.web.running_site import RunningSite, running_site
from tests.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    """A review that reads the site again only where it must."""
    load_tracking()
    with running_site(tmp_path, old_s=600, idle_s=2) as found:
        yield found


@pytest.fixture
def page(site: RunningSite) -> Iterator[httpx.Client]:
    headers = {"X-Reid": "test"}
    with httpx.Client(base_url=f"{site.url}review/", headers=headers, timeout=30) as client:
        yield client


def people(page: httpx.Client) -> dict[int, dict[str, Any]]:
    return {one["id"]: one for one in page.get("api/people").raise_for_status().json()}


def on_live_page(site: RunningSite, path: str, body: dict[str, Any] | None = None) -> None:
    answer = httpx.post(f"{site.url}api/{path}", json=body, headers={"X-Reid": "test"}, timeout=30)
    answer.raise_for_status()


def ask(page: httpx.Client, path: str, **body: Any) -> str:
    answer = page.post(path, json=body)
    assert answer.status_code == 200, answer.text
    told: str = answer.json()["told"]
    return told


def test_who_is_erased_is_in_no_answer_and_not_in_memory(site: RunningSite, page: httpx.Client) -> None:
    one, other = sorted(people(page))[:2]
    ask(page, f"api/people/{one}/rename", label="Ada")
    crops = {who: people(page)[who]["crops"][0] for who in (one, other)}
    tracklets = [tracklet["id"] for tracklet in page.get(f"api/people/{one}").json()["all"]]
    on_live_page(site, f"people/{one}/forget")
    assert page.get(crops[one]).status_code == 404
    assert page.get(crops[other]).status_code == 200
    assert page.get(f"api/people/{one}").status_code == 400
    for path in ("people", "questions", "timeline", "decisions"):
        assert "Ada" not in page.get(f"api/{path}").text
    assert page.get(f"api/boxes/{tracklets[0]}").status_code == 400
    on_live_page(site, f"people/{other}/forget")
    until(lambda: other not in {own.person_id for own in site.review._site.tracklets()})


def test_nothing_is_held_while_no_page_asks(site: RunningSite, page: httpx.Client) -> None:
    crop = people(page)[1]["crops"][0]
    held = site.review._site
    assert held._crops
    assert held._vectors
    time.sleep(1)
    assert page.get("api/review").json()["people"] == 4
    time.sleep(1.5)
    assert held._crops, "a page asked in between"
    until(lambda: not held._crops)
    assert (held._at_hand, held._vectors, held.tracklets(), held.labels()) == ({}, {}, [], {})
    assert page.get(crop).status_code == 200
    assert sorted(people(page)) == [1, 2, 3, 4]


def test_undo_takes_back_only_what_was_decided_in_review(site: RunningSite, page: httpx.Client) -> None:
    one, other, third = sorted(people(page))[:3]
    on_live_page(site, f"people/{one}/rename", {"label": "Ada"})
    assert page.get("api/review").json()["undoes"] is None
    refused = page.post("api/undo")
    assert (refused.status_code, "nothing that was decided here" in refused.text) == (400, True)
    assert site.label(one) == "Ada"
    on_live_page(site, f"people/{third}/rename", {"label": "Bea"})
    assert ask(page, f"api/people/{other}/rename", label="Cleo").endswith("is called Cleo.")
    on_live_page(site, f"people/{one}/confirm")
    assert ask(page, "api/undo").endswith("is called Cleo.")
    labels = {who: site.label(who) for who in (one, other, third)}
    assert labels == {one: "Ada", other: None, third: "Bea"}
    assert page.post("api/undo").status_code == 400
    ask(page, "api/redo")
    on_live_page(site, "decisions/undo", {"number": 3})
    assert site.label(other) is None
    for path in ("api/undo", "api/redo"):
        assert page.post(path).status_code == 400, "it was undone on the live page"
    on_live_page(site, "decisions/redo")
    assert ask(page, "api/undo").endswith("is called Cleo.")


def test_the_gallery_is_whole_in_one_file_at_the_end(tmp_path: Path) -> None:
    load_tracking()
    with running_site(tmp_path) as site:
        httpx.get(f"{site.url}review/api/people").raise_for_status()
        assert site.review.stop()
        assert "review" not in {thread.name for thread in threading.enumerate()}
        assert httpx.get(f"{site.url}review/api/people").status_code == 503
    assert sorted(file.name for file in tmp_path.glob("site.db*")) == ["site.db"]
