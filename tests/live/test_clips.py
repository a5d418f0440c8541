"""Films begin before their event, end after it, say who is in them, and can be found again to be deleted."""

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from reid.events import Event
from reid.live.clips import Clips
from reid.live.config import ClipsConfig
from reid.live.visit import Visit
from reid.types import Frame
from tests.live.blocks import picture

FPS = 10
NOON = 1_700_000_000.0


class Camera:
    """A camera that is filmed."""

    def __init__(self, folder: Path, **config: Any) -> None:
        settings = ClipsConfig(events=("seen",), before_s=1, after_s=2, longest_s=6, **config)
        self.clips, self.index, self.folder = Clips(folder, settings), 0, folder

    @property
    def now(self) -> float:
        return NOON + self.index / FPS

    def run(self, seconds: float, *people: int) -> None:
        for _ in range(round(seconds * FPS)):
            self.index += 1
            image = picture({person: 0.1 + 0.2 * place for place, person in enumerate(people)}, (640, 360))
            frame = Frame(camera_id="a", index=self.index, timestamp_s=self.now, image=image)
            self.clips.picture(frame, [self.visit(person) for person in people])

    def visit(self, person: int) -> Visit:
        box = np.array([10, 10, 60, 160], dtype=np.float32)
        return Visit(
            camera_id="a", tracker_id=person, start_s=NOON, end_s=self.now, box=box, person_id=person
        )

    def event(self, person: int | None, kind: Any = "seen", camera: str = "a") -> None:
        facts = {"answer": "known"}
        self.clips.event(
            Event(event_id="e1", kind=kind, at_s=self.now, camera_id=camera, person_id=person, facts=facts)
        )

    def films(self) -> list[dict[str, Any]]:
        """What lies in the folder, with the length of each film as a player sees it."""
        found = []
        for path in sorted(self.folder.glob("*.json")):
            about = json.loads(path.read_text())
            with av.open(str(path.with_suffix(".mp4"))) as container:
                frames = list(container.decode(video=0))
            about["seconds"], about["width"] = frames[-1].time, frames[-1].width
            found.append(about)
        assert len(list(self.folder.glob("*.mp4"))) == len(found)
        return found


@pytest.fixture
def camera(tmp_path: Path) -> Camera:
    return Camera(tmp_path / "clips", width=320)


def test_some_seconds_before_and_after(camera: Camera) -> None:
    camera.run(5, 1)
    camera.event(1)
    camera.run(5, 1, 2)
    camera.clips.close(20)
    (film,) = camera.films()
    assert film["seconds"] == pytest.approx(3, abs=0.15)
    assert film["begun_s"] == pytest.approx(NOON + 4, abs=0.15)
    assert (film["camera"], film["people"], film["width"]) == ("a", ["P0001", "P0002"], 320)
    assert [event["event"] for event in film["events"]] == ["seen"]


def test_events_that_follow_each_other_are_one_film_up_to_a_limit(camera: Camera) -> None:
    camera.run(1, 1)
    for _ in range(10):
        camera.event(1)
        camera.run(1, 1)
    camera.clips.close(20)
    first, second = camera.films()
    assert first["seconds"] == pytest.approx(6, abs=0.15)
    assert len(first["events"]) + len(second["events"]) == 10


def test_other_events_are_not_filmed(camera: Camera) -> None:
    camera.run(1, 1)
    camera.event(1, kind="left")
    camera.event(1, camera="b")
    camera.run(3, 1)
    camera.clips.close(20)
    assert camera.films() == []


def test_who_is_forgotten_is_in_no_film(camera: Camera) -> None:
    for person in (1, 2):
        camera.run(2, person)
        camera.event(person)
        camera.run(4, person)
    camera.run(2, 3)
    camera.event(2)  # a film that is being made: of 3, but told of 2
    camera.run(0.5, 3)
    camera.clips.forget(1)
    assert [film["people"] for film in camera.films()] == [["P0002"]]
    camera.clips.forget(3)
    camera.run(3)
    camera.clips.close(20)
    assert [film["people"] for film in camera.films()] == [["P0002"]]


def test_old_films_are_deleted(camera: Camera) -> None:
    for _ in range(2):
        camera.run(5, 1)
        camera.event(1)
        camera.run(5, 1)
    camera.clips.prune(NOON + 10)
    assert [film["begun_s"] > NOON + 10 for film in camera.films()] == [True]
    camera.clips.close(20)
