"""Facts of a video file before it is decoded: its rate, its length, its recording time."""

import statistics
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import av

from reid.video.container import (
    USUAL,
    Wanted,
    codec_fps,
    created,
    header_duration_s,
    header_fps,
    open_video,
    untimed,
    video_stream,
)

_SAMPLE = 250  # frames whose steps are looked at
_LAST = 2000  # packets that are read at the end at most, from the last key frame on
_ALIKE = 1.25  # a header's mean rate within this factor of the usual one is the more exact of the two
_SLACK_S = 0.5  # headers are this inexact
UNTIMED_FPS = 25.0  # of a raw stream where nothing tells


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """One video file, as far as headers and some packets tell."""

    codec: str  # FFmpeg's name
    fps: float  # mean; of a file without times, what they are made from
    step_s: float | None  # usual (median) seconds between two frames; None: too few to tell
    duration_s: float | None  # None: nothing says, as of raw streams and of what was never finished
    about_s: float  # the duration, or a guess by the sizes of the first frames and of the file
    fps_from: str | None  # who says the rate of a file without times; None: it has times
    created: datetime | None  # see `container.created`


def file_facts(path: Path, raw_fps: float | None = None, wanted: Wanted = USUAL) -> FileFacts:
    """Read a file's headers, its first packets and its last, without decoding.

    Args:
        raw_fps: the rate of a raw stream; None: see `untimed_fps`.
        wanted: which of its streams, and the largest frames that are read.

    Raises:
        InputError: it is no video, has no such video stream, too large frames or no known codec.
    """
    at = path.stat() if path.exists() else None
    return _facts(path, raw_fps, wanted, at and (at.st_size, at.st_mtime_ns))


@cache
def _facts(path: Path, raw_fps: float | None, wanted: Wanted, _state: tuple[int, int] | None) -> FileFacts:
    """Facts kept while the file stays as it is: a day of one-minute files is read several times, 20 ms a file."""
    with open_video(path, wanted) as container:
        stream = video_stream(container, wanted.stream)
        codec, when = str(stream.codec_context.name), created(container, wanted.stream)
        if untimed(container):
            rate, who = untimed_fps(stream, raw_fps)
            return FileFacts(
                codec=codec,
                fps=rate,
                step_s=1 / rate,
                duration_s=None,
                about_s=_frames_by_size(path, container, stream) / rate,
                fps_from=who,
                created=when,
            )
        # Formats without an index, such as TS, state a duration for the whole container only.
        stated_s = header_duration_s(container, wanted.stream) or (container.duration or 0) / 1e6
        mean, step_s = header_fps(stream), _usual_step_s(container, stream)
        duration_s = _recorded_s(container, stream, stated_s, step_s) if stated_s > 0 else None
        if duration_s is not None and duration_s < stated_s:
            mean = None  # it counts what was not recorded
        fps = mean or (1 / step_s if step_s else UNTIMED_FPS)
        return FileFacts(
            codec=codec,
            fps=fps,
            step_s=step_s,
            duration_s=duration_s,
            about_s=duration_s or 0.0,
            fps_from=None,
            created=when,
        )


def untimed_fps(stream: Any, raw_fps: float | None) -> tuple[float, str]:
    """Rate of a stream without times, and its evidence: the setting, the codec's header, or the default."""
    if raw_fps is not None:
        return raw_fps, "source.raw_fps"
    if (fps := codec_fps(stream)) is not None:
        return fps, "its codec's header"
    return UNTIMED_FPS, "nothing in it: a guess"


def usual_fps(fps: float, step_s: float | None) -> float:
    """Frames per second while frames come: the mean, unless pauses or a wrong length pull it far down."""
    if step_s is None or 1 / _ALIKE <= fps * step_s <= _ALIKE:
        return fps
    return 1 / step_s


def _frames_by_size(path: Path, container: Any, stream: Any) -> float:
    try:
        sizes = [packet.size for packet in islice(container.demux(stream), _SAMPLE) if packet.size]
    except av.error.FFmpegError:
        return 0.0
    return path.stat().st_size / statistics.mean(sizes) if sizes else 0.0


def _usual_step_s(container: Any, stream: Any) -> float | None:
    try:
        packets = islice((p for p in container.demux(stream) if p.size), _SAMPLE)
        times = sorted({packet.pts if packet.pts is not None else packet.dts for packet in packets} - {None})
    except av.error.FFmpegError:  # damage is told when it is read
        return None
    steps = [after - before for before, after in pairwise(times)]
    return float(statistics.median(steps) * stream.time_base) if steps else None


def _recorded_s(container: Any, stream: Any, stated_s: float, step_s: float | None) -> float:
    """The stated length, or less where the last frame claims to be shown for longer than is usual.

    Recorders that were stopped give their last frame hours. Its time is read at the file's end.
    """
    if step_s is None:
        return stated_s
    begin = stream.start_time or 0
    try:
        container.seek(begin + round(stated_s / stream.time_base), stream=stream)
        packets = [packet for packet in islice(container.demux(stream), _LAST + 1) if packet.size]
    except av.error.FFmpegError:
        return stated_s
    times = [packet.pts for packet in packets if packet.pts is not None]
    if not times or len(packets) > _LAST:
        return stated_s
    seen_s = float((max(times) - begin) * stream.time_base) + step_s
    return seen_s if 0 < seen_s < stated_s - max(_SLACK_S, 2 * step_s) else stated_s
