"""What a line of an event file says, and of whom."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from reid.types import person_name

Wanted = Callable[[bytes], bool]
_ABOUT = {"id", "event", "at", "camera"}  # a camera may be called as a person is


def without_person(person_id: int) -> Wanted:
    """Tells the lines that say nothing of a person, by the rule of `Event.names`, looking into lists too."""
    name = person_name(person_id)
    written = name.encode()

    def wanted(line: bytes) -> bool:
        if written not in line:  # which spares parsing nearly all of them
            return True
        record = _record(line)
        if record is None:  # nobody can tell what it says; it may be about them
            return False
        said = [value for key, value in record.items() if key not in _ABOUT]
        return not any(value == name or (isinstance(value, list) and name in value) for value in said)

    return wanted


def not_before(time_s: float) -> Wanted:
    """Tells the lines of events from that time on, seconds since 1970, and those without a time that can be read."""

    def wanted(line: bytes) -> bool:
        at = (_record(line) or {}).get("at")
        try:
            return not isinstance(at, str) or datetime.fromisoformat(at).timestamp() >= time_s
        except ValueError:
            return True

    return wanted


def is_record(line: bytes) -> bool:
    """Whether this is the whole of an event."""
    return _record(line) is not None


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
