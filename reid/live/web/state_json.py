"""The state of the site as the page shows it: the site's content with names and colours."""

import math
import threading
import time
import zlib
from urllib.parse import quote

from reid import __version__
from reid.live.views.site_state import AppearanceNow, CameraNow, PersonNow, SiteState
from reid.live.web.answers import (
    CameraAnswer,
    ComparedAnswer,
    FrameCountsAnswer,
    LatencyAnswer,
    PersonAnswer,
    StateAnswer,
    ThingAnswer,
    VisitAnswer,
    ZoneAnswer,
)
from reid.types import StaticThing, person_name
from reid.video.draw import camera_colour_hex, person_colour_hex
from reid.zones.counts import ZoneNow

LATELY_S = 900.0  # visits that ended before are only told of where a person has no later one
OTHERS = 100  # people who are gone that are told of


class CameraColours:
    """Colours of cameras: each keeps its own as long as the program runs, also where others come and go."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}

    def colour(self, camera_id: str) -> str:
        """CSS colour of a camera; the first ten are those of the report."""
        with self._lock:
            return camera_colour_hex(self._numbers.setdefault(camera_id, len(self._numbers)))


def state_answer(site_state: SiteState, colours: CameraColours) -> StateAnswer:
    """Describe the site at this moment; events come apart because most times there is no new one."""
    now_s = time.time()
    people, events = site_state.people(), site_state.events()
    gone = [person for person in people if not person.present]
    shown = [person for person in people if person.present] + gone[:OTHERS]
    p50, p95 = site_state.latency_s(0.5, 0.95)
    return StateAnswer(
        version=__version__,
        now_s=now_s,
        started_s=site_state.started_s,
        latency=LatencyAnswer(p50_s=_finite(p50), p95_s=_finite(p95)),
        cameras=[_camera(camera, site_state, colours) for camera in site_state.cameras()],
        people=[_person(person, colours, now_s) for person in shown],
        people_not_shown=len(people) - len(shown),
        expected=site_state.expected(),
        queues=list(site_state.queues()),
        troubles=site_state.troubles(),
        notices=site_state.notices(),
        events_mark=f"{events[0].event_id} {len(events)}" if events else "",
    )


def _finite(value: float | None) -> float | None:
    """The value, or None for nan and infinity, which JSON lacks."""
    return value if value is not None and math.isfinite(value) else None


def _camera(camera: CameraNow, site_state: SiteState, colours: CameraColours) -> CameraAnswer:
    one, counts = camera.snapshot, camera.counts
    return CameraAnswer(
        name=one.camera_id,
        colour=colours.colour(one.camera_id),
        url=one.url,
        level=one.state.level,
        why=one.state.why,
        fps=_finite(one.fps),
        sampled_fps=_finite(camera.sampled_fps),
        size=one.size,
        codec=one.codec,
        connects=one.connects,
        faults=one.faults,
        drift=_finite(one.drift),
        behind_s=_finite(one.behind_s),
        clock_source=one.clock.source,
        clock_offset_s=_finite(one.clock.offset_s),
        clock_why=one.clock.why,
        in_view=camera.in_view,
        frames=FrameCountsAnswer(offered=counts.offered, taken=counts.taken, dropped=dict(counts.dropped)),
        things=[
            _thing(thing, number) for number, thing in enumerate(site_state.things(one.camera_id), start=1)
        ],
        zones=[_zone(zone) for zone in site_state.zones() if zone.camera_id == one.camera_id],
    )


def _thing(thing: StaticThing, number: int) -> ThingAnswer:
    return ThingAnswer(
        crop=f"/cameras/{quote(thing.camera_id, safe='')}/things/{number}.jpg?v={_version(thing.crop)}",
        first_s=thing.first_s,
        last_s=thing.last_s,
        detections=thing.detections,
    )


def _zone(now: ZoneNow) -> ZoneAnswer:
    zone, counts = now.zone, now.counts
    return ZoneAnswer(
        name=zone.name,
        purpose=zone.purpose,
        polygon=list(zone.polygon),
        line=list(zone.line),
        fixed=now.fixed,
        people=now.people,
        entries=counts.entries,
        dwell_mean_s=counts.dwell_s / counts.stays if counts.stays else None,
        crossed_in=counts.crossed_in,
        crossed_out=counts.crossed_out,
    )


def _person(person: PersonNow, colours: CameraColours, now_s: float) -> PersonAnswer:
    newest, *older = person.visits
    visits = [newest, *(visit for visit in older if now_s - visit.end_s < LATELY_S)]
    crop = None
    if person.crop is not None:
        crop = f"/people/{person.person_id}.jpg?v={_version(person.crop)}"
    return PersonAnswer(
        id=person.person_id,
        name=person_name(person.person_id),
        label=person.label,
        colour=person_colour_hex(person.person_id),
        present=person.present,
        crop=crop,
        visits=[_visit(visit, colours) for visit in visits],
    )


def _version(jpeg: bytes) -> str:
    """A number that makes a new crop a new address, so that browsers fetch it."""
    return f"{zlib.crc32(jpeg):08x}"


def _visit(visit: AppearanceNow, colours: CameraColours) -> VisitAnswer:
    answer = visit.answer
    return VisitAnswer(
        camera=visit.camera_id,
        colour=colours.colour(visit.camera_id),
        track=visit.track_id,
        start_s=visit.start_s,
        end_s=visit.end_s,
        present=visit.present,
        answer=answer.verdict,
        nearest=_compared(answer.nearest_id, answer.distance),
        probability=_finite(answer.probability),
        runner_up=_compared(answer.runner_up_id, answer.runner_up_distance),
    )


def _compared(person_id: int | None, distance: float | None) -> ComparedAnswer | None:
    if person_id is None:
        return None
    return ComparedAnswer(
        id=person_id,
        name=person_name(person_id),
        colour=person_colour_hex(person_id),
        distance=_finite(distance),
    )
