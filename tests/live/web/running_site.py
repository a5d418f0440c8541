"""A site that runs in a thread of its own, with its page: real reading, tracking, linking and storing of blocks."""

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np

from reid.live.admin.retention import Retention
from reid.live.web.live_review import LiveReview
from reid.live.web.page_config import PageConfig
from reid.live.web.server import PageServer
from reid.store.opening import open_store
from reid.types import person_name
from tests.live.blocks import ENCODER, scene
from tests.live.capture.mjpeg_camera import MjpegCamera
from tests.live.running import Running

Found = TypeVar("Found")
DAY_S = 86400.0


class BlockCamera(MjpegCamera):
    """Shows blocks that walk a little to and fro; whoever is put into `people` or taken out comes or leaves."""

    def __init__(self, people: dict[int, float]) -> None:
        super().__init__(fps=10.0)
        self.people = people

    def _frame(self) -> bytes:
        step = 0.02 * float(np.sin(time.monotonic()))
        blocks = scene({person: share + step for person, share in self.people.items()})
        return bytes(cv2.imencode(".jpg", blocks, [cv2.IMWRITE_JPEG_QUALITY, 95])[1])


class RunningSite:
    """A site with two cameras: three people are in `door`, one is in `hall`."""

    def __init__(self, folder: Path, **review: Any) -> None:
        self._of_review = {"old_s": 0.5, **review}
        self.door, self.hall = BlockCamera({0: 0.1, 1: 0.4, 2: 0.7}), BlockCamera({3: 0.3})
        self.page = PageServer("127.0.0.1:0", PageConfig(listen="127.0.0.1:0"), {})
        self.url = self.page.url
        self._stop, self._ready = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, args=(folder,), name="site")

    def __enter__(self) -> "RunningSite":
        self.door.start()
        self.hall.start()
        self._thread.start()
        assert self._ready.wait(30), "the site did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self.page.stop()
        self._stop.set()
        self._thread.join(20)
        self.door.stop()
        self.hall.stop()
        assert not self._thread.is_alive()

    def ask(self, question: "Callable[[Running], Found]") -> Found:
        """What the site's own thread answers, between two rounds."""
        answers: list[Found] = []
        self.here.engine.commands.give(lambda: answers.append(question(self.here)))
        return answers[0]

    def label(self, person_id: int) -> str | None:
        """What the gallery calls a person."""
        labels = {
            person.person_id: person.label for person in self.ask(lambda here: list(here.store.people()))
        }
        return labels[person_id]

    def people(self) -> list[int]:
        """Of the gallery."""
        return sorted(person.person_id for person in self.ask(lambda here: list(here.store.people())))

    def name_in(self, camera: str) -> str:
        """Of the person, or of the first one, who is in that camera."""
        present = (one for one in self.here.engine.site.state.people() if one.present)
        first = min(one.person_id for one in present if one.visits[0].camera_id == camera)
        return person_name(first)

    def levels(self) -> dict[str, str]:
        """How each camera is."""
        return {
            one.snapshot.camera_id: one.snapshot.state.level for one in self.here.engine.site.state.cameras()
        }

    def _run(self, folder: Path) -> None:
        """The store belongs to the thread that opened it."""
        here = self.here = Running(folder / "site.db", f"door={self.door.url}", f"hall={self.hall.url}")
        retention = self._doubtful(here)
        now_s = 601.0  # retention looks at the clock ten minutes after the start
        here.engine.on_tick = lambda: retention.tick(time.time(), time.monotonic() + now_s)
        here.engine.cameras.on_change = lambda now: here.engine.site.camera_changed(
            now.camera_id, now.state.level, now.state.why
        )
        control = dataclasses.replace(here.control, retention=retention)
        review = self.review = LiveReview(
            lambda: open_store(here.store.path, encoder_id=ENCODER, read_only=True),
            here.engine.site.unit_of_work.session,
            here.engine.site.registry.gallery.policy,
            minutes=10,
            **self._of_review,
        )
        self.page.start(here.engine.site.state, control, review)
        self._ready.set()
        here.engine.run(self._stop.is_set)
        here.engine.cameras.stop(2)
        here.store.close()

    def _doubtful(self, here: Running) -> Retention:
        """Retention that takes the clock for 40 days ahead, and waits for a person to confirm it."""
        retention = Retention(
            days=30, most_people=None, engine=here.engine, store=here.store, synchronised=lambda: False
        )
        retention.tick(time.time() - 40 * DAY_S, time.monotonic())
        return retention


@contextmanager
def running_site(folder: Path, **review: Any) -> Iterator[RunningSite]:
    """One that knows everybody in view; `review` is what `LiveReview` takes."""
    with RunningSite(folder, **review) as site:
        end = time.monotonic() + 30
        while len([one for one in site.here.engine.site.state.people() if one.present]) < 4:
            assert time.monotonic() < end, "not all were seen"
            time.sleep(0.05)
        yield site
