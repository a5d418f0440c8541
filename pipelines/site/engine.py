"""From the settings of `reid live` to an engine that can run."""

import logging
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from pipelines.recordings.linkage import Threshold, rule_of
from pipelines.site.live_config import LiveConfig
from reid.build import Models
from reid.camera import Follower
from reid.events import Event
from reid.linking.answer import Patience
from reid.linking.online import OnlineGallery
from reid.live.capture.camera import LivePicture, Snapshot
from reid.live.capture.cameras import ENDED, Cameras
from reid.live.capture.latest_frames import Slots
from reid.live.identity.reclusterer import SecondThoughts
from reid.live.identity.site import Site
from reid.live.identity.unit_of_work import Teller
from reid.live.loop import Engine
from reid.live.tracking.static_things import Things
from reid.live.views.clip_recorder import Clips
from reid.live.views.preview import Preview
from reid.live.views.recent_people import Lately
from reid.live.views.site_state import Board
from reid.outputs.events.sink import Sink
from reid.store.sqlite.store import Store
from reid.tracking.assembler import TrackletAssembler
from reid.tracking.build import build_tracker

log = logging.getLogger(__name__)


def build_engine(
    config: LiveConfig,
    threshold: Threshold,
    models: Models,
    store: Store,
    sinks: Sequence[Sink],
    clips: Clips | None,
    things: Things,
) -> Engine:
    """An engine without cameras; the gallery's people are known to it."""
    board, slots = Board(), Slots[LivePicture]()
    lately = Lately(board=board, labels={p.person_id: p.label for p in store.people() if p.label})

    def tell(event: Event, latency_s: float | None) -> None:
        board.add_event(event, latency_s)
        for sink in sinks:
            sink.send(event)
        if clips is not None:
            clips.event(event)

    session = datetime.now(UTC).strftime("live-%Y%m%dT%H%M%S")
    teller = Teller(store=store, session=session, tell=tell)
    site = Site(
        _gallery(config, threshold, store),
        teller,
        config.online,
        shows_thing=things.shows_thing,
        on_visit=lately.visit,
        on_moved=lately.moved,
    )
    cameras = Cameras(
        config=config.supervision, slots=slots, on_change=_camera_teller(teller), rng=random.Random()
    )
    preview = Preview(
        board=board,
        fps=config.page.preview_fps,
        width=config.page.preview_width,
        quality=config.page.preview_quality,
    )
    return Engine(
        detector=models.detector,
        encoder=models.encoder,
        batch=config.detector.batch,
        cameras=cameras,
        slots=slots,
        follower=_followers(config, threshold, models.encoder.encoder_id, things),
        site=site,
        board=board,
        lately=lately,
        thoughts=SecondThoughts(every_s=config.online.refine_s),
        sampling=config.sampling,
        on_picture=[preview.picture] if clips is None else [preview.picture, clips.picture],
    )


def _gallery(config: LiveConfig, threshold: Threshold, store: Store) -> OnlineGallery:
    patience = Patience(new_after_s=config.online.new_after_s, margin=config.online.margin)
    rule = rule_of(threshold, config.linking)
    return OnlineGallery(rule, patience, store.identities(), store.next_person_id())


def _followers(
    config: LiveConfig, threshold: Threshold, encoder_id: str, things: Things
) -> Callable[[str, float], Follower]:
    assemblers: dict[str, TrackletAssembler] = {}

    def follower(camera_id: str, fps: float) -> Follower:
        # one a camera, whatever happens to its stream: no number of a track is given twice
        assembler = assemblers.setdefault(
            camera_id,
            TrackletAssembler(
                camera_id,
                encoder_id,
                config.tracklets,
                split_distance=threshold.split_distance,
                centre=threshold.centre,
            ),
        )
        tracker = build_tracker(config.tracker, fps)
        return Follower(tracker=tracker, assembler=assembler, static=things.of(camera_id))

    return follower


def _camera_teller(teller: Teller) -> Callable[[Snapshot], None]:
    def changed(now: Snapshot) -> None:
        state = now.state
        teller.event("camera_state", time.time(), camera_id=now.camera_id, level=state.level, why=state.why)
        if state.why == ENDED:  # whoever reads the log knows
            return
        level = logging.WARNING if state.level in ("degraded", "offline") else logging.INFO
        log.log(level, "camera %s: %s%s", now.camera_id, state.level, f": {state.why}" if state.why else "")

    return changed
