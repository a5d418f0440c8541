"""Decoding of one video file, frame by frame as far as it can be."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from reid.errors import InputError
from reid.types import Image
from reid.video.container import (
    USUAL,
    Wanted,
    display_size,
    header_duration_s,
    header_fps,
    open_video,
    oversized,
    pixel_aspect,
    quarter_turns,
    remarks,
    stamp_s,
    video_stream,
)
from reid.video.file_facts import untimed_fps
from reid.video.file_frame import FileFrame
from reid.video.health import Clock, Health
from reid.video.seek import Jump, find_jump

_FAR_S = 10.0  # a start later than this is reached by a seek; up to it decoding through costs as little
_SHORT_S = 0.5  # headers are this inexact; a file that ends earlier was cut off
_TURNS = {1: cv2.ROTATE_90_COUNTERCLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_CLOCKWISE}


def file_frames(
    path: Path,
    *,
    raw_fps: float | None = None,
    start_s: float = 0.0,
    end_s: float | None = None,
    threads: int = 1,
    wanted: Wanted = USUAL,
    on_damage: Callable[[str], None],
) -> Iterator[FileFrame]:
    """The file's frames in display order, decoded but not yet converted.

    Begins at `start_s` or earlier, and ends before `end_s`. Damage is survived where the decoder can, and
    told in one sentence at the end. `raw_fps` is the frame rate of a raw stream, which carries no times; None: see
    `untimed_fps`.

    Raises:
        InputError: the file is not a video, or not one frame of it can be decoded.
    """
    with open_video(path, wanted) as container:
        stream = video_stream(container, wanted.stream)
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = threads
        for remark in remarks(container, wanted):
            on_damage(f"{path}: {remark}")
        aspect = pixel_aspect(stream, wanted)
        jump = _seek(path, container, start_s, wanted)
        health = Health()
        frames, origin_s = _begin(path, container, health, wanted)
        origin_s = origin_s if jump is None else jump.origin_s
        rate = header_fps(stream) if origin_s is not None else None
        frame_s = 1 / (rate or untimed_fps(stream, raw_fps)[0])
        clock = Clock(frame_s, origin_s)
        shown_s = frame_s
        converter = VideoReformatter()  # one for all frames, as it keeps its tables
        for decoded, frame in enumerate(frames, 0 if jump is None else jump.index):
            time_s = clock.time_s(stamp_s(frame, container))
            if end_s is not None and time_s >= end_s:
                missing_s = 0.0
                break
            health.time_s = time_s
            if frame.is_corrupt:
                health.concealed_frame()
            shown_s = frame_s if origin_s is None else _shown_s(frame, frame_s)
            image = partial(bgr, frame, converter, aspect)
            index = decoded + health.bad_packets  # a packet is a frame, whether or not it can be decoded
            yield FileFrame(index=index, time_s=time_s, duration_s=shown_s, image=image)
        else:
            missing_s = _missing_s(container, health.time_s + shown_s, frame_s, wanted.stream)
        sentence = health.sentence(path, clock, missing_s)
        if sentence:
            on_damage(sentence)


def first_size(path: Path, wanted: Wanted = USUAL) -> tuple[int, int]:
    """Width and height of the first frame as it is shown; InputError where there is none."""
    with open_video(path, wanted) as container:
        frame = next(_begin(path, container, Health(), wanted)[0])
        aspect = pixel_aspect(video_stream(container, wanted.stream), wanted)
        width, height = display_size(frame.width, frame.height, aspect)
        return (height, width) if quarter_turns(frame) % 2 else (width, height)


def _seek(path: Path, container: Any, start_s: float, wanted: Wanted) -> Jump | None:
    """Take the container to shortly before a late start, where that can be done without losing count."""
    if start_s <= _FAR_S or container.format.name == "avi":  # AVI has no display times to count
        return None
    jump = find_jump(path, start_s, wanted)
    if jump is not None:
        container.seek(jump.seek_pts, stream=video_stream(container, wanted.stream))
    return jump


def _begin(path: Path, container: Any, health: Health, wanted: Wanted) -> tuple[Iterator[Any], float | None]:
    """The frames from here on, at least one, and the first one's timestamp."""
    refusal = partial(oversized, wanted=wanted, what=str(path))
    frames = _frames(container, video_stream(container, wanted.stream), health, refusal)
    first = next(frames, None)
    if first is None and health.oversized is not None:
        raise health.oversized
    if first is None:
        raise InputError(f"{path}: not one frame of it can be decoded; record or export it again")
    return chain([first], frames), stamp_s(first, container)


def _frames(
    container: Any, stream: Any, health: Health, refusal: Callable[[Any], InputError | None]
) -> Iterator[Any]:
    """Decoded frames; packets that cannot be decoded are counted and left out.

    `refusal` says of such a packet whether it was too large.
    """
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError as error:
            health.stopped = error.strerror
            return
        if packet is None:
            return
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            health.bad_packet()
            health.oversized = health.oversized or refusal(packet)
            continue
        yield from frames


def _shown_s(frame: Any, frame_s: float) -> float:
    return float(frame.duration * frame.time_base) if frame.duration and frame.duration > 0 else frame_s


def _missing_s(container: Any, end_s: float, frame_s: float, choice: int | None) -> float:
    """Seconds that the header promises after the last frame; 0 within the headers' usual inexactness."""
    stated_s = header_duration_s(container, choice)
    if stated_s is None or stated_s - end_s <= max(_SHORT_S, 2 * frame_s):
        return 0.0
    return stated_s - end_s


def bgr(frame: Any, converter: VideoReformatter, aspect: float = 1.0) -> Image:
    """A decoded frame as a BGR frame as it is shown: upright, with square pixels where `aspect` is theirs."""
    width, height = display_size(frame.width, frame.height, aspect)
    # One thread: swscale would otherwise start a pool of threads for every frame (3 times slower at 768x432).
    image = converter.reformat(
        frame, width, height, "bgr24", interpolation=Interpolation.BICUBIC, threads=1
    ).to_ndarray()
    turns = quarter_turns(frame)
    if turns:
        image = cv2.rotate(image, _TURNS[turns])
    return np.ascontiguousarray(image, dtype=np.uint8)
