"""A made-up site_state with 60 people in 20 cameras, whose names are as awkward as names are."""

import time

import cv2
import numpy as np

from reid.events import Event, SinkCounts
from reid.linking.answer import Answer
from reid.live.capture.camera_health import Level
from reid.live.views.site_state import AppearanceNow, PersonNow, SiteState
from tests.live.web.page_site import camera, thing

NAMES = (
    "Anna",
    "Wolfeschlegelsteinhausenbergerdorff-Wolfeschlegelsteinhausenbergerdorff-the-3rd",  # 80 characters
    "Maria del Carmen Fernández de la Vega y Sánchez-Albornoz, night shift, second floor",
    "محمد بن عبد الله",
    "שרה לוי (night)",
    "👩‍👩‍👧‍👦 family 🚲",
    "王小明",
    "<b>not bold</b>",
)
CAMERAS = (
    "door",
    "loading_bay_north_entrance_camera_with_a_very_long_name_0042",
    "مدخل",
    *(f"hall{number}" for number in range(17)),
)


def crop(seed: int) -> bytes:
    """A frame of one colour, tall as a person."""
    colour = np.random.default_rng(seed).integers(60, 220, 3)
    image = np.full((120, 50, 3), colour, dtype=np.uint8)
    cv2.circle(image, (25, 20), 12, (200, 210, 230), -1)
    return bytes(cv2.imencode(".jpg", image)[1])


def scene(seed: int) -> bytes:
    """A frame of a camera."""
    shades = np.linspace(50, 130, 360, dtype=np.uint8)[:, None, None]
    image = np.repeat(np.repeat(shades, 640, axis=1), 3, axis=2)
    cv2.rectangle(image, (80 + 20 * seed, 90), (150 + 20 * seed, 300), (90, 160, 60), -1)
    return bytes(cv2.imencode(".jpg", image)[1])


def crowded(people: int = 60, cameras: int = 20) -> SiteState:
    """A third of them are here, the others were."""
    site_state = SiteState()
    levels: tuple[Level, ...] = ("online", "online", "degraded", "offline", "paused", "connecting")
    site_state.set_cameras(
        [camera(name, levels[number % len(levels)]) for number, name in enumerate(CAMERAS[:cameras])]
    )
    for number, name in enumerate(CAMERAS[:cameras]):
        if levels[number % len(levels)] != "connecting":
            site_state.set_preview(name, scene(number))
    for number in range(people, 0, -1):
        site_state.set_person(_person(number, cameras))
    for number in range(100):
        site_state.add_event(_event(number, people, cameras), 0.1 + number / 100)
    site_state.set_things([thing(CAMERAS[number % 3], 10 + number) for number in range(24)])
    site_state.set_queues(
        [
            SinkCounts(name="file", waiting=0, sent=123456, given_up=0, dropped=0),
            SinkCounts(
                name="webhook https://example.org/hooks/a", waiting=12, sent=20, given_up=3, dropped=4
            ),
        ]
    )
    site_state.set_trouble(
        "gallery", "the gallery cannot be written: no space left on device (/srv/site/gallery.db)"
    )
    site_state.set_notice(
        "retention", "nothing is erased by age: the clock is 40 days ahead of the last sighting"
    )
    return site_state


def _person(number: int, cameras: int) -> PersonNow:
    now, present = time.time(), number % 3 == 1
    label = NAMES[number // 2 % len(NAMES)] if number % 2 else None
    visits = []
    for back in range(1 + number % 3):
        end_s = now - 300 * back - (0 if present else 10 * number)
        visit = AppearanceNow(
            camera_id=CAMERAS[(number + back) % cameras],
            track_id=number,
            start_s=end_s - 30 - 3 * number,
            end_s=end_s,
            present=present and not back,
            answer=Answer(
                verdict=("known", "new", "uncertain")[number % 3],
                person_id=number,
                nearest_id=number if number % 3 == 0 else number + 1,
                distance=0.1 + 0.01 * number,
                probability=None if number % 4 == 0 else 0.5 + number / 130,
                runner_up_id=number + 2 if number % 5 else None,
                runner_up_distance=0.2 + 0.01 * number if number % 5 else None,
            ),
        )
        visits.append(visit)
    return PersonNow(
        person_id=number, label=label, visits=tuple(visits), crop=crop(number) if number % 7 else None
    )


def _event(number: int, people: int, cameras: int) -> Event:
    person_id, name = 1 + number % people, CAMERAS[number % cameras]
    kind = ("seen", "left", "identity_changed", "camera_state")[number % 4]
    facts = {
        "seen": {"answer": "known", "distance": 0.21, "probability": 0.97, "nearest": f"P{person_id:04d}"},
        "left": {"seconds": 31.0},
        "identity_changed": {"old": "P0002", "new": f"P{person_id:04d}", "reason": "corrected"},
        "camera_state": {
            "level": "offline",
            "why": "rtsp://10.0.0.1/door: connection refused, tried again in 30 s",
        },
    }[kind]
    return Event(
        event_id=f"e{number}",
        kind=kind,
        at_s=time.time() - 7 * (100 - number),
        camera_id=name,
        person_id=None if kind == "camera_state" else person_id,
        facts=facts,
    )
