"""Where the media and weights that are not part of the project lie."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("REID_SHARED") or Path(__file__).parents[2] / "shared")


def shared(name: str) -> Path:
    """`name` inside the shared folder; skips the test that asks where it is missing."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs {name} in the shared folder that REID_SHARED names")
    return path


def market1501() -> Path:
    """The folder of Market-1501; skips the test that asks where nobody has said."""
    folder = os.environ.get("REID_MARKET1501")
    if not folder:
        pytest.skip("needs Market-1501: REID_MARKET1501 names its folder")
    return Path(folder)
