"""Opening one video file, with errors that say what is wrong, and what its header says."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import av

from reid.errors import InputError
from reid.stills import MAX_MEGAPIXELS, TooLarge, check_size, declared_size

MOST_ASPECT = 8.0  # pixels are hardly longer than this; more is damage


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Choices for reading a file: its video stream, the aspect of its pixels, the largest frame."""

    stream: int | None = None  # counts the video streams from 0; None: the one marked default, or the largest
    pixel_aspect: float | None = None  # width of a pixel, shown, by its height; None: what the file states
    max_megapixels: float = MAX_MEGAPIXELS
    setting: str = "source.max_megapixels"  # what the limit is called

    @property
    def options(self) -> dict[str, str]:
        """FFmpeg's, which make it refuse larger frames before it makes room for them."""
        return {"max_pixels": str(round(self.max_megapixels * 1_000_000))}


USUAL = Wanted()


def open_video(path: Path, wanted: Wanted = USUAL) -> Any:
    """The file as an `av` container with a video stream that can be decoded; use it in a `with`.

    Raises:
        InputError: no video, no frames in it, too large ones, no such stream, or no decoder for it.
    """
    try:
        # A playlist must not fetch other files or addresses; "file:" lets a name contain a colon.
        options = {"protocol_whitelist": "file", **wanted.options}
        container = av.open(f"file:{path}", options=options)
    except av.error.FFmpegError as error:
        raise InputError(f"{path}: {_why_unopened(path, error)}") from error
    try:
        if problem := _why_unusable(container, wanted.stream):
            raise InputError(f"{path}: {problem}")
        limit(video_stream(container, wanted.stream), wanted, str(path))
    except InputError:
        container.close()
        raise
    return container


def limit(stream: Any, wanted: Wanted, what: str) -> None:
    """Make the decoder of `stream` refuse frames of more pixels than wanted.

    Raises:
        TooLarge: the header, which names `what`, states that many already.
    """
    size = display_size(stream.width or 0, stream.height or 0, pixel_aspect(stream, wanted))
    check_size(*size, wanted.max_megapixels, what, wanted.setting)
    stream.codec_context.options = wanted.options


def oversized(packet: Any, wanted: Wanted, what: str) -> TooLarge | None:
    """Why a packet that cannot be decoded was refused, where it is a whole frame that declares too many pixels."""
    size = declared_size(io.BytesIO(bytes(packet)))
    try:
        check_size(*(size or (0, 0)), wanted.max_megapixels, what, wanted.setting)
    except TooLarge as error:
        return error
    return None


def video_stream(container: Any, choice: int | None = None) -> Any:
    """The stream to read: the chosen one, or the one marked default, or the largest; covers of songs do not count.

    Raises:
        IndexError: there is no such stream, or none at all.
    """
    streams = _video_streams(container)
    return max(streams, key=_rank) if choice is None and streams else streams[choice or 0]


def remarks(container: Any, wanted: Wanted) -> Iterator[str]:
    """Sentences about choices that were made: video streams that are not read, an aspect that is not believed."""
    streams = _video_streams(container)
    stream = video_stream(container, wanted.stream)
    if wanted.stream is None and len(streams) > 1:
        shown = [f"#{number} ({one.width} x {one.height})" for number, one in enumerate(streams)]
        read = shown.pop(streams.index(stream))
        others = ", ".join(shown)
        yield f"holds {len(streams)} video streams; {read} is read, not {others}; choose with name=PATH#NUMBER"
    if wanted.pixel_aspect is None and not _is_sensible(_stated_aspect(stream)):
        yield f"states that its pixels are {_stated_aspect(stream):g} times as wide as high; taken for square"


def pixel_aspect(stream: Any, wanted: Wanted) -> float:
    """Displayed width of a pixel by its height: 2 where a frame was squeezed to half its width."""
    if wanted.pixel_aspect is not None:
        return wanted.pixel_aspect
    stated = _stated_aspect(stream)
    return stated if _is_sensible(stated) else 1.0


