"""Waiting for what comes true soon."""

import time
from collections.abc import Callable


def until(wanted: Callable[[], bool], patience_s: float = 10.0) -> None:
    """Wait until a call says true."""
    end = time.monotonic() + patience_s
    while not wanted():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)
