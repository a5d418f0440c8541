"""What a viewer, a reviewer and an admin may do on a page."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

from reid.errors import InputError
from reid.live.web.app import build_app
from reid.live.web.page_config import PageConfig
from reid.live.web.server import PageServer
from reid.web.app import Entry
from reid.web.roles import ROLES, Role, allows, needed, tokens
from tests.live.web.page_site import ASKS, TOKEN, Recorder, Site, filled, serving
from tests.live.web.test_openapi import routes
from tests.web.browser import expect, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TOKENS: dict[Role, str] = {"viewer": "viewer-token", "reviewer": "reviewer-token", "admin": TOKEN}
# every request of the live page that changes something; a new one must be put here, with who may make it
CHANGES: dict[str, Role] = {
    "POST /api/people/{person_id}/forget": "admin",
    "POST /api/cameras": "admin",
    "DELETE /api/cameras/{name}": "admin",
    "POST /api/cameras/{name}/pause": "admin",
    "POST /api/cameras/{name}/resume": "admin",
    "POST /api/cameras/{name}/zones": "admin",
    "DELETE /api/cameras/{name}/zones/{zone}": "admin",
    "POST /api/retention/confirm": "admin",
    "POST /api/people/{person_id}/rename": "reviewer",
    "POST /api/people/{person_id}/merge": "reviewer",
    "POST /api/people/{person_id}/split": "reviewer",
    "POST /api/people/{person_id}/confirm": "reviewer",
    "POST /api/people/{person_id}/ignore": "reviewer",
    "POST /api/decisions/undo": "reviewer",
    "POST /api/decisions/redo": "reviewer",
}


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(
        token=TOKENS["admin"],
        further={"PAGE_REVIEWER": TOKENS["reviewer"], "PAGE_VIEWER": TOKENS["viewer"]},
    ) as site:
        yield site


def bearer(role: Role) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS[role]}"} | ASKS


def test_every_route_that_changes_something_has_a_role() -> None:
    asked = {
        f"{method} {route.path}"
        for route in routes()
        for method in route.methods
        if method not in ("GET", "HEAD")
    }
    assert asked == set(CHANGES)
    for request, role in CHANGES.items():
        method, path = request.split()
        real = re.sub(r"{[^}]*}", "7", path)
        for own in (real, f"/review{real}", f"{real}/"):
            assert needed(method, own) == role, request


def test_review_alone_asks_an_admin_to_erase() -> None:
    for path in ("/api/people/3/forget", "/review/api/people/3/forget"):
        assert needed("POST", path) == "admin"
    for path in ("/api/questions/q1", "/api/undo", "/api/write", "/api/search", "/review/api/people/3/merge"):
        assert needed("POST", path) == "reviewer"
    assert needed("GET", "/api/cameras") == "viewer"


def test_each_role_may_do_what_those_before_may() -> None:
    assert [[allows(role, wanted) for wanted in ROLES] for role in ROLES] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_may(site: Site, role: Role) -> None:
    assert site.client.get("/api/state", headers=bearer(role)).status_code == 200
    renamed = site.client.post("/api/people/1/rename", json={"label": "Ann"}, headers=bearer(role))
    forgotten = site.client.post("/api/people/1/forget", headers=bearer(role))
    camera = site.client.delete("/api/cameras/door", headers=bearer(role))
    allowed = {"viewer": (403, 403), "reviewer": (204, 403), "admin": (204, 204)}[role]
    assert (renamed.status_code, forgotten.status_code) == allowed
    assert camera.status_code == allowed[1]
    if role == "viewer":
        assert renamed.json() == {
            "error": "this token is a viewer's, which may look; this needs the token of a reviewer"
        }
        assert site.control.asked == []
    if role != "admin":
        assert forgotten.json()["error"].endswith("this needs the token of an admin")


@pytest.mark.parametrize("role", ROLES)
def test_a_browser_has_the_role_that_it_entered_with(site: Site, role: Role) -> None:
    with httpx.Client(base_url=site.client.base_url, headers=ASKS) as browser:
        assert browser.post("/login", data={"token": TOKENS[role]}).status_code == 303
        assert browser.get("/api/state").status_code == 200
        forgotten = browser.post("/api/people/1/forget")
        assert forgotten.status_code == (204 if role == "admin" else 403)


def test_another_role_takes_the_place_of_the_former_one(site: Site) -> None:
    with httpx.Client(base_url=site.client.base_url, headers=ASKS) as browser:
        browser.post("/login", data={"token": TOKENS["admin"]})
        browser.get("/", params={"token": TOKENS["viewer"]})
        assert browser.post("/api/people/1/forget").status_code == 403
        assert browser.post("/api/people/1/rename", json={"label": "Ann"}).status_code == 403
        browser.post("/login", data={"token": TOKENS["reviewer"]})
        assert browser.post("/api/people/1/rename", json={"label": "Ann"}).status_code == 204


def test_without_an_admins_token_no_caller_is_one() -> None:
    with serving(further={"PAGE_VIEWER": TOKENS["viewer"]}) as site:
        assert site.client.get("/api/state").status_code == 401
        assert site.client.get("/api/state", headers=bearer("viewer")).status_code == 200
        assert site.client.post("/api/people/1/forget", headers=bearer("viewer")).status_code == 403
        assert site.client.post("/api/people/1/forget", headers=ASKS).status_code == 401
    assert build_app(filled(), Recorder(), entry=Entry(tokens={})) is not None


def test_tokens_of_roles_are_read_and_checked() -> None:
    environment = {"T": "administrator", "T_REVIEWER": " reviewers ", "T_VIEWER": ""}
    assert tokens("T", environment) == {"admin": "administrator", "reviewer": "reviewers"}
    with pytest.raises(InputError, match="the token in T_VIEWER has 5 characters; take 8 at least"):
        tokens("T", {"T_VIEWER": "short"})
    with pytest.raises(InputError, match="T holds the token of another role"):
        tokens("T", {"T": "the-same-one", "T_VIEWER": "the-same-one"})
    with pytest.raises(InputError, match="needs a token"):
        PageServer("0.0.0.0:0", PageConfig(listen="0.0.0.0:0", token_env="NONE"), {})
    PageServer(
        "0.0.0.0:0", PageConfig(listen="0.0.0.0:0", token_env="T"), {"T_VIEWER": "viewers-only"}
    ).stop()


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_the_page_shows_what_a_role_may_do(site: Site, browser: "Browser", role: Role) -> None:
    with opened(browser, f"{site.client.base_url}/?token={TOKENS[role]}") as (page, complaints):
        card = page.locator("#here .person").first
        card.wait_for()
        decides, manages = role != "viewer", role == "admin"
        for name, shown in (("Rename", decides), ("Confirm", decides), ("Forget", manages)):
            expect(card.get_by_role("button", name=name).first).to_be_visible(visible=shown)
        expect(page.locator("#undo")).to_be_visible(visible=decides)
        expect(page.locator("#add")).to_be_visible(visible=manages)
        expect(page.locator("#health .actions button").first).to_be_visible(visible=manages)
        complaints.forgive("/people/")
