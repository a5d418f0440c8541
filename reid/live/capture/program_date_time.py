"""The dates of an HLS playlist (EXT-X-PROGRAM-DATE-TIME), tied to the times of its stream.

FFmpeg passes over them. So the playlist is read beside it, and the first time of one segment that it dates.
"""

import io
import itertools
import logging
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import av

from reid.live.capture.address import Address
from reid.live.capture.camera_time import CameraTime, CameraTimes

log = logging.getLogger(__name__)

EVERY_S = 60.0  # between two looks at the playlist: clocks drift by less than a frame in that time
MOST_BYTES = 4 << 20  # of a playlist
_TURN_S = 0.1  # who waits looks up so often whether all is over
_PLAYED = -2  # the segment that is played, about: see `live_start_index`
_URI = re.compile(r'URI="([^"]*)"')
_TAG = "#EXT-X-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A segment of a playlist, with all that FFmpeg has to know to read it alone."""

    number: int  # of its media sequence
    url: str
    lines: tuple[str, ...]  # tags that belong to it
    at_s: float | None  # of its first frame, seconds since 1970; None: not dated

    def playlist(self) -> str:
        """A playlist of this segment alone."""
        head = (
            "#EXTM3U",
            f"{_TAG}VERSION:7",
            f"{_TAG}TARGETDURATION:60",
            f"{_TAG}MEDIA-SEQUENCE:{self.number}",
        )
        return "\n".join([*head, *self.lines, self.url, f"{_TAG}ENDLIST"]) + "\n"


@dataclass(slots=True)
class _Reading:
    """What the lines of a playlist have said so far."""

    number: int = 0
    at_s: float | None = None
    own: list[str] = field(default_factory=list)  # tags of the next segment
    lasting: dict[str, str] = field(default_factory=dict)  # tags of all segments that follow
    seconds: float = 0.0


def segments(text: str, base: str) -> list[Segment]:
    """All segments of a media playlist at the address `base`; those behind a dated one are dated by their lengths."""
    return list(_segments(text, base))


def _segments(text: str, base: str) -> Iterator[Segment]:
    read = _Reading()
    for line in (one.strip() for one in text.splitlines()):
        name, _, value = line.partition(":")
        match name.removeprefix(_TAG):
            case "MEDIA-SEQUENCE":
                read.number = int(value)
            case "PROGRAM-DATE-TIME":
                read.at_s = _moment_s(value)
            case "KEY" | "MAP" as tag:
                read.lasting[tag] = _URI.sub(lambda uri: f'URI="{urljoin(base, uri[1])}"', line)
            case "BYTERANGE":
                read.own.append(line)
            case "DISCONTINUITY":
                read.at_s = None  # its times begin anew, and its date with them
            case "#EXTINF":
                read.own.append(line)
                read.seconds = float(value.partition(",")[0])
            case _ if line and not line.startswith("#"):
                lines = (*read.lasting.values(), *read.own)
                yield Segment(number=read.number, url=urljoin(base, line), lines=lines, at_s=read.at_s)
                at_s = None if read.at_s is None else read.at_s + read.seconds
                read = replace(read, number=read.number + 1, at_s=at_s, own=[])


def _moment_s(text: str) -> float:
    moment = datetime.fromisoformat(text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _variant(text: str, base: str) -> str | None:
    """Address of the first playlist that a playlist of playlists names; None: it is one of segments."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line, following in itertools.pairwise(lines):
        if line.startswith(f"{_TAG}STREAM-INF"):
            return urljoin(base, following)
    return None


def dated_zero_s(url: str, timeout_s: float) -> float | None:
    """Second 0 of an HLS stream by the dates of its playlist, seconds since 1970; None where it has none.

    Raises:
        httpx.HTTPError: the playlist cannot be had. ValueError: it is none. FFmpegError: the segment cannot be read.
    """
    text, base = _fetched(url, timeout_s)
    if (variant := _variant(text, base)) is not None:
        text, base = _fetched(variant, timeout_s)
    found = segments(text, base)
    segment = found[max(_PLAYED, -len(found))] if found else None
    if segment is None or segment.at_s is None:
        return None
    options = {"analyzeduration": "500000"}  # microseconds
    file = io.BytesIO(segment.playlist().encode())
    with av.open(file, format="hls", options=options, timeout=(timeout_s, timeout_s)) as container:
        for packet in container.demux(video=0):
            if packet.pts is not None and packet.time_base is not None:
                return segment.at_s - float(packet.pts * packet.time_base)
    return None


def _fetched(url: str, timeout_s: float) -> tuple[str, str]:
    """Text of a playlist, and the address that it has come from in the end."""
    import httpx  # takes a while, and few sites have HLS

    with httpx.stream("GET", url, timeout=timeout_s, follow_redirects=True) as response:
        response.raise_for_status()
        data = b""
        for chunk in response.iter_bytes():
            data += chunk
            if len(data) > MOST_BYTES:
                raise ValueError(f"a playlist of more than {MOST_BYTES >> 20} MiB")
        return data.decode("utf-8", "replace"), str(response.url)


class ProgramDateTime:
    """Looks at the dates of a playlist now and then, in a thread of its own, as long as a connection lasts."""

    def __init__(self, address: Address, timeout_s: float) -> None:
        self._address, self._timeout_s = address, timeout_s
        self._times = CameraTimes("program-date-time")
        self._over, self._due, self._first = threading.Event(), threading.Event(), threading.Event()
        threading.Thread(target=self._run, name=f"dates {address.camera_id}", daemon=True).start()

    def wait(self, stop: threading.Event) -> None:
        """Wait for the first look, so that no frame is timed by its arrival and the next one by its date."""
        until_s = time.monotonic() + self._timeout_s
        while not stop.is_set() and time.monotonic() < until_s:
            if self._first.wait(_TURN_S):
                return

    def packet(self, packet: Any) -> None:
        """See `CameraTimeSource`."""
        if self._times.begins_anew(packet):
            self._due.set()

    def at(self, stream_s: float | None) -> CameraTime | None:
        """See `CameraTimeSource`."""
        return self._times.at(stream_s)

    def close(self) -> None:
        """Look no more; does not wait for the thread."""
        self._over.set()
        self._due.set()

    def _run(self) -> None:
        while not self._over.is_set():
            self._due.clear()
            self._look()
            self._first.set()
            self._due.wait(EVERY_S)

    def _look(self) -> None:
        import httpx

        try:
            zero_s = dated_zero_s(self._address.secret_url, self._timeout_s)
        except (httpx.HTTPError, httpx.InvalidURL, av.error.FFmpegError, OSError, ValueError) as error:
            why = self._address.hide(f"{type(error).__name__}: {error}")
            log.warning(
                "camera %s: the dates of its playlist cannot be read (%s)", self._address.camera_id, why
            )
            return
        if zero_s is not None:
            self._times.add(zero_s, time.monotonic())
