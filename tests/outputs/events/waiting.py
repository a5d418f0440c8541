"""Waiting for what other threads do."""

import time
from collections.abc import Callable

PATIENCE_S = 10.0


def until(wanted: Callable[[], bool], told: Callable[[], object] = lambda: "it did not come to be") -> None:
    """Returns as soon as `wanted`; fails, and says what is `told`, where that takes too long."""
    begun = time.monotonic()
    while not wanted():
        assert time.monotonic() - begun < PATIENCE_S, told()
        time.sleep(0.005)
