"""Where exports and measurements are kept between runs; deleting the folder costs only time."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """`REID_CACHE`, or `reid` in the user's cache folder."""
    if named := os.environ.get("REID_CACHE"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "reid"
