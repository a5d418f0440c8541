"""Where and when a search looks: cameras by name, and a stretch of time."""

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from reid.errors import InputError
from reid.store.sighting_table import SightingTable
from reid.wall_clock import WallClock, zone_of

Moment = datetime | float  # in the world, or seconds on a run's clock
Between = tuple[Moment, Moment]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The sightings that a search looks at."""

    inside: NDArray[np.bool_]  # (S,)
    undated: int  # sightings left out because it is not known when they were


def moment(text: str) -> Moment:
    """A time as a user writes it: ISO 8601, or seconds.

    Raises:
        InputError: it is neither.
    """
    try:
        seconds = float(text)
        if np.isfinite(seconds):
            return seconds
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"--between {text!r}: no time; write it as 2026-11-26T10:00 or 2026-11-26T10:00:00+01:00, or as seconds "
            "of the recording's clock"
        ) from None


def chosen(table: SightingTable, cameras: Collection[str], between: Between | None) -> Chosen:
    """The sightings of these cameras (none: of all) that overlap a stretch of time.

    Raises:
        InputError: there is no such camera, or the stretch ends before it begins.
    """
    inside = np.ones(len(table), dtype=np.bool_)
    if cameras:
        for name in cameras:
            if name not in table.camera_ids:
                raise InputError(f"--camera {name!r}: no sighting is of such a camera; {_known(name, table)}")
        wanted = [at for at, name in enumerate(table.camera_ids) if name in cameras]
        inside &= np.isin(table.cameras, wanted)
    if between is None:
        return Chosen(inside=inside, undated=0)
    first, last = between
    if isinstance(first, datetime) != isinstance(last, datetime):
        raise InputError("--between: one is a time and the other seconds; give both alike")
    undated = np.zeros(len(table), dtype=np.bool_)
    for run, clock in enumerate(table.clocks):
        rows = table.runs == run
        if not (isinstance(first, datetime) and isinstance(last, datetime)):
            assert not isinstance(first, datetime)
            assert not isinstance(last, datetime)
            low_s, high_s = float(first), float(last)
        elif clock is None:
            undated |= rows & inside
            continue
        else:
            low_s, high_s = (_seconds(one, clock) for one in (first, last))
        if high_s < low_s:
            raise InputError(f"--between: {last} is before {first}; give the earlier one first")
        inside &= ~rows | ((table.ends_s >= low_s) & (table.starts_s <= high_s))
    return Chosen(inside=inside & ~undated, undated=int(undated.sum()))


def _seconds(at: datetime, clock: WallClock) -> float:
    """A moment on a run's clock; without an offset it is in the zone that the run's times are shown in."""
    if at.tzinfo is None:
        zone = zone_of(clock.zone)
        at = at.astimezone() if zone is None else at.replace(tzinfo=zone)
    return at.timestamp() - clock.zero_s


def _known(name: str, table: SightingTable) -> str:
    near = difflib.get_close_matches(name, table.camera_ids, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"there are {', '.join(sorted(table.camera_ids)) or 'no cameras'}"
