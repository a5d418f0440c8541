"""One connection to a live camera: frames until it is lost, and then why.

An end is a loss, except that of a file, and of a snapshot, which is asked for again.
"""

import threading
import time
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from reid.live.capture.address import Address, Kind
from reid.live.capture.camera_health import FrameLook
from reid.live.capture.camera_time import CameraTime, CameraTimeSource, SenderReports, Silent
from reid.live.capture.connection import IT, Connection, StreamLost, connected, why_lost
from reid.live.capture.playback import Playback
from reid.live.capture.program_date_time import ProgramDateTime
from reid.live.config import SupervisionConfig
from reid.types import Image
from reid.video.container import display_size, header_fps, oversized, pixel_aspect, stamp_s, untimed
from reid.video.decode import bgr
from reid.video.file_facts import UNTIMED_FPS, untimed_fps

_ROWS = 8  # every so many rows of a frame make its fingerprint
# What is played, how late its frames may be, and how fast it is. A file catches up with its own times. HLS runs dry
# where the server has no segment yet: what follows is later then, instead of coming in a burst every time, and it is
# played a little faster than it was taken until it runs dry again, so that it never falls behind.
_PLAYED: Mapping[Kind, tuple[float, float]] = {"file": (5.0, 1.0), "hls": (0.1, 1.0002)}


class FileEnded(StreamLost):
    """A file was played to its end: there is nothing to come back for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Received:
    """One decoded frame."""

    stream_s: float | None  # on the stream's clock; None where it has none that could tell when it was taken
    camera_time: CameraTime | None  # by the camera's own clock; None where it does not say
    decoded_s: float  # monotonic clock
    look: FrameLook
    image: Callable[[], Image] = field(repr=False)  # converts it


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamListener:
    """What is told of a connection besides its frames."""

    on_open: Callable[[], None]  # once, when it is there
    on_packet: Callable[[], None]  # of everything that comes, also without a frame; may raise StreamLost
    on_damage: Callable[[], None]  # of every packet that cannot be decoded, or not without errors


def receive(
    address: Address,
    config: SupervisionConfig,
    stop: threading.Event,
    *,
    on_open: Callable[[], None],
    on_packet: Callable[[], None],
    on_damage: Callable[[], None],
) -> Generator[Received, None, None]:
    """The camera's frames as they come; a file's and HLS's at their own speed. Ends only where `stop` is set.

    An address that answers with one image is asked again, `config.snapshot_fps` times a second.

    Args:
        on_open: told once, when the connection is there.
        on_packet: told of everything that comes, also where no frame can be made of it; may raise StreamLost.
        on_damage: told of every packet that cannot be decoded, or not without errors.

    Raises:
        StreamLost: no connection, or no more; Stalled where nothing came for `stall_s`, FileEnded where a file was
            played to its end.
    """
    listener = StreamListener(on_open=on_open, on_packet=on_packet, on_damage=on_damage)
    try:
        with connected(address, config, stop) as connection:
            if stop.is_set():
                return
            on_open()
            still = connection.still if address.kind == "http" else None
            if still is None:
                yield from _frames(connection, address, config, stop, listener)
        if still is not None:
            yield from _snapshots(address, config, stop, still, listener)
    except (av.error.FFmpegError, OSError) as error:
        raise StreamLost(address.hide(why_lost(error))) from None
    if stop.is_set():
        return
    if address.kind == "file":
        raise FileEnded("the file has ended")
    raise StreamLost("the stream ended")


def _frames(
    connection: Connection,
    address: Address,
    config: SupervisionConfig,
    stop: threading.Event,
    listener: StreamListener,
) -> Generator[Received, None, int]:
    """All that a connection has; returns how many there were."""
    stream, count = connection.stream, 0
    times = _Times(address.kind, connection.container, stream, stop)
    convert = partial(
        _received, stream=stream, aspect=pixel_aspect(stream, connection.wanted), converter=VideoReformatter()
    )
    with _camera_times(address, config, stop) as camera_times:
        for packet in connection.packets:
            if stop.is_set():
                break
            listener.on_packet()
            if packet.stream is not stream:  # sound: the frames may have ended, which has to be noticed
                continue
            camera_times.packet(packet)
            for frame in _decoded(packet, connection, listener.on_damage):
                stream_s = times.of(frame)
                if stop.is_set():
                    break
                yield convert(frame, stream_s, camera_times.at(stamp_s(frame, connection.container)))
                count += 1
    return count


@contextmanager
def _camera_times(
    address: Address, config: SupervisionConfig, stop: threading.Event
) -> Iterator[CameraTimeSource]:
    """What tells when the frames of a connection were taken by the camera's own clock."""
    if config.camera_clock == "auto" and address.kind == "rtsp":
        yield SenderReports()
    elif config.camera_clock == "auto" and address.kind == "hls":
        dates = ProgramDateTime(address, config.open_s)
        try:
            dates.wait(stop)
            yield dates
        finally:
            dates.close()
    else:
        yield Silent()


