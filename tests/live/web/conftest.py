"""A live site that runs, and its page in a browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.live.running import load_tracking
from tests.live.web.running_site import RunningSite, running_site
from tests.web.browser import Complaints, chromium, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    load_tracking()
    with chromium() as found:
        yield found


@pytest.fixture
def site(tmp_path: Path, browser: "Browser") -> Iterator[RunningSite]:
    with running_site(tmp_path) as found:
        yield found


@pytest.fixture
def opening(site: RunningSite, browser: "Browser") -> "Iterator[tuple[Page, Complaints]]":
    with opened(browser, site.url) as found:
        yield found
        found[1].forgive("/people/")  # crops of people who were merged away or forgotten just now


@pytest.fixture
def page(opening: "tuple[Page, Complaints]") -> "Page":
    return opening[0]
