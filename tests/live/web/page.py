"""What tests look for on the live page."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


def card(page: "Page", name: str) -> "Locator":
    """The card of a person whose name or number is shown."""
    return page.locator("#here .person").filter(has=page.locator(".tag", has_text=name))


def toast(page: "Page", text: str) -> None:
    page.locator("#toast").filter(has_text=text).wait_for()
