"""A site that runs, with real decoding, tracking, linking and storing; only the networks are simple."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from reid.camera import Follower
from reid.camera_config import TrackerConfig, TrackletConfig
from reid.events import Event
from reid.linking.answer import Patience
from reid.linking.online import OnlineGallery
from reid.linking.policy import LinkingPolicy
from reid.live.admin.control_service import ControlService
from reid.live.admin.erasure import Erasure
from reid.live.capture.address import parse_cameras
from reid.live.capture.camera import CameraSnapshot, LiveFrame
from reid.live.capture.cameras import Cameras
from reid.live.capture.latest_frames import LatestFrames
from reid.live.clock import SiteClock
from reid.live.config import OnlineConfig, SamplingConfig, SupervisionConfig
from reid.live.identity.reclusterer import Reclusterer
from reid.live.loop import Engine
from reid.live.site import build_site
from reid.live.tracking.cadence import Cadence
from reid.live.tracking.camera_side import CameraSide
from reid.live.views.preview import Preview
from reid.store.opening import open_store
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

    def __init__(
        self,
        path: Path,
        *films: str,
        seconds: float = 0.0,
        clock: SiteClock | None = None,
        tracklets: TrackletConfig | None = None,
        **sampling: Any,
    ) -> None:
        self.tracklets = tracklets or TrackletConfig()
        self.store = open_store(path, encoder_id=ENCODER)
        self.told: list[tuple[Event, float | None]] = []
        self.keeper = Keeper()
        self.assemblers: dict[str, TrackletAssembler] = {}
        self.states: list[CameraSnapshot] = []
        self.detector, latest_frames = BlockDetector(seconds), LatestFrames[LiveFrame]()
        self.config = OnlineConfig(refine_s=0.5)
        gallery = OnlineGallery(
            LinkingPolicy(max_distance=0.3),
            Patience(new_after_s=0.7, margin=0.05),
            self.store.identities(),
            self.store.next_person_id(),
        )
        site = build_site(
            self.store,
            gallery,
            self.config,
            session=path.stem,
            clock=clock or SiteClock(),
            tell=lambda event, latency_s: self.told.append((event, latency_s)),
        )
        cameras = Cameras(
            config=SupervisionConfig(),
            latest_frames=latest_frames,
            on_change=self.states.append,
            rng=random.Random(0),
            site_clock=site.clock,
        )
        self.engine = Engine(
            detector=self.detector,
            encoder=BlockEncoder(),
            batch=4,
            cameras=cameras,
            latest_frames=latest_frames,
            camera_side=self._camera_side,
            site=site,
            on_frame=[Preview(site_state=site.state, fps=50, width=160, quality=80).frame],
            reclusterer=Reclusterer(every_s=self.config.refine_s),
            sampling=SamplingConfig(**sampling),
        )
        for address in parse_cameras(films):
            cameras.add(address)
        erasure = Erasure(engine=self.engine, store=self.store, keepers=[self.keeper])
        self.control = ControlService(engine=self.engine, erasure=erasure, folders=[path.parent])

    def _camera_side(self, camera_id: str, fps: float) -> CameraSide:
        assembler = self.assemblers.setdefault(
            camera_id, TrackletAssembler(camera_id, ENCODER, self.tracklets, split_distance=1.0)
        )
        follower = Follower(tracker=UltralyticsTracker(TrackerConfig(), fps), assembler=assembler)
        return CameraSide(camera_id=camera_id, follower=follower, cadence=Cadence(config=self.config))

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
