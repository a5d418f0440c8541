"""From the settings of `reid live` to an engine that can run."""

import logging
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from pipelines.site.live_config import LiveConfig
from reid.build import Models
from reid.camera import Follower
from reid.events import Event
from reid.linking.answer import Patience
from reid.linking.online import OnlineGallery
from reid.linking.policy import LinkingPolicy
from reid.live.capture.camera import CameraSnapshot, LiveFrame
from reid.live.capture.cameras import ENDED, Cameras
from reid.live.capture.latest_frames import LatestFrames
from reid.live.clock import SiteClock
from reid.live.identity.reclusterer import Reclusterer
from reid.live.identity.zones import ZoneSettings
from reid.live.loop import Engine
from reid.live.site import Site, build_site
from reid.live.tracking.cadence import Cadence
from reid.live.tracking.camera_side import CameraSide
from reid.live.tracking.static_things import Things
from reid.live.views.clip_recorder import ClipRecorder
from reid.live.views.preview import Preview
from reid.outputs.events.sink import Sink
from reid.store.base import Store
from reid.tracking.assembler import TrackletAssembler
from reid.tracking.build import build_tracker

log = logging.getLogger(__name__)


def build_engine(
    config: LiveConfig,
    policy: LinkingPolicy,
    models: Models,
    store: Store,
    sinks: Sequence[Sink],
    clips: ClipRecorder | None,
    things: Things,
    clock: SiteClock,
    zones: ZoneSettings,
) -> Engine:
    """An engine without cameras; the gallery's people are known to it."""
    latest_frames = LatestFrames[LiveFrame]()

    def tell(event: Event, _latency_s: float | None) -> None:
        for sink in sinks:
            sink.send(event)
        if clips is not None:
            clips.event(event)

    site = build_site(
        store,
        _gallery(config, policy, store),
        config.online,
        session=datetime.now(UTC).strftime("live-%Y%m%dT%H%M%S"),
        clock=clock,
        tell=tell,
        shows_thing=things.shows_thing,
        labels={person.person_id: person.label for person in store.people() if person.label},
        zones=zones,
    )
    cameras = Cameras(
        config=config.supervision,
        latest_frames=latest_frames,
        on_change=partial(_camera_changed, site),
        rng=random.Random(),
        site_clock=clock,
    )
    preview = Preview(
        site_state=site.state,
        fps=config.page.preview_fps,
        width=config.page.preview_width,
        quality=config.page.preview_quality,
        blur=config.page.preview_blur == "all",
        clock=clock,
    )
    return Engine(
        detector=models.detector,
        encoder=models.encoder,
        batch=config.detector.batch,
        cameras=cameras,
        latest_frames=latest_frames,
        camera_side=_camera_sides(config, policy, models.encoder.encoder_id, things),
        site=site,
        reclusterer=Reclusterer(every_s=config.online.refine_s),
        sampling=config.sampling,
        on_frame=[preview.frame] if clips is None else [preview.frame, clips.frame],
    )


def _gallery(config: LiveConfig, policy: LinkingPolicy, store: Store) -> OnlineGallery:
    patience = Patience(new_after_s=config.online.new_after_s, margin=config.online.margin)
    return OnlineGallery(policy, patience, store.identities(), store.next_person_id())


def _camera_sides(
    config: LiveConfig, policy: LinkingPolicy, encoder_id: str, things: Things
) -> Callable[[str, float], CameraSide]:
    assemblers: dict[str, TrackletAssembler] = {}

    def camera_side(camera_id: str, fps: float) -> CameraSide:
        # one a camera, whatever happens to its stream: no number of a track is given twice
        assembler = assemblers.setdefault(
            camera_id,
            TrackletAssembler(
                camera_id,
                encoder_id,
                config.tracklets,
                split_distance=policy.split_distance,
                centre=policy.centre,
            ),
        )
        tracker = build_tracker(config.tracker, fps)
        follower = Follower(tracker=tracker, assembler=assembler, static=things.of(camera_id))
        cadence = Cadence(config=config.online, settled_s=config.linking.fragment_s)
        return CameraSide(camera_id=camera_id, follower=follower, cadence=cadence)

    return camera_side


def _camera_changed(site: Site, now: CameraSnapshot) -> None:
    state = now.state
    site.camera_changed(now.camera_id, state.level, state.why)
    if state.why == ENDED:  # who reads the log knows
        return
    level = logging.WARNING if state.level in ("degraded", "offline") else logging.INFO
    log.log(level, "camera %s: %s%s", now.camera_id, state.level, f": {state.why}" if state.why else "")
