"""What run.json says of when its recordings began in the world."""

from typing import Any

from reid.video.source import Source
from reid.video.starts import Placed


def clock_facts(placed: Placed) -> dict[str, Any] | None:
    """The site's second 0 and the zone of the times shown; None where nothing tells."""
    clock = placed.clock
    if clock is None:
        return None
    kinds = sorted({kind for kind in placed.kinds.values() if kind})
    return {"zero": clock.iso(0), "zone": clock.zone or "this machine's", "from": kinds}


def start_facts(source: Source, placed: Placed) -> dict[str, Any]:
    """One camera's start, who says it, and where its files stand."""
    clock = placed.clock
    files = [
        {"file": str(file), "begins_s": source.begins_s[number] if source.begins_s else None}
        for number, file in enumerate(source.files)
    ]
    return {
        "start": None if clock is None else clock.iso(source.shift_s),
        "start_from": placed.kinds[source.camera_id],
        "start_s": source.shift_s,
        "files": files,
    }
