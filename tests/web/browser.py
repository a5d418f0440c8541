"""The system's Chromium, driven by Playwright; a page in it that complains of nothing."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator, LocatorAssertions, Page

LOOKS = (Path(__file__).parent / "looks.js").read_text(
    encoding="utf-8"
)  # what is wrong with how a page looks
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextmanager
def chromium() -> "Iterator[Browser]":
    """A browser without a window; the test is skipped where there is none."""
    api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed; it is in the extra [dev]"
    )
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"there is no Chromium on the PATH: none of {', '.join(NAMES)}")
    root = hasattr(os, "geteuid") and os.geteuid() == 0  # whom its sandbox refuses
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"] if root else [])
        try:
            yield browser
        finally:
            browser.close()


class Complaints(list[str]):
    """Errors of the page's scripts and of its console."""

    def take(self, part: str) -> None:
        """Take out those that the test expects; there is at least one."""
        assert any(part in text for text in self), f"nothing complained of {part}: {list(self)}"
        self.forgive(part)

    def forgive(self, part: str) -> None:
        """Take out those that may come or not."""
        self[:] = [text for text in self if part not in text]

    def add(self, said: "ConsoleMessage") -> None:
        """What the console says, if it is an error."""
        if said.type == "error":
            self.append(f"console: {said.text} ({said.location['url']})")


@contextmanager
def opened(browser: "Browser", url: str, **context: object) -> "Iterator[tuple[Page, Complaints]]":
    """A page with storage of its own; at its end all that it complained of must have been expected."""
    complaints = Complaints()
    with browser.new_context(**context) as own:  # type: ignore[arg-type]
        page = own.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
        page.on(
            "console",
            lambda said: complaints.add(said),
        )
        page.goto(url)
        yield page, complaints
    assert not complaints, f"the page complained: {list(complaints)}"


def expect(locator: "Locator") -> "LocatorAssertions":
    """What a part of the page must come to be, within some seconds."""
    from playwright.sync_api import expect as within

    within.set_options(timeout=15_000)
    return within(locator)
