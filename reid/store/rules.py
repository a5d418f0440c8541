"""Rules of every gallery, whatever stores it: how people are named, how moments are written."""

from datetime import UTC, datetime

from reid.errors import InputError
from reid.wall_clock import WallClock

LIVE = WallClock(zero_s=0.0, zone="UTC")  # live sites count in Unix time
LONGEST_S = 1e8  # three years: no recording's own seconds go so far, and Unix time is long past it


def utc(moment: datetime) -> str:
    """How moments are stored: one zone and one width, so that text order is time order."""
    if moment.tzinfo is None:
        raise ValueError(f"a moment must have a time zone, got {moment.isoformat()}")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def number_of(who: str) -> int | None:
    """The number in `P0007` or `7`; None if `who` is neither."""
    digits = who[1:] if who[:1] in ("P", "p") else who
    # 18 digits: what is longer does not fit the integers of databases
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else None


def checked_label(label: str) -> str:
    """A person's name without blanks around it.

    Raises:
        InputError: it is empty, too long, not printable, or looks like an id.
    """
    label = label.strip()
    if not label or len(label) > 100 or not label.isprintable():
        raise InputError(f"label {label!r}: must be 1 to 100 printable characters")
    if number_of(label) is not None:
        raise InputError(f"label {label!r}: looks like a person's number; use a name")
    return label
