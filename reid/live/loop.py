"""The straight line, live: the newest frames of all cameras become tracks, answers and events, round after round.

One thread runs it. Cameras decode in threads of their own, reclustering happens in another, and receivers of
events wait in theirs: this thread waits for none of them.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from reid.camera import see
from reid.detection.detector import Detector
from reid.embedding.encoder import Encoder
from reid.linking.reclustering import Refinement
from reid.live.admin.command_queue import CommandQueue
from reid.live.capture.camera import CameraSnapshot, LiveFrame
from reid.live.capture.cameras import Cameras
from reid.live.capture.frame_rate import FrameRateController
from reid.live.capture.latest_frames import LatestFrames
from reid.live.config import SamplingConfig
from reid.live.identity.appearance import Appearance
from reid.live.identity.reclusterer import Reclusterer
from reid.live.site import Site
from reid.live.tracking.camera_side import CameraSide
from reid.live.tracking.emptiness import Emptiness
from reid.live.views.site_state import CameraNow
from reid.timing import Stopwatch
from reid.types import Frame

log = logging.getLogger(__name__)

TICK_S = 1.0
TAKE_S = 0.1
# how long after they were taken frames may be processed: who may be in one of them has not left
LATE_S = 1.0
LAST_REFINEMENT_S = 1.5  # at the end, so that a site stops within 5 s with all else that takes time then


@dataclass(slots=True, kw_only=True, eq=False)
class Engine:
    """Runs a site.

    Args:
        camera_side: makes one for a camera that delivers so many frames a second.
        on_frame: called with every frame that was processed, and who is being followed in it.
        on_tick: called about once a second.
    """

    detector: Detector
    encoder: Encoder
    batch: int
    cameras: Cameras
    latest_frames: LatestFrames[LiveFrame]
    camera_side: Callable[[str, float], CameraSide]
    site: Site
    reclusterer: Reclusterer
    sampling: SamplingConfig
    on_frame: Sequence[Callable[[Frame, list[Appearance]], None]] = ()
    on_tick: Callable[[], None] = lambda: None
    commands: CommandQueue = field(default_factory=CommandQueue)
    watch: Stopwatch = field(default_factory=Stopwatch)
    refinements: int = 0
    changed: int = 0  # tracklets that reclustering gave to another person
    _camera_sides: dict[str, CameraSide] = field(default_factory=dict)
    _snapshots: Mapping[str, CameraSnapshot] = field(default_factory=dict)
    _fps: float | None = None
    _emptiness: Emptiness = field(init=False)

    def __post_init__(self) -> None:
        self._emptiness = Emptiness(self.detector.classes)

    def run(self, stop: Callable[[], bool]) -> None:
        """Until `stop`, or until every camera is a file that has ended; what was in view has left then."""
        frame_rate = FrameRateController(config=self.sampling, batch=self.batch)
        try:
            self._watch(stop, frame_rate)
        finally:
            self.commands.close()
        self._finish()

    def forget(self, *person_ids: int) -> None:
        """Know nothing of a person any more; in view, they are a new person. The store is not touched."""
        self.reclusterer.drop()
        for camera_id, tracker_id in self.site.registry.forget(person_ids):
            self._camera_sides[camera_id].forget(tracker_id)

    def _watch(self, stop: Callable[[], bool], frame_rate: FrameRateController) -> None:
        """Take frames, serve commands and tick until `stop`, or until every camera has ended."""
        tick_s = 0.0
        while not stop():
            taken = self.latest_frames.take(self.batch, timeout_s=TAKE_S, max_age_s=self.sampling.max_age_s)
            if taken:
                begun = time.monotonic()
                self._round([live for _, live in taken])
                frame_rate.round(time.monotonic(), time.monotonic() - begun, len(taken))
            elif self.cameras.over:
                break
            self.commands.serve()
            if time.monotonic() >= tick_s:
                tick_s = time.monotonic() + TICK_S
                self._tick(frame_rate)

    def _round(self, taken: Sequence[LiveFrame]) -> None:
        """Frames of several cameras, one each, to events on the disk and out."""
        with self.watch.stage("convert"):
            frames = [live.frame() for live in taken]
        ignored = self.site.registry.zones.ignored
        seen = see(frames, self.detector, self.encoder, self.watch, leave_out=ignored)
        with self.watch.stage("track"):
            for live, one in zip(taken, seen, strict=True):
                if live.changed:  # boxes of another size continue no track
                    self._end(live.camera_id, live.decoded_s)
                self._emptiness.update(live.camera_id, len(one.people), live.decoded_s)
                side = self._camera_side(live.camera_id)
                self.site.registry.take(side.frame(one, live.decoded_s))
        with self.watch.stage("tell"):
            self.site.unit_of_work.commit()
        with self.watch.stage("draw"):
            for one in seen:
                for look in self.on_frame:
                    look(one.frame, self.site.registry.in_view(one.frame.camera_id))

    def _camera_side(self, camera_id: str) -> CameraSide:
        if camera_id not in self._camera_sides:
            self._camera_sides[camera_id] = self.camera_side(camera_id, self._rate(camera_id))
        return self._camera_sides[camera_id]

    def _end(self, camera_id: str, decoded_s: float) -> None:
        """Everyone in a camera has left."""
        side = self._camera_sides.pop(camera_id, None)
        if side is not None:
            self.site.registry.take(side.finish(decoded_s))

    def _tick(self, frame_rate: FrameRateController) -> None:
        self.site.clock.check()
        self.site.state.clock_steps = self.site.clock.steps
        now_s, monotonic = self.site.clock.now_s, time.monotonic()
        self._snapshots = {one.camera_id: one for one in self.cameras.check()}
        gallery = self.site.registry.gallery
        gallery.cameras = list(self._snapshots)
        for camera_id in set(self._camera_sides) - set(self._snapshots):
            self._end(camera_id, monotonic)
        for camera_id, side in self._camera_sides.items():
            lead_s = self.cameras.lead_s(camera_id)
            self.site.registry.take(side.expire(now_s + lead_s - LATE_S, monotonic))
        if (refinement := self.reclusterer.take(gallery)) is not None:
            self._refined(refinement)
        self.site.registry.age(now_s)
        self.site.unit_of_work.commit()
        self._sample(frame_rate)
        self._show()
        self.on_tick()

    def _refined(self, refinement: Refinement) -> None:
        self.refinements += 1
        self.changed += self.site.registry.apply(refinement)

    def _sample(self, frame_rate: FrameRateController) -> None:
        """Let as many frames of each camera in as the machine sustains."""
        rates = [one.fps for one in self._snapshots.values() if one.state.level in ("online", "degraded")]
        fps = frame_rate.fps(rates)
        if fps != self._fps:
            told = "every frame" if fps is None else f"{fps:.1f} frames a second of each camera at most"
            log.info("processing %s", told)
        self._fps = fps
        for camera_id in self._snapshots:
            self.latest_frames.sample(camera_id, fps)
            if camera_id in self._camera_sides:
                self._camera_sides[camera_id].at_rate(self._rate(camera_id))

    def _rate(self, camera_id: str) -> float:
        """Frames of a camera that are processed a second, about."""
        known = self._snapshots.get(camera_id)
        rate = known.fps if known is not None and known.fps > 0 else 10.0
        return rate if self._fps is None else min(rate, self._fps)

    def _show(self) -> None:
        self.site.state.set_cameras(
            [
                CameraNow(
                    snapshot=one,
                    counts=self.latest_frames.counts(camera_id),
                    sampled_fps=self._fps,
                    in_view=len(self.site.registry.in_view(camera_id)),
                )
                for camera_id, one in self._snapshots.items()
            ]
        )
        self.site.state.set_zones(self.site.registry.zones.now())

    def _finish(self) -> None:
        """Everyone leaves, and is clustered once more if that is quick; cameras end meanwhile."""
        self.cameras.end()
        for camera_id in list(self._camera_sides):
            self._end(camera_id, time.monotonic())
        refinement = self.reclusterer.last(self.site.registry.gallery, LAST_REFINEMENT_S)
        if refinement is None:
            log.warning("stopped without a last look at the identities of the last minutes: it took too long")
        else:
            self._refined(refinement)
        self.site.registry.zones.finish()
        self.site.unit_of_work.commit()
        self._show()