def display_size(width: int, height: int, aspect: float) -> tuple[int, int]:
    """Width and height with square pixels. As in browsers one side grows and none shrinks, so no detail is lost."""
    return (round(width * aspect), height) if aspect >= 1 else (width, round(height / aspect))


def header_fps(stream: Any) -> float | None:
    """Mean frames per second by the file's header; None where it states no sensible rate."""
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


def created(container: Any, choice: int | None = None) -> datetime | None:
    """Recording time by the file's header, in the zone that it names, or without one.

    Apple's own tag first: it is the start in local time with its zone. Clocks that were never set count from
    1904 or 1970, and say nothing.
    """
    tags = {**video_stream(container, choice).metadata, **container.metadata}
    for name in ("com.apple.quicktime.creationdate", "creation_time"):
        try:
            moment = datetime.fromisoformat(tags.get(name, "").strip())
        except ValueError:
            continue
        if 1980 < moment.year < 9000:
            return moment
    return None


def header_duration_s(container: Any, choice: int | None = None) -> float | None:
    """Duration of the frames by the file's header, in seconds; None where it counts the sound too."""
    stream = video_stream(container, choice)
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is not None and len(container.streams) == 1:
        return float(container.duration / av.time_base)
    return None


def stamp_s(frame: Any, container: Any) -> float | None:
    """Display time of a decoded frame on the container's clock, in seconds; None where the frame has none."""
    # AVI stores no presentation times: what FFmpeg guesses is in the wrong order where there are B-frames.
    ticks = frame.dts if container.format.name == "avi" else frame.pts
    return None if ticks is None or frame.time_base is None else float(ticks * frame.time_base)


def quarter_turns(frame: Any) -> int:
    """Number of turns by 90 degrees, counterclockwise, that make the frame upright."""
    return int(round(frame.rotation / 90) % 4)


def _video_streams(container: Any) -> list[Any]:
    covers = av.stream.Disposition.attached_pic
    return [stream for stream in container.streams.video if not stream.disposition & covers]


def _stated_aspect(stream: Any) -> float:
    return float(stream.sample_aspect_ratio or 1)  # 0/1 and None: not stated


def _is_sensible(aspect: float) -> bool:
    return 1 / MOST_ASPECT <= aspect <= MOST_ASPECT


def _rank(stream: Any) -> tuple[bool, bool, int]:
    default = bool(stream.disposition & av.stream.Disposition.default)
    known = stream.codec_context is not None
    return known, default, stream.width * stream.height if known else 0


def _why_unusable(container: Any, choice: int | None) -> str | None:
    kind = container.format.name
    if kind == "tty":  # FFmpeg plays text files as if they were a terminal
        return "not a video but text"
    if kind.endswith("_pipe") or kind == "image2":
        return "an image, not a video; give the folder that holds it"
    streams = _video_streams(container)
    if not streams:
        return "has no video stream; give the file that holds the frames"
    if choice is not None and choice >= len(streams):
        there = "only #0" if len(streams) == 1 else f"#0 to #{len(streams) - 1}"
        return f"has no video stream #{choice}; there is {there}"
    if video_stream(container, choice).codec_context is None:
        return "its video codec is unknown to FFmpeg; export it as H.264 with the recorder's own program"
    return None


def _why_unopened(path: Path, error: Any) -> str:
    if isinstance(error, av.error.EOFError) and path.stat().st_size:
        return "ends before its first frame; record or copy it again"
    if not isinstance(error, av.error.InvalidDataError):
        return f"cannot be opened ({error.strerror})"
    with path.open("rb") as file:
        head = file.read(12)
    if not head:
        return "an empty file; record or copy it again"
    if head[4:8] == b"ftyp":
        return "an MP4 cut off before its index was written; repair it, or copy or record it again"
    return "not a video that FFmpeg knows; give an MP4, MKV, AVI, TS or raw H.264 file"
