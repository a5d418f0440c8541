"""What tests do on the review page, and what its gallery says then."""

from typing import TYPE_CHECKING

from tests.review.web.toy_review import Served
from tests.web.browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


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
