"""A review that is served, and its page in a browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.review.web.toy_review import Served, serving, slow_writing, write_videos
from tests.web.browser import Complaints, chromium, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    with chromium() as found:
        yield found


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    write_videos(tmp_path)
    with serving(tmp_path, prepare=slow_writing) as served:
        yield served


@pytest.fixture
def opening(site: Served, browser: "Browser") -> "Iterator[tuple[Page, Complaints]]":
    with opened(browser, site.url, viewport={"width": 1280, "height": 800}) as found:
        found[0].locator(".question:visible").wait_for()
        yield found


@pytest.fixture
def page(opening: "tuple[Page, Complaints]") -> "Page":
    return opening[0]
