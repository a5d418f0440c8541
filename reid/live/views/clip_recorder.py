"""Record clips of events: some seconds before and after, with boxes and names."""

import logging
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from reid.events import Event
from reid.live.background import BackgroundWorker
from reid.live.clock import SiteClock
from reid.live.config import ClipsConfig
from reid.live.identity.appearance import Appearance
from reid.live.views.clip import Clip, ClipFrame, label_of, told_of
from reid.live.views.clip_folder import ClipFolder
from reid.live.views.preview import drawn
from reid.owned_files import OwnedFiles
from reid.types import Frame

log = logging.getLogger(__name__)

QUALITY = 90
STOP_S = 0.2  # for giving up a clip: the frame at hand is written, then what there is is deleted


@dataclass(slots=True, kw_only=True, eq=False)
class _Camera:
    """The last seconds of one, and what is being recorded."""

    now_s: float  # when its last frame was taken
    latest: deque[ClipFrame] = field(default_factory=deque)
    clip: Clip | None = None


class ClipRecorder:
    """Keeps the last seconds of every camera, and writes clips in a thread of its own.

    A clip has a JSON file beside it that says which events it shows, and who is in it: also those who were not
    known when it was made, but whose track turned out to be theirs.
    """

    keeps = "clips"

    def __init__(
        self, folder: Path, files: OwnedFiles, config: ClipsConfig, clock: SiteClock | None = None
    ) -> None:
        self._config, self._clock = config, clock or SiteClock()
        # the worker's from here on
        self._folder_of_clips = ClipFolder(folder, files, most_mib=config.most_mib)
        self._cameras: dict[str, _Camera] = {}
        self._waiting: set[Future[bool]] = set()
        self._stop = threading.Event()
        self._worker = BackgroundWorker("clips")

    def frame(self, frame: Frame, visits: Sequence[Appearance]) -> None:
        """A frame that was processed."""
        shown = [visit for visit in visits if visit.shown(frame)]
        clip_frame = ClipFrame(
            at_s=frame.timestamp_s,
            jpeg=drawn(
                frame,
                visits,
                self._config.width,
                QUALITY,
                self._clock.wall_s(frame.timestamp_s),
                blur=self._config.blur == "all",
            ),
            tracks={str(visit.key) for visit in shown if visit.key is not None},
            people={visit.person_id for visit in shown if visit.person_id is not None},
        )
        camera = self._cameras.setdefault(frame.camera_id, _Camera(now_s=clip_frame.at_s))
        camera.now_s = clip_frame.at_s
        camera.latest.append(clip_frame)
        while clip_frame.at_s - camera.latest[0].at_s > self._config.before_s:
            camera.latest.popleft()
        clip = camera.clip
        if clip is not None:
            clip.frames.append(clip_frame)
            if clip_frame.at_s >= clip.until_s or clip.length_s >= self._config.longest_s:
                self._end(camera)

    def event(self, event: Event) -> None:
        """Something happened: record it, or go on recording. Of whatever kind it is, it may say who is in a clip."""
        self._learn(event)
        camera = self._cameras.get(event.camera_id or "")
        if camera is None or event.camera_id is None or event.kind not in self._config.events:
            return
        if camera.clip is None:
            camera.clip = Clip(camera_id=event.camera_id, session=event.session, frames=list(camera.latest))
        camera.clip.until_s = max(camera.clip.until_s, camera.now_s + self._config.after_s)
        camera.clip.events.append(event)

    def forget(self, person_id: int) -> int:
        """Delete every clip that shows a person or tells of them, and what would become one.

        Returns how many clips were deleted.

        Raises:
            InputError: clips could not be deleted.
            OSError: the folder cannot be read.
        """
        for camera in self._cameras.values():
            kept = [one for one in camera.latest if person_id not in one.people]
            camera.latest = deque(kept)
            if camera.clip is not None and camera.clip.about(person_id):
                camera.clip = None
        return self._worker.give(partial(self._folder_of_clips.forget, person_id)).result()

    def prune(self, before_s: float) -> int:
        """Delete clips that ended before that; how many those were. Raises as `forget` does."""
        return self._worker.give(partial(self._folder_of_clips.prune, before_s)).result()

    def close(self, timeout_s: float) -> None:
        """Write what is being recorded; of what is not written in that time nothing is left, and the log says so."""
        for camera in self._cameras.values():
            self._end(camera)
        if not self._worker.end(timeout_s - STOP_S):
            self._stop.set()
            self._worker.end(STOP_S)
        lost = sum(not one.done() or (one.exception() is None and not one.result()) for one in self._waiting)
        if lost:
            log.warning("stopped before %d clips were written", lost)

    def _learn(self, event: Event) -> None:
        told = told_of(event, self._clock)
        if told is None:
            return
        camera = self._cameras.get(told.camera_id)
        if camera is not None:
            for one in (*camera.latest, *(camera.clip.frames if camera.clip is not None else ())):
                one.learn(told)
        self._worker.give(partial(self._folder_of_clips.learn, told)).add_done_callback(_report)

    def _end(self, camera: _Camera) -> None:
        clip, camera.clip = camera.clip, None
        if clip is not None and clip.frames:
            self._waiting = {one for one in self._waiting if not one.done()}
            label, ahead_s = label_of(clip), self._clock.wall_s(0.0)
            write = partial(self._folder_of_clips.write, label, clip.frames, self._stop, ahead_s)
            future = self._worker.give(write)
            future.add_done_callback(_report)
            self._waiting.add(future)


def _report(done: "Future[bool] | Future[None]") -> None:
    """A clip that could not be written costs a line of the log, not the site."""
    error = done.exception()
    if error is not None:
        log.error("a clip could not be written: %s", error)
