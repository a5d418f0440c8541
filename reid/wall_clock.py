"""Seconds on a site's clock as times in the world."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from reid.errors import InputError

_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class WallClock:
    """When a site's second 0 was, and the zone that its times are written in."""

    zero_s: float  # Unix time
    zone: str | None = None  # see `zone_of`

    def at(self, time_s: float) -> datetime:
        """A moment of the site in its zone, to the millisecond."""
        milliseconds = round((self.zero_s + time_s) * 1000)  # in whole numbers: no digit is lost to rounding
        return in_zone(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds), self.zone)

    def iso(self, time_s: float) -> str:
        """A moment of the site in ISO 8601 with its offset from UTC: 2026-11-26T10:00:15.400+01:00."""
        return self.at(time_s).isoformat(timespec="milliseconds")

    @property
    def fixed_zone(self) -> str:
        """The zone by a name that means the same on every machine."""
        return self.zone or self.at(0).strftime("%z")


def in_zone(moment: datetime, zone: str | None) -> datetime:
    """The same moment on the clocks of a zone; see `zone_of`."""
    return moment.astimezone(zone_of(zone))


def zone_of(name: str | None) -> tzinfo | None:
    """A zone by its IANA name or its offset (+01:00, UTC); None: the zone of this machine.

    Raises:
        InputError: there is no such zone here.
    """
    if name is None:
        return None
    if name.upper() in ("Z", "UTC"):
        return UTC
    if offset := _OFFSET.fullmatch(name):
        sign = -1 if offset[1] == "-" else 1
        minutes = 60 * int(offset[2]) + int(offset[3])
        if minutes < 24 * 60:
            return timezone(sign * timedelta(minutes=minutes))
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # unknown, with strange letters, a folder of the data base
        raise InputError(
            f"{name!r} is no time zone that is known here; write a name such as Europe/Berlin, or an offset "
            "from UTC such as +01:00 (names need the package tzdata where the system has no zones)"
        ) from None
