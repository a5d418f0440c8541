"""The straight line, live: the newest pictures of all cameras become tracks, answers and events, round after round.

One thread runs it. Cameras decode in threads of their own, second thoughts are had in another, and receivers of
events wait in theirs: nothing here waits for anybody.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from reid.camera import Follower, Seen, see
from reid.detection.detector import Detector
from reid.embedding.encoder import Encoder
from reid.linking.reclustering import Refinement
from reid.live.admin.command_queue import CommandQueue
from reid.live.capture.camera import CameraSnapshot, LivePicture
from reid.live.capture.cameras import Cameras
from reid.live.capture.frame_rate import FrameRateController
from reid.live.capture.latest_frames import LatestFrames
from reid.live.config import SamplingConfig
from reid.live.identity.appearance import Appearance
from reid.live.identity.reclusterer import Reclusterer
from reid.live.identity.site import Site
from reid.live.tracking.emptiness import Emptiness
from reid.live.views.recent_people import RecentPeople
from reid.live.views.site_state import CameraNow, SiteState
from reid.timing import Stopwatch
from reid.types import Frame

log = logging.getLogger(__name__)

TICK_S = 1.0
TAKE_S = 0.1
# how long after they were taken pictures may be processed: nobody is gone who may be in one of them
LATE_S = 1.0
LAST_REFINEMENT_S = 1.5  # at the end, so that a site stops within 5 s with all else that takes time then


@dataclass(slots=True, kw_only=True, eq=False)
class Engine:
    """Runs a site.

    Args:
        follower: makes one for a camera that delivers so many pictures a second.
        on_picture: called with every picture that was processed, and who is being followed in it.
        on_tick: called about once a second.
    """

    detector: Detector
    encoder: Encoder
    batch: int
    cameras: Cameras
    latest_frames: LatestFrames[LivePicture]
    follower: Callable[[str, float], Follower]
    site: Site
    site_state: SiteState
    recent_people: RecentPeople
    reclusterer: Reclusterer
    sampling: SamplingConfig
    on_picture: Sequence[Callable[[Frame, list[Appearance]], None]] = ()
    on_tick: Callable[[], None] = lambda: None
    commands: CommandQueue = field(default_factory=CommandQueue)
    watch: Stopwatch = field(default_factory=Stopwatch)
    refinements: int = 0
    changed: int = 0  # tracklets that second thoughts gave to another person
    _followers: dict[str, Follower] = field(default_factory=dict)
    _snapshots: Mapping[str, CameraSnapshot] = field(default_factory=dict)
    _fps: float | None = None
    _emptiness: Emptiness = field(init=False)

    def __post_init__(self) -> None:
        self._emptiness = Emptiness(self.detector.classes)

    def run(self, stop: Callable[[], bool]) -> None:
        """Until `stop`, or until every camera is a file that has ended; what was in view has left then."""
        frame_rate, tick_s = FrameRateController(config=self.sampling, batch=self.batch), 0.0
        while not stop():
            taken = self.latest_frames.take(self.batch, timeout_s=TAKE_S, max_age_s=self.sampling.max_age_s)
            if taken:
                begun = time.monotonic()
                self._round([picture for _, picture in taken])
                frame_rate.round(time.monotonic(), time.monotonic() - begun, len(taken))
            elif self.cameras.over:
                break
            self.commands.serve()
            if time.monotonic() >= tick_s:
                tick_s = time.monotonic() + TICK_S
                self._tick(frame_rate)
        self._finish()

    def forget(self, person_id: int) -> None:
        """Nothing of a person is known any more, nor of how they came here; in view, they are somebody new."""
        for camera_id, tracker_id in self.site.forget(person_id):
            self._followers[camera_id].assembler.forget(tracker_id)

    def _round(self, pictures: Sequence[LivePicture]) -> None:
        """Pictures of several cameras, one each, to events on the disk and out."""
        with self.watch.stage("convert"):
            frames = [picture.frame() for picture in pictures]
        seen = see(frames, self.detector, self.encoder, self.watch)
        with self.watch.stage("track"):
            for picture, one in zip(pictures, seen, strict=True):
                self._follow(picture, one)
        with self.watch.stage("tell"):
            self._publish()
        with self.watch.stage("draw"):
            for one in seen:
                for look in self.on_picture:
                    look(one.frame, self.site.in_view(one.frame.camera_id))

    def _follow(self, picture: LivePicture, seen: Seen) -> None:
        """One camera's picture: tracks go on, begin and end, and whoever is due gets an answer."""
        camera_id, decoded_s = picture.camera_id, picture.decoded_s
        if picture.changed:  # boxes of another size are nobody's continuation
            self._end(camera_id, decoded_s)
        follower = self._followers.get(camera_id)
        if follower is None:
            follower = self._followers[camera_id] = self.follower(camera_id, self._rate(camera_id))
        self._emptiness.update(camera_id, len(seen.people), decoded_s)
        tracks, ended = follower.update(seen)
        self.site.ended(camera_id, ended, follower.assembler.following, decoded_s)
        rows = zip(tracks.tracker_ids.tolist(), tracks.detections.tolist(), strict=True)
        boxes = {number: seen.people.boxes[row] for number, row in rows}
        self.site.seen(camera_id, boxes, seen.frame.timestamp_s, follower.assembler.so_far, decoded_s)

    def _end(self, camera_id: str, decoded_s: float) -> None:
        """Everybody in a camera has left."""
        follower = self._followers.pop(camera_id, None)
        if follower is not None:
            self.site.ended(camera_id, list(follower.assembler.finish()), (), decoded_s)

    def _tick(self, frame_rate: FrameRateController) -> None:
        now_s, monotonic = time.time(), time.monotonic()
        self._snapshots = {one.camera_id: one for one in self.cameras.check()}
        self.site.gallery.cameras = list(self._snapshots)
        for camera_id in set(self._followers) - set(self._snapshots):
            self._end(camera_id, monotonic)
        for camera_id, follower in self._followers.items():
            offset_s = self.cameras.offset_s(camera_id)
            gone = list(follower.assembler.expire(now_s + offset_s - LATE_S))
            self.site.ended(camera_id, gone, follower.assembler.following, monotonic)
        if (refinement := self.reclusterer.take(self.site.gallery)) is not None:
            self._refined(refinement)
        self.site.age(now_s)
        self._publish()
        self._sample(frame_rate)
        self._show()
        self.on_tick()

    def _refined(self, refinement: Refinement) -> None:
        self.refinements += 1
        self.changed += self.site.apply(refinement)

    def _publish(self) -> None:
        self.site.unit_of_work.commit()
        self.recent_people.publish()

    def _sample(self, frame_rate: FrameRateController) -> None:
        """Let as many pictures of each camera in as the machine sustains."""
        rates = [one.fps for one in self._snapshots.values() if one.state.level in ("online", "degraded")]
        fps = frame_rate.fps(rates)
        if fps != self._fps:
            told = "every picture" if fps is None else f"{fps:.1f} pictures a second of each camera at most"
            log.info("processing %s", told)
        self._fps = fps
        for camera_id in self._snapshots:
            self.latest_frames.sample(camera_id, fps)
            if camera_id in self._followers:
                self._followers[camera_id].tracker.at_rate(self._rate(camera_id))

    def _rate(self, camera_id: str) -> float:
        """Pictures of a camera that are processed a second, about."""
        known = self._snapshots.get(camera_id)
        rate = known.fps if known is not None and known.fps > 0 else 10.0
        return rate if self._fps is None else min(rate, self._fps)

    def _show(self) -> None:
        self.site_state.set_cameras(
            [
                CameraNow(
                    snapshot=one,
                    counts=self.latest_frames.counts(camera_id),
                    sampled_fps=self._fps,
                    in_view=len(self.site.in_view(camera_id)),
                )
                for camera_id, one in self._snapshots.items()
            ]
        )

    def _finish(self) -> None:
        """Everybody leaves, and is thought over once more if that is quick; cameras end meanwhile."""
        self.cameras.end()
        for camera_id in list(self._followers):
            self._end(camera_id, time.monotonic())
        refinement = self.reclusterer.last(self.site.gallery, LAST_REFINEMENT_S)
        if refinement is None:
            log.warning("stopped without a last look at the identities of the last minutes: it took too long")
        else:
            self._refined(refinement)
        self._publish()
        self._show()
