"""Recording time by a file's name: recorders write it there, mostly as ISO 8601 or nearly so."""

import re
from dataclasses import dataclass
from datetime import datetime

from reid.wall_clock import zone_of

_DATES = (
    r"(?P<y>(?:19|20)\d\d)(?P<ds>[-_.]?)(?P<m>\d\d)(?P=ds)(?P<d>\d\d)",  # 2026-11-26, 20261126
    r"(?P<one>\d\d)(?P<ds>[-_.]?)(?P<two>\d\d)(?P=ds)(?P<y>(?:19|20)\d\d)",  # 26-11-2026, 11-26-2026
)
_TIME = (
    r"(?P<between>[ _.-]{0,3}|T| at )"
    r"(?P<H>[01]\d|2[0-3])(?:(?P<ts>[-_.:]?)(?P<M>[0-5]\d)(?P=ts)(?P<S>[0-5]\d)|h(?P<M2>[0-5]\d)m(?P<S2>[0-5]\d)s?)"
    r"(?:[.,]?(?P<f>\d{6}|\d{3}))?(?!\d)"
    r"(?: ?(?P<half>[AaPp])[Mm]\b)?"
    # a minus is a zone's sign in ISO 8601 only; elsewhere it stands before a counter: 20261126_100000-0100
    r"(?:(?P<z>Z|UTC)(?![A-Za-z])|(?P<plus>\+(?:0\d|1[0-4]):?[0-5]\d)(?!\d)"
    r"|(?P<minus>-(?:0\d|1[0-2]):?[0-5]\d)(?!\d))?"
)
_PATTERNS = tuple(re.compile(rf"(?<!\d){date}{_TIME}") for date in _DATES)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameTime:
    """Time in a file's name; `at` is None where it may be read in two ways."""

    text: str
    at: datetime | None  # without zone where the name gives none


def time_in_name(stem: str) -> NameTime | None:
    """The first date with a time of day in a file's name; None where there is none.

    The year stands first, or last if day and month cannot be taken for each other: 26-11-2026 is the 26th, and
    05-06-2026 may be May or June. A date alone is no start.
    """
    for pattern in _PATTERNS:
        for match in pattern.finditer(stem):
            try:
                return NameTime(text=match[0], at=_moment(match))
            except ValueError:  # 20261399: digits, but no date
                continue
    return None


def _moment(match: re.Match[str]) -> datetime | None:
    part = match.groupdict()
    if "one" in part:
        one, two = int(part["one"]), int(part["two"])
        if one == two or one > 12:
            day, month = one, two
        elif two > 12:
            day, month = two, one
        else:
            return None
    else:
        day, month = int(part["d"]), int(part["m"])
    hour = int(part["H"])
    if part["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of a clock with twelve")
        hour = hour % 12 + (12 if part["half"] in "Pp" else 0)
    zone = part["z"] or part["plus"] or (part["minus"] if part["between"] == "T" else None)
    return datetime(
        int(part["y"]),
        month,
        day,
        hour,
        int(part["M"] or part["M2"]),
        int(part["S"] or part["S2"]),
        int((part["f"] or "0").ljust(6, "0")),
        tzinfo=zone_of(zone),
    )
