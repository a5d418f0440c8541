"""All appearances of one person as one film, other people blurred."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from pipelines.exporting.people import ExportedTracklet
from pipelines.recordings.presence import HOLD_S, Presence
from pipelines.reviewing.recorded_run import FinishedRun
from reid.geometry import Boxes
from reid.types import Frame, Image, TrackletKey
from reid.video.blur import blur_boxes, blur_surroundings
from reid.video.draw import Mark, annotate
from reid.video.reader import SourceInfo, read
from reid.video.source import Source
from reid.video.writer import VideoWriter

Blur = Literal["others", "surroundings", "all", "none"]
CUT_S = 0.5  # from the last frame of an appearance to the first of the next


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilmScene:
    """A person in one camera, from a little before to a little after."""

    run: FinishedRun
    camera_id: str
    start_s: float  # on the run's clock
    end_s: float
    tracklets: tuple[TrackletKey, ...]

    @property
    def began_s(self) -> float | None:
        """Start as a time of the world; None: not known."""
        clock = self.run.clock
        return None if clock is None else clock.zero_s + self.start_s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilmedScene:
    """A scene, and the recording that shows it."""

    scene: FilmScene
    source: Source
    info: SourceInfo

    @property
    def frames_per_second(self) -> float:
        """Rate of the frames that the run processed."""
        asked = self.scene.run.config.source.fps
        return self.info.usual_fps if asked is None else min(self.info.usual_fps, asked)


def appearances(own: Iterable[ExportedTracklet], around_s: float) -> list[FilmScene]:
    """The appearances of a person, in order of time; those of one camera that touch are one.

    Results without a time in the world come in the order that they were given.
    """
    rows: list[FilmScene] = []
    ordered = sorted(own, key=lambda one: (one.sequence, one.camera, one.tracklet.start_s))
    for one in ordered:
        begin_s = one.run.facts.cameras[one.tracklet.camera_id].start_s
        start_s = max(one.tracklet.start_s - around_s, begin_s)
        end_s = one.tracklet.end_s + around_s
        last = rows[-1] if rows else None
        if (
            last
            and last.run is one.run
            and last.camera_id == one.tracklet.camera_id
            and start_s <= last.end_s
        ):
            rows[-1] = FilmScene(
                run=one.run,
                camera_id=last.camera_id,
                start_s=last.start_s,
                end_s=max(last.end_s, end_s),
                tracklets=(*last.tracklets, one.tracklet.key),
            )
        else:
            rows.append(
                FilmScene(
                    run=one.run,
                    camera_id=one.tracklet.camera_id,
                    start_s=start_s,
                    end_s=end_s,
                    tracklets=(one.tracklet.key,),
                )
            )
    if all(row.began_s is not None for row in rows):
        return sorted(rows, key=lambda row: (row.began_s, row.camera_id))
    runs = [one.run for one in ordered]
    return sorted(rows, key=lambda row: (runs.index(row.run), row.start_s, row.camera_id))


def write_film(
    path: Path,
    shown: Sequence[FilmedScene],
    person_id: int,
    blur: Blur,
    advance: Callable[[int], None],
) -> int:
    """Write the film and return its number of frames; none is written where there are none.

    People who were erased from a results folder are blurred, whatever `blur` says.

    Args:
        shown: appearances, each with its recording.
        advance: takes the number of frames that were written since.
    """
    size = (max(one.info.width for one in shown), max(one.info.height for one in shown))
    tracked = {run.root: run.tracked() for run in {one.scene.run for one in shown}}
    count, at_s = 0, 0.0
    with VideoWriter(path, fps_hint=max(one.frames_per_second for one in shown)) as writer:
        for filmed in shown:
            one, own = filmed.scene, set(filmed.scene.tracklets)
            camera = tracked[one.run.root][one.camera_id]
            person = Presence(track for track in camera.tracklets if track.key in own)
            others = Presence((track for track in camera.tracklets if track.key not in own), HOLD_S)
            erased = Presence(camera.blurred, HOLD_S)
            first_s: float | None = None
            last_s = at_s
            for frame in _frames(filmed):
                first_s = frame.timestamp_s if first_s is None else first_s
                shown_at = person.boxes_at(frame.timestamp_s)
                image = blurred(frame.image, shown_at, others.boxes_at(frame.timestamp_s), blur)
                image = blur_boxes(image, erased.boxes_at(frame.timestamp_s))
                marks = [Mark(box=box, person_id=person_id) for box in shown_at]
                drawn = annotate(image, marks, camera=one.camera_id, time_s=frame.timestamp_s)
                last_s = at_s + frame.timestamp_s - first_s
                writer.write(letterboxed(drawn, size), last_s)
                count += 1
                advance(1)
            at_s = last_s + CUT_S
    return count


def blurred(image: Image, person: Boxes, others: Boxes, blur: Blur) -> Image:
    """The frame with other people, all people, or all but the person blurred."""
    match blur:
        case "none":
            return image
        case "others":
            return blur_boxes(image, others)
        case "all":
            return blur_boxes(image, np.concatenate([person, others]))
        case "surroundings":
            return blur_surroundings(image, person, others)


def letterboxed(image: Image, size: tuple[int, int]) -> Image:
    """The image as large as `size` (width, height) allows, in the middle of black."""
    height, width = image.shape[:2]
    if (width, height) == size:
        return image
    scale = min(size[0] / width, size[1] / height)
    inner = (min(size[0], round(width * scale)), min(size[1], round(height * scale)))
    resized = cv2.resize(image, inner, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    canvas = np.zeros((size[1], size[0], 3), dtype=np.uint8)
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    canvas[top : top + inner[1], left : left + inner[0]] = resized
    return canvas


def _frames(filmed: FilmedScene) -> Iterator[Frame]:
    """The frames of an appearance that the run processed."""
    one, source, config = filmed.scene, filmed.source, filmed.scene.run.config.source
    start_s = max(config.start_s, one.start_s - source.shift_s)
    end_s = one.end_s - source.shift_s
    if config.end_s is not None:
        end_s = min(end_s, config.end_s)
    wanted = config.model_copy(update={"start_s": start_s, "end_s": end_s})
    yield from read(source, wanted, lambda _: None)  # what is damaged was reported the first time
