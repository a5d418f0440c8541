"""Opening one video file, with errors that say what is wrong, and what its header says."""

from datetime import datetime
from pathlib import Path
from typing import Any

import av

from reid.errors import InputError


def open_video(path: Path) -> Any:
    """The file as an `av` container with a video stream that can be decoded; use it in a `with`.

    Raises:
        InputError: no video, no pictures in it, or no decoder for them.
    """
    try:
        # A playlist must not fetch other files or addresses; "file:" lets a name contain a colon.
        container = av.open(f"file:{path}", options={"protocol_whitelist": "file"})
    except av.error.FFmpegError as error:
        raise InputError(f"{path}: {_why_unopened(path, error)}") from error
    problem = _why_unusable(container)
    if problem:
        container.close()
        raise InputError(f"{path}: {problem}")
    return container


def video_stream(container: Any) -> Any:
    """The stream to read: the first one that is not the cover picture of a song."""
    return _video_streams(container)[0]


def header_fps(stream: Any) -> float | None:
    """Mean frames per second by the file's header; None where it says nothing sensible."""
    rate = stream.average_rate or stream.guessed_rate
    return float(rate) if rate and 0 < rate <= 1000 else None


def untimed(container: Any) -> bool:
    """Whether its frames carry no times: raw H.264 and its kin. Those that FFmpeg gives are made up, 25 a second."""
    return bool(container.format.flags & av.format.Flags.no_timestamps.value)


def codec_fps(stream: Any) -> float | None:
    """Frames per second by the codec's own header (H.264's and HEVC's timing); None where it does not say.

    What is left to go by of a raw stream: its average rate is FFmpeg's invention, always 25, and its guessed rate
    may be that of fields, twice as high.
    """
    rate = stream.codec_context.framerate
    return float(rate) if rate and 0 < rate <= 1000 else None


def created(container: Any) -> datetime | None:
    """When the file's header says that it was recorded, in the zone that it names, or without one.

    Apple's own tag first: it is the start in local time with its zone. Clocks that were never set count from
    1904 or 1970, and say nothing.
    """
    tags = {**video_stream(container).metadata, **container.metadata}
    for name in ("com.apple.quicktime.creationdate", "creation_time"):
        try:
            moment = datetime.fromisoformat(tags.get(name, "").strip())
        except ValueError:
            continue
        if 1980 < moment.year < 9000:
            return moment
    return None


def header_duration_s(container: Any) -> float | None:
    """How long the pictures last by the file's header; None where it counts the sound too."""
    stream = video_stream(container)
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is not None and len(container.streams) == 1:
        return float(container.duration / av.time_base)
    return None


def stamp_s(frame: Any, container: Any) -> float | None:
    """When a decoded frame is shown, on the container's clock; None where it does not say."""
    # AVI stores no presentation times: what FFmpeg guesses is in the wrong order where there are B-frames.
    ticks = frame.dts if container.format.name == "avi" else frame.pts
    return None if ticks is None or frame.time_base is None else float(ticks * frame.time_base)


def quarter_turns(frame: Any) -> int:
    """How often the frame has to be turned by 90 degrees, counterclockwise, to be upright."""
    return int(round(frame.rotation / 90) % 4)


def _video_streams(container: Any) -> list[Any]:
    covers = av.stream.Disposition.attached_pic
    return [stream for stream in container.streams.video if not stream.disposition & covers]


def _why_unusable(container: Any) -> str | None:
    kind = container.format.name
    if kind == "tty":  # FFmpeg plays text files as if they were a terminal
        return "not a video but text"
    if kind.endswith("_pipe") or kind == "image2":
        return "a picture, not a video; give the folder that holds it"
    if not _video_streams(container):
        return "has no video stream; give the file that holds the pictures"
    if video_stream(container).codec_context is None:
        return "its video codec is unknown to FFmpeg; export it as H.264 with the recorder's own program"
    return None


def _why_unopened(path: Path, error: Any) -> str:
    if isinstance(error, av.error.EOFError) and path.stat().st_size:
        return "ends before its first picture; record or copy it again"
    if not isinstance(error, av.error.InvalidDataError):
        return f"cannot be opened ({error.strerror})"
    with path.open("rb") as file:
        head = file.read(12)
    if not head:
        return "an empty file; record or copy it again"
    if head[4:8] == b"ftyp":
        return "an MP4 cut off before its index was written; repair it, or copy or record it again"
    return "not a video that FFmpeg knows; give an MP4, MKV, AVI, TS or raw H.264 file"