def _snapshots(
    address: Address, config: SupervisionConfig, stop: threading.Event, still: str, listener: StreamListener
) -> Generator[Received, None, None]:
    """One image a request, at the rate that is set, or as fast as the camera answers where that is slower.

    Ends when an answer has more than one image: then the address is a stream, and its end is a lost connection.
    """
    due_s, count, every_s = time.monotonic(), 1, 1 / config.snapshot_fps
    while count <= 1 and not stop.wait(max(0.0, due_s - time.monotonic())):
        due_s += every_s
        if due_s < time.monotonic():  # late: what was missed is not made up for
            due_s = time.monotonic() + every_s
        with connected(address, config, stop, still=still) as connection:
            count = yield from _frames(connection, address, config, stop, listener)


def _decoded(packet: Any, connection: Connection, on_damage: Callable[[], None]) -> Iterator[Any]:
    """Its frames, as far as they are whole."""
    try:
        frames = packet.decode()
    except av.error.FFmpegError:
        if refusal := oversized(packet, connection.wanted, IT):
            raise StreamLost(str(refusal)) from None
        on_damage()
        return
    for frame in frames:
        if frame.is_corrupt:  # made up where data was missing: people in it look like others
            on_damage()
        else:
            yield frame


def _received(
    frame: Any,
    stream_s: float | None,
    camera_time: CameraTime | None,
    *,
    stream: Any,
    aspect: float,
    converter: VideoReformatter,
) -> Received:
    return Received(
        stream_s=stream_s,
        camera_time=camera_time,
        decoded_s=time.monotonic(),
        look=FrameLook(
            size=display_size(frame.width, frame.height, aspect),
            codec=str(stream.codec_context.name),
            fingerprint=_fingerprint(frame),
        ),
        image=partial(bgr, frame, converter, aspect),
    )


def _fingerprint(frame: Any) -> int:
    """Of the brightness, or of the first plane of whatever the frame is made of."""
    plane = frame.planes[0]
    rows = np.frombuffer(plane, dtype=np.uint8)[: plane.line_size * plane.height]
    return zlib.crc32(rows.reshape(plane.height, plane.line_size)[::_ROWS].tobytes())


class _Times:
    """When frames were taken, on their stream's clock; waits until those that are played are due."""

    def __init__(self, kind: Kind, container: Any, stream: Any, stop: threading.Event) -> None:
        self._kind, self._container = kind, container
        self._untimed = _untimed(container)
        self._playback: Playback | None = None
        if kind in _PLAYED:
            fps = untimed_fps(stream, None)[0] if self._untimed else header_fps(stream) or UNTIMED_FPS
            late_s, speed = _PLAYED[kind]
            self._playback = Playback(frame_s=1 / fps, late_s=late_s, speed=speed, wait=stop.wait)

    def of(self, frame: Any) -> float | None:
        """One frame's; None where only its arrival tells."""
        stream_s = None if self._untimed else stamp_s(frame, self._container)
        if self._playback is None:
            return stream_s
        stream_s = self._playback.hold(stream_s)
        return stream_s if self._kind == "file" else None  # HLS: as if taken when it is shown


def _untimed(container: Any) -> bool:
    """Whether FFmpeg invents the times, 25 frames a second: MJPEG over HTTP, raw H.264, single images."""
    return untimed(container) or str(container.format.name).endswith("_pipe")
