"""The real page on a free port of loopback, over a site_state with made-up cameras and people."""

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import cv2
import httpx
import numpy as np

from reid.errors import InputError
from reid.events import Event, SinkCounts
from reid.linking.answer import Answer
from reid.live.capture.camera import CameraSnapshot
from reid.live.capture.camera_clock import ClockState
from reid.live.capture.camera_health import Faults, Level, State
from reid.live.capture.latest_frames import FrameCounts
from reid.live.views.site_state import AppearanceNow, CameraNow, PersonNow, SiteState
from reid.live.web.page_config import PageConfig
from reid.live.web.server import PageServer
from reid.store.records import Decision
from reid.types import THING_TEMPLATE, StaticThing
from reid.zone_config import ZoneConfig

ASKS = {"X-Reid": "test"}
TOKEN = "open sesame, please"


def shaded_jpeg(shade: int) -> bytes:
    """A drawn one, as JPEG."""
    image = np.full((48, 64, 3), shade, dtype=np.uint8)
    cv2.circle(image, (32, 24), 10, (0, 0, 255), -1)
    return bytes(cv2.imencode(".jpg", image)[1])


def camera(name: str, level: Level = "online", taken: int = 40) -> CameraNow:
    return CameraNow(
        snapshot=CameraSnapshot(
            camera_id=name,
            url=f"rtsp://10.0.0.1/{name}",
            state=State(level=level, why="" if level == "online" else "connection refused"),
            fps=14.5,
            size=(64, 48),
            codec="h264",
            connects=3,
            faults=Faults(disconnects=2, damaged=7, rates=4, jumps=1),
            drift=0.001,
            behind_s=0.25,
            clock=ClockState(source="rtcp", offset_s=-0.35),
        ),
        counts=FrameCounts(offered=100, taken=taken, dropped={"sampling": 50, "newer": 9}),
        sampled_fps=5.0 if name == "door" else None,
        in_view=2,
    )


def person(person_id: int, label: str | None = None, present: bool = True) -> PersonNow:
    now = time.time()
    visit = AppearanceNow(
        camera_id="door",
        track_id=4,
        start_s=now - 20,
        end_s=now,
        present=present,
        answer=Answer(
            verdict="known",
            person_id=person_id,
            nearest_id=person_id,
            distance=0.21,
            probability=0.97,
            runner_up_id=person_id + 1,
            runner_up_distance=float("nan"),
        ),
    )
    return PersonNow(person_id=person_id, label=label, visits=(visit,), crop=shaded_jpeg(person_id))


def thing(camera_id: str, shade: int) -> StaticThing:
    """Something that never moves."""
    return StaticThing(
        camera_id=camera_id,
        box=np.array([10, 20, 60, 120], dtype=np.float32),
        first_s=1000.0,
        last_s=2000.0,
        detections=shade,
        template=np.zeros(THING_TEMPLATE, dtype=np.float32),
        crop=shaded_jpeg(shade),
    )


def filled() -> SiteState:
    site_state = SiteState()
    site_state.set_cameras([camera("door"), camera("hall", "offline")])
    site_state.set_person(person(2, present=False))
    site_state.set_person(person(1, "Anna"))
    event = Event(
        event_id="e1",
        kind="identity_changed",
        at_s=1.5,
        camera_id="door",
        person_id=1,
        facts={"old": "P0002"},
    )
    site_state.add_event(event, 0.25)
    site_state.set_things([thing("door", 80), thing("door", 120), thing("gone", 9)])
    site_state.set_queues([SinkCounts(name="webhook", waiting=1, sent=20, given_up=3, dropped=4)])
    return site_state


@dataclass
class Recorder:
    """A control that remembers what was asked, and knows the people 1 and 2 and the camera door."""

    asked: list[tuple[object, ...]] = field(default_factory=list)

    @property
    def decisions(self) -> "Recorder":
        return self

    def forget(self, person_id: int) -> None:
        if person_id not in (1, 2):
            raise InputError(f"nobody is called P{person_id:04d}")
        self.asked.append(("forget", person_id))

    def rename(self, person_id: int, label: str | None) -> None:
        self.asked.append(("rename", person_id, label))

    def merge(self, person_id: int, into: int, *, instead: bool) -> None:
        assert instead, "the live page's later word counts"
        self.asked.append(("merge", person_id, into))

    def split_stays(self, person_id: int, appearance_ids: Collection[str]) -> None:
        self.asked.append(("split", person_id, *appearance_ids))

    def confirm(self, person_id: int) -> None:
        self.asked.append(("confirm", person_id))

    def ignore(self, person_id: int) -> None:
        self.asked.append(("ignore", person_id))

    def undo(self, number: int | None = None) -> Decision:
        self.asked.append(("undo", number))
        return Decision(number=number or 3, at="2026-05-01T12:00:00Z", kind="same", person_id=1, other_id=2)

    def redo(self, number: int | None = None) -> Decision:
        if number == 9:
            raise InputError("there is no decision 9")
        self.asked.append(("redo", number))
        return Decision(number=number or 3, at="2026-05-01T12:00:00Z", kind="same", person_id=1, other_id=2)

    def add_camera(self, argument: str) -> None:
        self.asked.append(("add", argument))

    def remove_camera(self, camera_id: str) -> None:
        if camera_id != "door":
            raise InputError(f"there is no camera {camera_id}")
        self.asked.append(("remove", camera_id))

    def pause_camera(self, camera_id: str, paused: bool) -> None:
        self.asked.append(("pause", camera_id, paused))

    def add_zone(self, camera_id: str, zone: ZoneConfig) -> None:
        self.asked.append(("add zone", camera_id, zone))

    def remove_zone(self, camera_id: str, name: str) -> None:
        self.asked.append(("remove zone", camera_id, name))

    def confirm_clock(self) -> None:
        self.asked.append(("confirm clock",))


@dataclass
class Site:
    """What a test speaks with."""

    site_state: SiteState
    control: Recorder
    server: PageServer
    client: httpx.Client


@contextmanager
def serving(
    *,
    token: str | None = None,
    further: Mapping[str, str] | None = None,
    site_state: SiteState | None = None,
    listen: str = "127.0.0.1:0",
    hosts: tuple[str, ...] = (),
    connections: int = 100,
) -> Iterator[Site]:
    site_state, control = filled() if site_state is None else site_state, Recorder()
    config = PageConfig(listen=listen, token_env="PAGE", hosts=list(hosts), connections=connections)
    server = PageServer(listen, config, ({} if token is None else {"PAGE": token}) | dict(further or {}))
    server.start(site_state, control)
    try:
        with httpx.Client(base_url=server.url.replace("0.0.0.0", "127.0.0.1"), timeout=5) as client:
            yield Site(site_state, control, server, client)
    finally:
        assert server.stop(5.0)
