"""A site that runs, with real decoding, tracking, linking and storing; only the networks are simple."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from reid.camera import Follower
from reid.config import TrackerConfig, TrackletConfig
from reid.events import Event
from reid.linking.answer import Patience
from reid.linking.online import OnlineGallery
from reid.linking.policy import Rule
from reid.live.admin.control_service import ControlService
from reid.live.capture.address import parse_cameras
from reid.live.capture.camera import CameraSnapshot, LivePicture
from reid.live.capture.cameras import Cameras
from reid.live.capture.latest_frames import LatestFrames
from reid.live.config import OnlineConfig, SamplingConfig, SupervisionConfig
from reid.live.identity.reclusterer import Reclusterer
from reid.live.identity.site import Site
from reid.live.identity.unit_of_work import UnitOfWork
from reid.live.loop import Engine
from reid.live.views.preview import Preview
from reid.live.views.recent_people import RecentPeople
from reid.live.views.site_state import SiteState
from reid.store.sqlite.store import Store
from reid.tracking.assembler import TrackletAssembler
from reid.tracking.ultralytics_tracker import UltralyticsTracker
from reid.types import Detections, Embeddings
from tests.live.blocks import ENCODER, BlockDetector, BlockEncoder


def load_tracking() -> None:
    """It takes seconds, which the films do not wait for."""
    UltralyticsTracker(TrackerConfig(), 10).update(
        Detections(boxes=np.zeros((0, 4), np.float32), scores=np.zeros(0, np.float32)),
        Embeddings(vectors=np.zeros((0, 6), np.float32), encoder_id=ENCODER),
        np.zeros((180, 320, 3), dtype=np.uint8),
    )


class Running:
    """An engine over films, with all that it told."""

    def __init__(self, path: Path, *films: str, seconds: float = 0.0, **sampling: Any) -> None:
        self.store = Store.open(path, encoder_id=ENCODER)
        self.told: list[tuple[Event, float | None]] = []
        self.keeper = Keeper()
        self.assemblers: dict[str, TrackletAssembler] = {}
        self.states: list[CameraSnapshot] = []
        self.detector, latest_frames = BlockDetector(seconds), LatestFrames[LivePicture]()
        site_state, config = SiteState(), OnlineConfig(refine_s=0.5)
        recent_people = RecentPeople(site_state=site_state)

        def tell(event: Event, latency_s: float | None) -> None:
            self.told.append((event, latency_s))
            site_state.add_event(event, latency_s)

        rule = Rule(max_distance=0.3)
        gallery = OnlineGallery(
            rule,
            Patience(new_after_s=0.7, margin=0.05),
            self.store.identities(),
            self.store.next_person_id(),
        )
        site = Site(
            gallery,
            UnitOfWork(store=self.store, session=path.stem, tell=tell),
            config,
            shows_thing=lambda _: False,
            on_visit=recent_people.visit,
            on_moved=recent_people.moved,
        )
        cameras = Cameras(
            config=SupervisionConfig(),
            latest_frames=latest_frames,
            on_change=self.states.append,
            rng=random.Random(0),
        )
        self.engine = Engine(
            detector=self.detector,
            encoder=BlockEncoder(),
            batch=4,
            cameras=cameras,
            latest_frames=latest_frames,
            follower=self._follower,
            site=site,
            site_state=site_state,
            recent_people=recent_people,
            on_picture=[Preview(site_state=site_state, fps=50, width=160, quality=80).picture],
            reclusterer=Reclusterer(every_s=config.refine_s),
            sampling=SamplingConfig(**sampling),
        )
        for address in parse_cameras(films):
            cameras.add(address)
        self.control = ControlService(
            engine=self.engine, store=self.store, keepers=[self.keeper], folders=[path.parent]
        )

    def _follower(self, camera_id: str, fps: float) -> Follower:
        assembler = self.assemblers.setdefault(
            camera_id, TrackletAssembler(camera_id, ENCODER, TrackletConfig(), split_distance=1.0)
        )
        return Follower(tracker=UltralyticsTracker(TrackerConfig(), fps), assembler=assembler)

    def run(self, meanwhile: Callable[[ControlService], None] | None = None) -> None:
        """Until the films are over; `meanwhile` runs in another thread, as a page does."""
        errors: list[BaseException] = []

        def other() -> None:
            try:
                assert meanwhile is not None
                meanwhile(self.control)
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=other)
        if meanwhile is not None:
            thread.start()
        self.engine.run(lambda: False)
        if meanwhile is not None:
            thread.join()
        self.engine.cameras.stop(2)
        if errors:
            raise errors[0]

    def people(self, kind: str) -> Counter[int | None]:
        return Counter(event.person_id for event, _ in self.told if event.kind == kind)


class Keeper:
    """Remembers what it was asked."""

    keeps = "clips"

    def __init__(self) -> None:
        self.forgotten: list[int] = []
        self.pruned: list[float] = []
        self.error: OSError | None = None

    def forget(self, person_id: int) -> None:
        self.forgotten.append(person_id)

    def prune(self, before_s: float) -> int:
        if self.error is not None:
            raise self.error
        self.pruned.append(before_s)
        return 2


def until(happened: Callable[[], bool]) -> None:
    begun = time.monotonic()
    while not happened():
        assert time.monotonic() - begun < 10
        time.sleep(0.01)
