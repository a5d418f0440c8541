"""Waiting for what other threads and pages do."""

import time
from collections.abc import Callable

PATIENCE_S = 10.0


def until(
    wanted: Callable[[], bool],
    told: Callable[[], object] = lambda: "it did not come to be",
    *,
    patience_s: float = PATIENCE_S,
) -> None:
    """Returns as soon as `wanted`; fails, and says what is `told`, where that takes too long."""
    end = time.monotonic() + patience_s
    while not wanted():
        assert time.monotonic() < end, told()
        time.sleep(0.01)
