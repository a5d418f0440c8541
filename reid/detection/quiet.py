"""ultralytics without what it does to the rest of the program."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import torch

from reid.cache import NAMES


@contextmanager
def unchanged_threads() -> Iterator[None]:
    """It takes nearly all cores when it chooses the CPU; after the block their number is what it was."""
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def logged(file: Path) -> Iterator[None]:
    """What it has to say goes to a file; above its usual level, at which it draws bars on the terminal."""
    from ultralytics.utils import LOGGER

    file.parent.mkdir(parents=True, exist_ok=True)
    before, level = list(LOGGER.handlers), LOGGER.level
    handler = logging.FileHandler(file, encoding="utf-8", errors=NAMES)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    LOGGER.handlers[:] = [handler]
    LOGGER.setLevel(logging.WARNING)
    try:
        with redirect_stdout(io.StringIO()):  # where bars appear at any level
            yield
    finally:
        LOGGER.handlers[:] = before
        LOGGER.setLevel(level)
        handler.close()
