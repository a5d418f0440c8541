"""A frame as every kind of recording gives it: with times, and pixels that are made only when wanted."""

from collections.abc import Callable
from dataclasses import dataclass

from reid.types import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFrame:
    """One frame of one file. Times are seconds from the file's first frame."""

    index: int  # counts the file's frames from 0
    time_s: float
    duration_s: float  # how long it is shown; above 0
    image: Callable[[], Image | None]  # None: it cannot be decoded, which has been reported
