"""What every kind of recording is read as: pictures with times, whose pixels are made only when wanted."""

from collections.abc import Callable
from dataclasses import dataclass

from reid.types import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFrame:
    """One picture of one file. Times are seconds from the file's first picture."""

    index: int  # counts the file's pictures from 0
    time_s: float
    duration_s: float  # how long it is shown; above 0
    image: Callable[[], Image | None]  # None: it cannot be decoded, which has been reported
