"""An environment that packages can be added to."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.settings.keys import keys
from reid.registry import look_through
from tests.extend.package import install


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path of Python; what is put there before a table is asked is installed."""
    folder = tmp_path / "environment"
    folder.mkdir()
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(folder))
    for cache in (look_through, keys):
        cache.cache_clear()
    yield folder
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]
    for cache in (look_through, keys):
        cache.cache_clear()


@pytest.fixture
def page(environment: Path) -> Path:
    """The same with the package of docs/extend.md in it."""
    return install(environment)
