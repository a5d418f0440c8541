"""The review page of a viewer, a reviewer and an admin."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reid.web.roles import ROLES, Role
from tests.review.web.page import view
from tests.review.web.toy_review import ASKS, serving
from tests.web.browser import expect, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow
TOKENS: dict[Role, str] = {"viewer": "viewer-token", "reviewer": "reviewer-token", "admin": "admin-token"}


@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_sees_and_may(tmp_path: Path, browser: "Browser", role: Role) -> None:
    further = {"PAGE_REVIEWER": TOKENS["reviewer"], "PAGE_VIEWER": TOKENS["viewer"]}
    decides, manages = role != "viewer", role == "admin"
    with serving(tmp_path, token=TOKENS["admin"], further=further) as site:
        with opened(browser, f"{site.client.base_url}/?token={TOKENS[role]}") as (page, _):
            page.locator(".question:visible").wait_for()
            expect(page.locator("#answers [data-answer=yes]")).to_be_visible(visible=decides)
            expect(page.locator("#answers [data-answer=skip]")).to_be_visible()
            view(page, "People")
            page.locator("#view-people .open").first.click()
            page.locator("#sheet-title").wait_for()
            expect(page.locator("#sheet-actions [data-do=rename]")).to_be_visible(visible=decides)
            expect(page.locator("#sheet-actions [data-do=forget]")).to_be_visible(visible=manages)
        headers = ASKS | {"Authorization": f"Bearer {TOKENS[role]}"}
        named = site.client.post("/api/people/1/rename", json={"label": "Ann"}, headers=headers)
        erased = site.client.post("/api/people/2/forget", json={}, headers=headers)
        assert [named.status_code == 200, erased.status_code == 200] == [decides, manages]
        assert {named.status_code, erased.status_code} <= {200, 403}
