"""What the page shows, as JSON: the board's content with names and colours."""

import math
import threading
import time
import zlib
from dataclasses import asdict
from typing import Any

from reid import __version__
from reid.live.views.site_state import AppearanceNow, CameraNow, PersonNow, SiteState
from reid.types import person_name
from reid.video.draw import person_colour_hex

LATELY_S = 900.0  # visits that ended before are only told of where a person has no later one
OTHERS = 100  # people who are gone that are told of
_COLOURS = (
    "#3b82f6", "#f59e0b", "#10b981", "#ec4899", "#8b5cf6",
    "#06b6d4", "#ef4444", "#84cc16", "#b45309", "#64748b",
)  # fmt: skip


class CameraColours:
    """A camera keeps its colour as long as the program runs, also where others come and go."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}

    def colour(self, camera_id: str) -> str:
        """As CSS has it; the first ten are those of the report."""
        with self._lock:
            number = self._numbers.setdefault(camera_id, len(self._numbers))
        if number < len(_COLOURS):
            return _COLOURS[number]
        return f"hsl({number * 137.508 % 360:.0f} 60% 55%)"  # the golden angle: neighbours differ most


def state_content(board: SiteState, colours: CameraColours) -> dict[str, Any]:
    """Everything but the events, which come apart because most times there is no new one."""
    now_s = time.time()
    people, events = board.people(), board.events()
    gone = [person for person in people if not person.present]
    shown = [person for person in people if person.present] + gone[:OTHERS]
    p50, p95 = board.latency_s(0.5, 0.95)
    return {
        "version": __version__,
        "now_s": now_s,
        "started_s": board.started_s,
        "latency": {"p50_s": _finite(p50), "p95_s": _finite(p95)},
        "cameras": [_camera(camera, colours) for camera in board.cameras()],
        "people": [_person(person, colours, now_s) for person in shown],
        "people_not_shown": len(people) - len(shown),
        "queues": [asdict(queue) for queue in board.queues()],
        "troubles": board.troubles(),
        "notices": board.notices(),
        "events_mark": f"{events[0].event_id} {len(events)}" if events else "",
    }


def _finite(value: float | None) -> float | None:
    """JSON has no nan."""
    return value if value is not None and math.isfinite(value) else None


def _camera(camera: CameraNow, colours: CameraColours) -> dict[str, Any]:
    one, counts = camera.snapshot, camera.counts
    return {
        "name": one.camera_id,
        "colour": colours.colour(one.camera_id),
        "url": one.url,
        "level": one.state.level,
        "why": one.state.why,
        "fps": _finite(one.fps),
        "sampled_fps": _finite(camera.sampled_fps),
        "size": one.size,
        "codec": one.codec,
        "connects": one.connects,
        "faults": asdict(one.faults),
        "drift": _finite(one.drift),
        "behind_s": _finite(one.behind_s),
        "in_view": camera.in_view,
        "frames": {"offered": counts.offered, "taken": counts.taken, "dropped": dict(counts.dropped)},
    }


def _person(person: PersonNow, colours: CameraColours, now_s: float) -> dict[str, Any]:
    newest, *older = person.visits
    visits = [newest, *(visit for visit in older if now_s - visit.end_s < LATELY_S)]
    name = person_name(person.person_id)
    crop = None
    if person.crop is not None:  # the number makes a new picture a new address, so that browsers fetch it
        crop = f"/people/{person.person_id}.jpg?v={zlib.crc32(person.crop):08x}"
    return {
        "id": person.person_id,
        "name": name,
        "label": person.label,
        "colour": person_colour_hex(person.person_id),
        "present": person.present,
        "crop": crop,
        "visits": [_visit(visit, colours) for visit in visits],
    }


def _visit(visit: AppearanceNow, colours: CameraColours) -> dict[str, Any]:
    return {
        "camera": visit.camera_id,
        "colour": colours.colour(visit.camera_id),
        "track": visit.track_id,
        "start_s": visit.start_s,
        "end_s": visit.end_s,
        "present": visit.present,
        "answer": visit.answer,
        "nearest": _compared(visit.nearest_id, visit.distance),
        "probability": _finite(visit.probability),
        "runner_up": _compared(visit.runner_up_id, visit.runner_up_distance),
    }


def _compared(person_id: int | None, distance: float | None) -> dict[str, Any] | None:
    """Somebody that a visit was compared with."""
    if person_id is None:
        return None
    return {
        "id": person_id,
        "name": person_name(person_id),
        "colour": person_colour_hex(person_id),
        "distance": _finite(distance),
    }
