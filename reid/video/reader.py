"""A camera's recording as frames with times, whatever it is made of."""

import math
import statistics
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reid.camera_config import SourceConfig
from reid.errors import InputError
from reid.types import Frame
from reid.video import decode, folder
from reid.video.container import Wanted
from reid.video.file_facts import file_facts, usual_fps
from reid.video.file_frame import FileFrame
from reid.video.source import Source, image_files_of, left_out_of

_EPSILON_S = 1e-6  # times are sums of binary fractions
_STEPS = 250  # the last steps of a file, whose median is its usual one
_LONE_S = 1.0  # a file of one frame lasts no longer
WHOLE_SECONDS_S = (
    1.0  # names and containers count in these: a file so near to the one before follows right behind
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceInfo:
    """Facts of a recording by its headers, before it is read; None where they do not say."""

    width: int  # of the first frame, as it is shown
    height: int
    fps: float  # mean over the whole recording
    frames: int | None  # approximate
    duration_s: float | None  # recorded, without what lies between files
    codec: str  # FFmpeg's name; "images" for single images
    step_s: float | None = None  # usual (median) seconds between two frames; None: too few to tell
    fps_from: str | None = None  # who says the rate of a recording without times; None: it has times
    parts: tuple[
        tuple[float, float], ...
    ] = ()  # begin and end of files with pauses between them; empty: no pauses

    @property
    def usual_fps(self) -> float:
        """Frames per second while frames come."""
        return usual_fps(self.fps, self.step_s)


def probe(source: Source, config: SourceConfig) -> SourceInfo:
    """Look at every file of `source` without reading it through; only the first frame is decoded.

    `config.image_folder_fps` is the rate of frames, `config.raw_fps` that of raw streams, as in `read`.

    Raises:
        InputError: a file is no video, has no video stream, no known codec or no frame that can be decoded.
    """
    if source.is_images:
        paths, fps = image_files_of(source), config.image_folder_fps
        width, height = folder.first_size(paths, wanted_of(source, config))
        count = len(paths)
        return SourceInfo(
            width=width,
            height=height,
            fps=fps,
            frames=count,
            duration_s=count / fps,
            codec="images",
            step_s=1 / fps,
            fps_from="source.image_folder_fps",
        )
    width, height = decode.first_size(source.files[0], wanted_of(source, config, source.files[0]))
    files = [file_facts(path, config.raw_fps, wanted_of(source, config, path)) for path in source.files]
    known = [file.duration_s for file in files if file.duration_s is not None]
    duration_s = sum(known) if len(known) == len(files) else None
    counted = sum(file.fps * file.duration_s for file in files if file.duration_s is not None)
    steps = [file.step_s for file in files if file.step_s is not None]
    return SourceInfo(
        width=width,
        height=height,
        fps=counted / duration_s if duration_s else files[0].fps,
        frames=None if duration_s is None else round(counted),
        duration_s=duration_s,
        codec=files[0].codec,
        step_s=statistics.median(steps) if steps else None,
        fps_from=next((file.fps_from for file in files if file.fps_from), None),
        parts=tuple(
            (begin_s, begin_s + file.about_s) for begin_s, file in zip(source.begins_s, files, strict=False)
        ),
    )


def read(
    source: Source, config: SourceConfig, on_damage: Callable[[str], None], threads: int = 1
) -> Iterator[Frame]:
    """The frames of one camera in order of time, BGR, at most `config.fps` of them a second.

    They are as they are shown: upright, with square pixels.
    `Frame.index` counts all frames of the recording, delivered or not. `Frame.timestamp_s` is the time since
    the camera's first frame plus `source.shift_s`, and ascends strictly. With `config.fps` the frames
    nearest to a regular grid are delivered, never one twice. A damaged file is read as far as it can be
    decoded; `on_damage` gets a sentence for each, and the next file follows. The size may change on the way.

    Args:
        threads: decoder threads; 0 lets FFmpeg choose.

    Raises:
        InputError: a file is not a video, or not one frame of it can be decoded.
    """
    grid = _Grid(config.fps)
    end_s = math.inf if config.end_s is None else config.end_s
    undecoded = False
    delivered = False
    for index, time_s, file_frame in _sequence(source, config, on_damage, threads):
        if time_s >= end_s - _EPSILON_S:
            break
        if time_s < config.start_s - _EPSILON_S or not grid.takes(time_s, file_frame.duration_s):
            continue
        image = file_frame.image()
        if image is None:
            undecoded = True
            continue
        delivered = True
        yield Frame(camera_id=source.camera_id, index=index, timestamp_s=time_s + source.shift_s, image=image)
    if undecoded and not delivered:
        raise InputError(f"{source.files[0]}: none of its images can be decoded; copy them again")


def _sequence(
    source: Source, config: SourceConfig, on_damage: Callable[[str], None], threads: int
) -> Iterator[tuple[int, float, FileFrame]]:
    """Index and time in the camera, and frame, over all files, of which each begins where `_begin_s` says."""
    if source.is_images:
        paths = image_files_of(source)
        wanted, fps = wanted_of(source, config), config.image_folder_fps
        if unread := left_out_of(source):
            on_damage(unread)
        for file_frame in folder.file_frames(paths, fps=fps, wanted=wanted, on_damage=on_damage):
            yield file_frame.index, file_frame.time_s, file_frame
        return
    end_s, counted = 0.0, 0
    for number, path in enumerate(source.files):
        begin_s = _begin_s(source, number, end_s, on_damage)
        steps = deque[float](maxlen=_STEPS)
        last: FileFrame | None = None
        for file_frame in decode.file_frames(
            path,
            raw_fps=config.raw_fps,
            start_s=max(config.start_s - begin_s, 0.0),
            end_s=None if config.end_s is None else config.end_s - begin_s,
            threads=threads,
            wanted=wanted_of(source, config, path),
            on_damage=on_damage,
        ):
            if last is not None:
                steps.append(file_frame.time_s - last.time_s)
            last = file_frame
            yield counted + file_frame.index, begin_s + file_frame.time_s, file_frame
        if last is None:  # the file begins after the end that was asked for
            return
        # Recorders that were stopped give their last frame hours: it is shown for as long as usual.
        usual_s = statistics.median(steps) if steps else _LONE_S
        end_s = begin_s + last.time_s + min(last.duration_s, usual_s)
        counted += last.index + 1


def _begin_s(source: Source, number: int, end_s: float, on_damage: Callable[[str], None]) -> float:
    """Start of a file, the one before it having ended at `end_s`: its own time if that is later."""
    if not source.begins_s:
        return end_s
    begin_s = source.begins_s[number]
    if begin_s > end_s + WHOLE_SECONDS_S:
        return begin_s
    if number and begin_s < end_s - WHOLE_SECONDS_S:
        path, before = source.files[number], source.files[number - 1]
        on_damage(
            f"{path}: begins {end_s - begin_s:.1f} s before {before.name} ends, by its own time; it is put right "
            "behind it"
        )
    return end_s


def wanted_of(source: Source, config: SourceConfig, path: Path | None = None) -> Wanted:
    """Choices for reading one file of a camera."""
    return Wanted(
        stream=None if path is None else source.streams.get(path),
        pixel_aspect=source.pixel_aspect,
        max_megapixels=config.max_megapixels,
    )


class _Grid:
    """Chooses the frames that are nearest to the points of a regular grid of times."""

    def __init__(self, fps: float | None) -> None:
        self._fps = fps
        self._point = -1

    def takes(self, time_s: float, duration_s: float) -> bool:
        """Whether the frame shown from `time_s` for `duration_s` is the first near a point not yet served."""
        if self._fps is None:
            return True
        reach_s = min(duration_s, 1 / self._fps) / 2
        point = math.floor((time_s + reach_s) * self._fps + _EPSILON_S)
        taken = point > self._point
        self._point = max(point, self._point)
        return taken
