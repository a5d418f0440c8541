"""What a line of an event file says, and of which people."""

import json
from collections.abc import Callable, Iterable, Set
from datetime import datetime
from typing import Any

from reid.types import person_name

Wanted = Callable[[bytes], bool]
Track = tuple[str, str]  # the start of the program, and the number that it gave
_BEGIN = b'{"id": "'
_ABOUT = {"id", "event", "at", "camera"}  # a camera may be called as a person is


def without_person(person_id: int, tracks: Set[Track] = frozenset()) -> Wanted:
    """Tells the lines that say nothing of a person, by the rule of `Event.names`, looking into lists too.

    Args:
        tracks: what else is theirs, see `tracks_given_to`.
    """
    name = person_name(person_id)
    written = [name.encode(), *(track.encode() for _, track in tracks)]

    def wanted(line: bytes) -> bool:
        if not any(word in line for word in written):  # which spares parsing nearly all of them
            return True
        record = _record(line)
        if record is None:  # nobody can tell what it says; it may be about them
            return written[0] not in line
        said = [value for key, value in record.items() if key not in _ABOUT]
        named = any(value == name or (isinstance(value, list) and name in value) for value in said)
        return not named and _track(record) not in tracks

    return wanted


def tracks_given_to(person_id: int, lines: Iterable[bytes]) -> set[Track]:
    """Tracks that were first said to show another person, and this one last; `lines` oldest first."""
    last: dict[Track | None, object] = {}
    for line in lines:
        if b'"identity_changed"' in line and (record := _record(line)) is not None:
            last[_track(record)] = record.get("new")
    name = person_name(person_id)
    return {track for track, new in last.items() if track is not None and new == name}


def _track(record: dict[str, Any]) -> Track | None:
    event_id, track = record.get("id"), record.get("track")
    if not isinstance(event_id, str) or not isinstance(track, str):
        return None
    return event_id.rpartition("-")[0], track


def not_before(time_s: float) -> Wanted:
    """Tells the lines of events from that time on, seconds since 1970, and those without a time that can be read."""

    def wanted(line: bytes) -> bool:
        at = (_record(line) or {}).get("at")
        try:
            return not isinstance(at, str) or datetime.fromisoformat(at).timestamp() >= time_s
        except ValueError:
            return True

    return wanted


def is_event(line: bytes) -> bool:
    """Whether this is the whole of an event."""
    return {"id", "event", "at"} <= (_record(line) or {}).keys()


def is_torn(line: bytes) -> bool:
    """Whether this can only be the beginning of an event, or the zeros that a power cut leaves in its place."""
    begun = line.startswith(_BEGIN[: len(line)]) and _record(line) is None
    return begun or not line.strip(b"\0")


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None
