"""A small site, open for review."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reid.review.answers import Review
from tests.review.site import made, under_review


@pytest.fixture
def review(tmp_path: Path) -> Iterator[Review]:
    with under_review(tmp_path, made()) as site:
        yield Review(site, by="ann")
