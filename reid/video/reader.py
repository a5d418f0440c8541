"""A camera's recording as frames with times, whatever it is made of."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reid.config import SourceConfig
from reid.errors import InputError
from reid.types import Frame
from reid.video import decode, folder
from reid.video.container import Wanted, header_duration_s, header_fps, open_video, video_stream
from reid.video.picture import Picture
from reid.video.source import Source, left_out_of, pictures_of

_EPSILON_S = 1e-6  # times are sums of binary fractions


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceInfo:
    """What headers say of a recording, before it is read; None where they do not say."""

    width: int  # of the first picture, as it is shown
    height: int
    fps: float  # mean over the whole recording
    frames: int | None  # approximate
    duration_s: float | None
    codec: str  # FFmpeg's name; "pictures" for single pictures


def probe(source: Source, config: SourceConfig) -> SourceInfo:
    """Looks at every file of `source` without reading it through; only the first picture is decoded.

    `config.image_folder_fps` is the rate of pictures and raw streams, as in `read`.

    Raises:
        InputError: a file is no video, has no video stream, no known codec or no picture that can be decoded.
    """
    if source.is_pictures:
        paths, fps = pictures_of(source), config.image_folder_fps
        width, height = folder.first_size(paths, wanted_of(source, config))
        count = len(paths)
        return SourceInfo(
            width=width, height=height, fps=fps, frames=count, duration_s=count / fps, codec="pictures"
        )
    width, height = decode.first_size(source.files[0], wanted_of(source, config, source.files[0]))
    duration_s: float | None = 0.0
    rates, codec = [], ""
    for path in source.files:
        wanted = wanted_of(source, config, path)
        with open_video(path, wanted) as container:
            stream = video_stream(container, wanted.stream)
            codec = codec or str(stream.codec_context.name)
            # Formats without an index, such as TS, state a duration for the whole container only.
            seconds = header_duration_s(container, wanted.stream) or (container.duration or 0) / 1e6
            timed = seconds > 0
            rates.append(((header_fps(stream) if timed else None) or config.image_folder_fps, seconds))
            duration_s = duration_s + seconds if duration_s is not None and timed else None
    counted = sum(fps * seconds for fps, seconds in rates)
    frames = None if duration_s is None else round(counted)
    fps = counted / duration_s if duration_s else rates[0][0]
    return SourceInfo(width=width, height=height, fps=fps, frames=frames, duration_s=duration_s, codec=codec)


def read(
    source: Source, config: SourceConfig, on_damage: Callable[[str], None], threads: int = 1
) -> Iterator[Frame]:
    """The frames of one camera in order of time, BGR, at most `config.fps` of them a second.

    They are as they are shown: upright, with square pixels.
    `Frame.index` counts all frames of the recording, delivered or not. `Frame.timestamp_s` is the time since
    the camera's first frame plus `source.offset_s`, and ascends strictly. With `config.fps` the frames
    nearest to a regular grid are delivered, never one twice. A damaged file is read as far as it can be
    decoded; `on_damage` gets a sentence for each, and the next file follows. The size may change on the way.

    Args:
        threads: decoder threads; 0 lets FFmpeg choose.

    Raises:
        InputError: a file is not a video, or not one picture of it can be decoded.
    """
    grid = _Grid(config.fps)
    end_s = math.inf if config.end_s is None else config.end_s
    undecoded = False
    delivered = False
    for index, time_s, picture in _sequence(source, config, on_damage, threads):
        if time_s >= end_s - _EPSILON_S:
            break
        if time_s < config.start_s - _EPSILON_S or not grid.takes(time_s, picture.duration_s):
            continue
        image = picture.image()
        if image is None:
            undecoded = True
            continue
        delivered = True
        yield Frame(
            camera_id=source.camera_id, index=index, timestamp_s=time_s + source.offset_s, image=image
        )
    if undecoded and not delivered:
        raise InputError(f"{source.files[0]}: none of its pictures can be decoded; copy them again")


def _sequence(
    source: Source, config: SourceConfig, on_damage: Callable[[str], None], threads: int
) -> Iterator[tuple[int, float, Picture]]:
    """Index and time in the camera, and picture, over all files: each begins where the one before it ends."""
    if source.is_pictures:
        paths = pictures_of(source)
        wanted, fps = wanted_of(source, config), config.image_folder_fps
        if unread := left_out_of(source):
            on_damage(unread)
        for picture in folder.pictures(paths, fps=fps, wanted=wanted, on_damage=on_damage):
            yield picture.index, picture.time_s, picture
        return
    begin_s, counted = 0.0, 0
    for path in source.files:
        last: Picture | None = None
        for last in decode.pictures(
            path,
            untimed_fps=config.image_folder_fps,
            start_s=max(config.start_s - begin_s, 0.0),
            end_s=None if config.end_s is None else config.end_s - begin_s,
            threads=threads,
            wanted=wanted_of(source, config, path),
            on_damage=on_damage,
        ):
            yield counted + last.index, begin_s + last.time_s, last
        if last is None:  # the file begins after the end that was asked for
            return
        begin_s += last.time_s + last.duration_s
        counted += last.index + 1


def wanted_of(source: Source, config: SourceConfig, path: Path | None = None) -> Wanted:
    """How one file of a camera is to be read."""
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
