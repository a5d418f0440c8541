"""Reaching a late start quickly without losing count of the frames before it."""

from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from reid.video.container import USUAL, Wanted, open_video, video_stream

_MARGIN_S = 1.0  # aim this much earlier: some containers seek by decoding time, which is before display time

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Jump:
    """A key frame to seek to."""

    seek_pts: int
    index: int  # of the first frame decoded after the seek
    origin_s: float  # timestamp of the file's first frame


def find_jump(path: Path, start_s: float, wanted: Wanted = USUAL) -> Jump | None:
    """The last usable key frame before `start_s`; None where only decoding through gives sure frame numbers.

    Packets are read, not decoded, up to the start: a frame's index is the rank of its display time. That
    costs a small share of decoding, and gives exact numbers for variable frame rates too.
    """
    try:
        with open_video(path, wanted) as container:
            scan = _scan(container, video_stream(container, wanted.stream), start_s)
        return None if scan is None else _verified(path, scan, start_s, wanted)
    except av.error.FFmpegError:
        return None  # damage before the start: the decoder that reads through it will count and report it


@dataclass(frozen=True, slots=True)
class _Scan:
    origin: int  # display time of the first frame, in ticks, as all below
    times: list[int]  # of all frames up to the start, ascending
    keys: list[int]  # of the key frames among them


def _scan(container: Any, stream: Any, start_s: float) -> _Scan | None:
    origin: int | None = None
    last_dts: int | None = None
    times: list[int] = []
    keys: list[int] = []
    for packet in container.demux(stream):
        if packet.size == 0:  # the end
            break
        # Matroska has no decoding times; FFmpeg works them out, but for the first packets.
        ordered = last_dts is None or (packet.dts is not None and packet.dts > last_dts)
        if packet.pts is None or packet.is_corrupt or not ordered:
            return None
        last_dts = packet.dts
        if origin is None:  # edit lists and cut streams begin with packets that are never shown
            origin = next((frame.pts for frame in packet.decode()), None)
        if not packet.is_discard:
            times.append(packet.pts)
            if packet.is_keyframe:
                keys.append(packet.pts)
        # Display is never before decoding, so that no later packet can be shown before the start.
        if origin is not None and last_dts is not None and (last_dts - origin) * stream.time_base > start_s:
            break
    if origin is None:
        return None
    times = sorted(time for time in times if time >= origin)
    return _Scan(origin, times, [key for key in keys if key > origin])


def _verified(path: Path, scan: _Scan, start_s: float, wanted: Wanted) -> Jump | None:
    """Tries the seek, and gives up where it does not land in time on a frame that the scan has seen.

    An earlier key frame gets a second and third try: MPEG-TS has no index, and lands on the one after it.
    """
    with open_video(path, wanted) as container:
        stream = video_stream(container, wanted.stream)
        latest = scan.origin + (start_s - _MARGIN_S) / stream.time_base
        usable = [key for key in scan.keys if key <= latest]
        for key in usable[: -_TRIES - 1 : -1]:
            container.seek(key, stream=stream)
            landed = next((frame.pts for frame in container.decode(stream)), None)
            if landed is not None and landed <= latest and landed in scan.times:
                index = bisect_left(scan.times, landed)
                return Jump(seek_pts=key, index=index, origin_s=float(scan.origin * stream.time_base))
    return None
