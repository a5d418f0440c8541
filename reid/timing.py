"""Where the seconds go."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Stopwatch:
    """Seconds by stage of one thread's work."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds the time spent inside to `name`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def groups(self, name: str, items: Iterable[T], size: int) -> Iterator[list[T]]:
        """Lists of up to `size` items; the time to get them counts as stage `name`."""
        iterator = iter(items)
        while True:
            with self.stage(name):
                group = list(islice(iterator, size))
            if not group:
                return
            yield group
