"""Opening a live camera by FFmpeg: with time-outs, within limits, and with errors that an installer understands.

FFmpeg takes a killed server for the end of a file, blocks for ever without time-outs, and puts addresses with their
passwords into its messages; here everything has a time-out, and nothing but FFmpeg sees a password.
"""

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import av

from reid.live.capture.address import Address
from reid.live.capture.playback import Ahead
from reid.live.config import SupervisionConfig
from reid.stills import TooLarge
from reid.video.container import Wanted, limit, remarks, video_stream

log = logging.getLogger(__name__)

_AHEAD = 500  # packets of HLS, sound included
_DEMUXERS = {"mjpeg": "jpeg"}  # where they are not called like the codec
IT = "its frame"  # what is too large


class StreamLost(Exception):
    """The connection is gone or could not be made; says why, without credentials."""


class Stalled(StreamLost):
    """The connection was there, but nothing came any more."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Connection:
    """A camera that has been opened."""

    container: Any
    stream: Any  # of its frames
    packets: Iterable[Any]  # all that comes, of sound too
    wanted: Wanted

    @property
    def still(self) -> str | None:
        """FFmpeg's name for what came, where it is one image and no stream: a snapshot."""
        kind = str(self.container.format.name)
        if kind == "image2":  # by the end of the address
            codec = str(self.stream.codec_context.name)
            return f"{_DEMUXERS.get(codec, codec)}_pipe"
        return kind if kind.endswith("_pipe") else None


@contextmanager
def connected(
    address: Address, config: SupervisionConfig, stop: threading.Event, *, still: str | None = None
) -> Iterator[Connection]:
    """The camera, open until it is not wanted any more; `still` says that it answers with one such image.

    Raises:
        StreamLost: it sends no frames, or too large ones. FFmpegError, OSError: see `why_lost`.
    """
    wanted = Wanted(
        stream=address.stream,
        pixel_aspect=address.pixel_aspect,
        max_megapixels=config.max_megapixels,
        setting="supervision.max_megapixels",
    )
    container = _open(address, config, wanted, still)
    packets = _packets(container, config.stall_s)
    ahead = None
    if address.kind == "hls":  # the next segment is fetched while one is played
        ahead = Ahead(packets, most=_AHEAD, close=container.close, stop=stop)
    try:
        stream = _only_video(container, wanted)
        for remark in remarks(container, wanted) if still is None else ():
            log.warning("camera %s: it %s", address.camera_id, remark)
        yield Connection(container=container, stream=stream, packets=ahead or packets, wanted=wanted)
    finally:
        (ahead or container).close()


def _open(address: Address, config: SupervisionConfig, wanted: Wanted, still: str | None) -> Any:
    options = {"fflags": "nobuffer", "analyzeduration": "1000000"}  # microseconds; without, up to 5 s pass
    container_format = still
    if still is not None:
        del options["fflags"]  # would drop the frame
    elif address.kind == "rtsp":
        options |= {"rtsp_transport": config.transport, "max_delay": "500000"}
    elif address.kind == "hls":
        del options["fflags"]  # would drop the whole segment that it is recognised by
        options["live_start_index"] = "-2"  # from the end: one segment is there while another is played
    elif address.kind == "device":
        container_format, options = "v4l2", {}
    elif address.kind == "file":
        options = {"protocol_whitelist": "file"}
    options |= wanted.options
    place = f"file:{address.url}" if address.kind == "file" else address.secret_url
    return av.open(place, format=container_format, options=options, timeout=(config.open_s, config.stall_s))


def _only_video(container: Any, wanted: Wanted) -> Any:
    try:
        stream = video_stream(container, wanted.stream)
    except IndexError:
        what = "frames" if wanted.stream is None else f"video stream #{wanted.stream}"
        raise StreamLost(f"it sends no {what}") from None
    if stream.codec_context is None:
        raise StreamLost("its codec is unknown to FFmpeg")
    try:
        limit(stream, wanted, IT)
    except TooLarge as error:
        raise StreamLost(str(error)) from None
    stream.thread_type = "SLICE"  # threads by frame would hold every frame back by some
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


def why_lost(error: Exception) -> str:
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
