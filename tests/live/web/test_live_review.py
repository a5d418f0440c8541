"""Review of a site that runs: what is decided there binds at once, and the live page shows it."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.live.running import load_tracking
from tests.live.web.running_site import RunningSite, running_site

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    load_tracking()
    with running_site(tmp_path_factory.mktemp("site")) as found:
        yield found


@pytest.fixture(scope="module")
def page(site: RunningSite) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{site.url}review/", headers={"X-Reid": "test"}, timeout=30) as client:
        yield client


def until(found: Callable[[], Any]) -> Any:
    end = time.monotonic() + 20
    while not (answer := found()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return answer


def people(page: httpx.Client) -> dict[int, dict[str, Any]]:
    page.get("api/review").raise_for_status()  # which reads again what is old
    return {one["id"]: one for one in page.get("api/people").raise_for_status().json()}


def ask(page: httpx.Client, path: str, **body: Any) -> str:
    answer = page.post(path, json=body)
    assert answer.status_code == 200, answer.text
    told: str = answer.json()["told"]
    return told


def test_who_is_here_is_under_review_with_crops(site: RunningSite, page: httpx.Client) -> None:
    found = until(lambda: len(people(page)) == 4 and people(page))
    for one in found.values():
        assert one["crops"], one
        crop = page.get(one["crops"][0])
        assert crop.headers["Content-Type"] == "image/jpeg"
        assert crop.content.startswith(b"\xff\xd8")
    about = page.get("api/review").json()
    assert (about["can_write"], about["title"], about["cameras"]) == (False, "the last 10 minutes", 2)
    assert page.get("").headers["Content-Type"].startswith("text/html")
    assert '<a href="../">Live page</a>' in page.get("").text
    assert 'href="review/"' in httpx.get(site.url).text


def test_it_grows_while_people_walk(page: httpx.Client) -> None:
    before = page.get("api/review").json()["revision"]
    until(lambda: page.get("api/review").json()["revision"] > before)


def test_decisions_are_the_engine_s(site: RunningSite, page: httpx.Client) -> None:
    one, other, third = sorted(until(lambda: len(people(page)) == 4 and people(page)))[:3]
    ask(page, f"api/people/{one}/rename", label="Ada")
    assert site.label(one) == "Ada"
    assert ask(page, f"api/people/{other}/merge", into=one).endswith("is Ada now.")
    assert other not in people(page)
    state = httpx.get(f"{site.url}api/state").json()
    assert other not in {person["id"] for person in state["people"]}
    sheet = until(lambda: _several(page, one))
    split = [sheet["all"][-1]["id"]]
    told = ask(page, f"api/people/{one}/split", tracklets=split)
    assert "became a new person" in told
    new = max(people(page))
    assert [tracklet["id"] for tracklet in page.get(f"api/people/{new}").json()["all"]] == split
    assert ask(page, "api/undo").startswith("Undone: ")
    assert new not in people(page)
    assert ask(page, "api/redo").startswith("Done again: ")
    ask(page, f"api/people/{third}/ignore")
    assert third not in people(page)
    time.sleep(1.5)  # re-clustering thinks twice a second
    now = people(page)
    assert (other in now, third in now, new in now, site.label(one)) == (False, False, True, "Ada")
    kinds = [decision["kind"] for decision in page.get("api/decisions").json()]
    assert kinds == ["not_a_person", "different", "same", "named"]


def test_what_cannot_be_done_is_said(page: httpx.Client) -> None:
    answer = page.post("api/people/77/merge", json={"into": 1})
    assert answer.status_code == 400
    assert "77" in answer.json()["error"]
    assert page.post("api/write").json()["error"].startswith("there is no results folder at hand")
    assert httpx.post(f"{page.base_url}api/undo").status_code == 403, "the live page's access control holds"


def test_erasing_leaves_no_byte_behind_while_review_reads(site: RunningSite, page: httpx.Client) -> None:
    one = until(lambda: min(people(page), default=None))
    ask(page, f"api/people/{one}/forget")
    assert one not in site.people()
    assert b"Ada" not in site.here.store.path.read_bytes()


def _several(page: httpx.Client, person_id: int) -> dict[str, Any] | None:
    people(page)
    sheet: dict[str, Any] = page.get(f"api/people/{person_id}").json()
    return sheet if len(sheet["all"]) > 1 else None
