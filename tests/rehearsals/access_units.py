"""Recordings as cameras send them: H.264 access units in a file that needs no container to be read.

A key frame every two seconds, none that waits for a later one, parameter sets before each key frame: so cameras
encode, and so a client may join at any time.
"""

import itertools
import struct
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av

KEY_S = 2


def write_units(recording: Path, target: Path, *, shrink: int = 1, most: int | None = None) -> Path:
    """`recording`, or its first `most` frames, encoded anew, `shrink` times smaller.

    The file: frames a second (8 bytes, double), then each access unit as whether it begins with a key frame
    (1 byte), its length (4 bytes), and its bytes (Annex B); all big-endian.
    """
    with av.open(str(recording)) as container, target.open("wb") as file:
        stream = container.streams.video[0]
        fps = Fraction(stream.average_rate)
        encoder = _encoder(stream.width // shrink, stream.height // shrink, fps)
        file.write(struct.pack(">d", float(fps)))
        for number, frame in enumerate(itertools.islice(container.decode(stream), most)):
            small = frame.reformat(width=encoder.width, height=encoder.height, format="yuv420p")
            small.pts, small.time_base, small.pict_type = number, 1 / fps, 0
            _write(file, encoder.encode(small))
        _write(file, encoder.encode(None))
    return target


def _encoder(width: int, height: int, fps: Fraction) -> Any:
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.framerate, encoder.time_base = fps, 1 / fps
    encoder.gop_size, encoder.max_b_frames = round(KEY_S * fps), 0
    encoder.options = {
        "preset": "fast",
        "tune": "zerolatency",
        "crf": "18",
        # a payloader puts parameter sets before each slice of a key frame, which then looks like two frames
        "x264-params": "sliced-threads=0:slices=1",
    }
    return encoder


def _write(file: BinaryIO, packets: Iterable[Any]) -> None:
    for packet in packets:
        data = bytes(packet)
        file.write(struct.pack(">?I", packet.is_keyframe, len(data)) + data)
