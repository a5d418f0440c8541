"""One connection to a live camera: pictures until it is lost, and then why.

FFmpeg takes a killed server for the end of a file, blocks for ever without time-outs, and puts addresses with their
passwords into its messages; here an end is a loss, everything has a time-out, and nothing but FFmpeg sees a password.
"""

import threading
import time
import zlib
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from reid.live.address import Address
from reid.live.config import SupervisionConfig
from reid.live.health import Look
from reid.types import Image
from reid.video.container import video_stream
from reid.video.decode import bgr

_ROWS = 8  # every so many rows of a picture make its fingerprint


class StreamLost(Exception):
    """The connection is gone or could not be made; says why, without credentials."""


class FileEnded(StreamLost):
    """A file was played to its end: there is nothing to come back for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Received:
    """One decoded picture."""

    stream_s: float | None  # on the stream's clock
    arrival_s: float  # wall clock
    decoded_s: float  # monotonic clock
    look: Look
    image: Callable[[], Image] = field(repr=False)  # converts it


def receive(
    address: Address,
    config: SupervisionConfig,
    stop: threading.Event,
    *,
    on_open: Callable[[], None],
    on_packet: Callable[[], None],
    on_damage: Callable[[], None],
) -> Generator[Received, None, None]:
    """The camera's pictures as they come; a file's at their own speed. Ends only where `stop` is set.

    Args:
        on_open: told once, when the connection is there.
        on_packet: told of everything that comes, also where no picture can be made of it; may raise StreamLost.
        on_damage: told of every packet that cannot be decoded, or not without errors.

    Raises:
        StreamLost: no connection, or no more; FileEnded where a file was played to its end.
    """
    try:
        with _open(address, config) as container:
            stream = _only_video(container)
            if stop.is_set():
                return
            on_open()
            pace = _Pace(stop) if address.kind == "file" else None
            converter = VideoReformatter()
            for packet in container.demux(stream):
                if stop.is_set():
                    return
                on_packet()
                try:
                    frames = packet.decode()
                except av.error.FFmpegError:
                    on_damage()
                    continue
                for frame in frames:
                    if frame.is_corrupt:  # made up where data was missing: people in it look like others
                        on_damage()
                        continue
                    received = _received(frame, stream, converter)
                    if pace is not None:
                        received = pace.wait(received)
                    yield received
    except (av.error.FFmpegError, OSError) as error:
        raise StreamLost(address.hide(_why(error))) from None
    if address.kind == "file":
        raise FileEnded("the file has ended")
    raise StreamLost("the stream ended")


def _open(address: Address, config: SupervisionConfig) -> Any:
    options = {"fflags": "nobuffer", "analyzeduration": "1000000"}  # microseconds; without, up to 5 s pass
    container_format = None
    if address.kind == "rtsp":
        options |= {"rtsp_transport": config.transport, "max_delay": "500000"}
    elif address.kind == "hls":
        del options["fflags"]  # would drop the whole segment that it is recognised by
    elif address.kind == "device":
        container_format, options = "v4l2", {}
    elif address.kind == "file":
        options = {"protocol_whitelist": "file"}
    place = f"file:{address.url}" if address.kind == "file" else address.secret_url
    return av.open(place, format=container_format, options=options, timeout=(config.open_s, config.stall_s))


def _only_video(container: Any) -> Any:
    try:
        stream = video_stream(container)
    except IndexError:
        raise StreamLost("it sends no pictures") from None
    if stream.codec_context is None:
        raise StreamLost("its codec is unknown to FFmpeg")
    stream.thread_type = "SLICE"  # threads by frame would hold every picture back by some
    stream.codec_context.thread_count = 1
    return stream


def _received(frame: Any, stream: Any, converter: VideoReformatter) -> Received:
    time_s = None if frame.pts is None or frame.time_base is None else float(frame.pts * frame.time_base)
    return Received(
        stream_s=time_s,
        arrival_s=time.time(),
        decoded_s=time.monotonic(),
        look=Look(
            size=(frame.width, frame.height),
            codec=str(stream.codec_context.name),
            fingerprint=_fingerprint(frame),
        ),
        image=partial(bgr, frame, converter),
    )


def _fingerprint(frame: Any) -> int:
    """Of the brightness, or of the first plane of whatever the picture is made of."""
    plane = frame.planes[0]
    rows = np.frombuffer(plane, dtype=np.uint8)[: plane.line_size * plane.height]
    return zlib.crc32(rows.reshape(plane.height, plane.line_size)[::_ROWS].tobytes())


class _Pace:
    """Holds a file's pictures back until their time has come."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._origin: tuple[float, float] | None = None  # stream and monotonic seconds

    def wait(self, received: Received) -> Received:
        stream_s = received.stream_s or 0.0
        if self._origin is None:
            self._origin = stream_s, time.monotonic()
        due_s = self._origin[1] + stream_s - self._origin[0]
        self._stop.wait(max(0.0, due_s - time.monotonic()))
        return Received(
            stream_s=received.stream_s,
            arrival_s=time.time(),
            decoded_s=time.monotonic(),
            look=received.look,
            image=received.image,
        )


def _why(error: Exception) -> str:
    """FFmpeg's error in words that an installer understands."""
    if isinstance(error, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
        return "user name or password refused"
    if isinstance(error, av.error.HTTPNotFoundError):
        return "the camera knows no such path"
    if isinstance(error, av.error.ExitError | av.error.TimeoutError | TimeoutError):
        return "it does not answer"
    if isinstance(error, av.error.InvalidDataError):
        return "it sends nothing that FFmpeg can read"
    if isinstance(error, av.error.EOFError):
        return "the stream ended"
    text = getattr(error, "strerror", None) or type(error).__name__
    return str(text)[:1].lower() + str(text)[1:]
