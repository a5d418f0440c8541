"""One connection to a live camera: pictures until it is lost, and then why.

FFmpeg takes a killed server for the end of a file, blocks for ever without time-outs, and puts addresses with their
passwords into its messages; here an end is a loss, everything has a time-out, and nothing but FFmpeg sees a password.
"""

import threading
import time
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from reid.live.address import Address, Kind
from reid.live.config import SupervisionConfig
from reid.live.health import Look
from reid.live.playback import Ahead, Playback
from reid.types import Image
from reid.video.container import header_fps, stamp_s, untimed, video_stream
from reid.video.decode import bgr
from reid.video.file_facts import UNTIMED_FPS, untimed_fps

_ROWS = 8  # every so many rows of a picture make its fingerprint
# What is played, how late its pictures may be, and how fast it is. A file catches up with its own times. HLS runs dry
# where the server has no segment yet: what follows is later then, instead of coming in a burst every time, and it is
# played a little faster than it was taken until it runs dry again, so that it never falls behind.
_PLAYED: Mapping[Kind, tuple[float, float]] = {"file": (5.0, 1.0), "hls": (0.1, 1.0002)}
_AHEAD = 500  # packets of HLS, sound included


class StreamLost(Exception):
    """The connection is gone or could not be made; says why, without credentials."""


class Stalled(StreamLost):
    """The connection was there, but nothing came any more."""


class FileEnded(StreamLost):
    """A file was played to its end: there is nothing to come back for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Received:
    """One decoded picture."""

    stream_s: float | None  # on the stream's clock; None where it has none that could tell when it was taken
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
    """The camera's pictures as they come; a file's and HLS's at their own speed. Ends only where `stop` is set.

    Args:
        on_open: told once, when the connection is there.
        on_packet: told of everything that comes, also where no picture can be made of it; may raise StreamLost.
        on_damage: told of every packet that cannot be decoded, or not without errors.

    Raises:
        StreamLost: no connection, or no more; Stalled where nothing came for `stall_s`, FileEnded where a file was
            played to its end.
    """
    try:
        with _reading(address, config, stop) as (container, stream, packets):
            if stop.is_set():
                return
            on_open()
            times = _Times(address.kind, container, stream, stop)
            converter = VideoReformatter()
            for packet in packets:
                if stop.is_set():
                    return
                on_packet()
                if packet.stream is not stream:  # sound: the pictures may have ended, which has to be noticed
                    continue
                for frame in _decoded(packet, on_damage):
                    stream_s = times.of(frame)
                    if stop.is_set():
                        return
                    yield _received(frame, stream_s, stream, converter)
    except (av.error.FFmpegError, OSError) as error:
        raise StreamLost(address.hide(_why(error))) from None
    if stop.is_set():
        return
    if address.kind == "file":
        raise FileEnded("the file has ended")
    raise StreamLost("the stream ended")


@contextmanager
def _reading(
    address: Address, config: SupervisionConfig, stop: threading.Event
) -> Iterator[tuple[Any, Any, Iterable[Any]]]:
    """The container, its stream of pictures and all its packets, until they are not wanted any more."""
    container = _open(address, config)
    packets = _packets(container, config.stall_s)
    ahead = None
    if address.kind == "hls":  # the next segment is fetched while one is played
        ahead = Ahead(packets, most=_AHEAD, close=container.close, stop=stop)
    try:
        yield container, _only_video(container), ahead or packets
    finally:
        (ahead or container).close()


def _open(address: Address, config: SupervisionConfig) -> Any:
    options = {"fflags": "nobuffer", "analyzeduration": "1000000"}  # microseconds; without, up to 5 s pass
    container_format = None
    if address.kind == "rtsp":
        options |= {"rtsp_transport": config.transport, "max_delay": "500000"}
    elif address.kind == "hls":
        del options["fflags"]  # would drop the whole segment that it is recognised by
        options["live_start_index"] = "-2"  # from the end: one segment is there while another is played
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


def _packets(container: Any, stall_s: float) -> Iterator[Any]:
    """All that comes, of sound too; Stalled where nothing did for so long, whatever FFmpeg makes of that."""
    packets = container.demux()
    while True:
        asked_s = time.monotonic()
        try:
            packet = next(packets, None)
        except (av.error.FFmpegError, OSError):
            if time.monotonic() - asked_s < stall_s:
                raise
        if time.monotonic() - asked_s >= stall_s:
            raise Stalled(f"nothing came for {stall_s:g} s")
        if packet is None:
            return
        yield packet


def _decoded(packet: Any, on_damage: Callable[[], None]) -> Iterator[Any]:
    """Its pictures, as far as they are whole."""
    try:
        frames = packet.decode()
    except av.error.FFmpegError:
        on_damage()
        return
    for frame in frames:
        if frame.is_corrupt:  # made up where data was missing: people in it look like others
            on_damage()
        else:
            yield frame


def _received(frame: Any, stream_s: float | None, stream: Any, converter: VideoReformatter) -> Received:
    return Received(
        stream_s=stream_s,
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


class _Times:
    """When pictures were taken, on their stream's clock; waits until those that are played are due."""

    def __init__(self, kind: Kind, container: Any, stream: Any, stop: threading.Event) -> None:
        self._kind, self._container = kind, container
        self._untimed = _untimed(container)
        self._playback: Playback | None = None
        if kind in _PLAYED:
            fps = untimed_fps(stream, None)[0] if self._untimed else header_fps(stream) or UNTIMED_FPS
            late_s, speed = _PLAYED[kind]
            self._playback = Playback(frame_s=1 / fps, late_s=late_s, speed=speed, wait=stop.wait)

    def of(self, frame: Any) -> float | None:
        """One picture's; None where only its arrival tells."""
        stream_s = None if self._untimed else stamp_s(frame, self._container)
        if self._playback is None:
            return stream_s
        stream_s = self._playback.hold(stream_s)
        return stream_s if self._kind == "file" else None  # HLS: as if taken when it is shown


def _untimed(container: Any) -> bool:
    """Whether FFmpeg invents the times, 25 pictures a second: MJPEG over HTTP, raw H.264, single pictures."""
    return untimed(container) or str(container.format.name).endswith("_pipe")


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
