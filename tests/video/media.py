"""Small videos whose every frame carries its number, made with PyAV."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from reid.camera_config import SourceConfig
from reid.types import Frame, Image
from reid.video.reader import read
from reid.video.source import Source

MILLISECONDS = Fraction(1, 1000)
BITS = 10
FAST = {"preset": "ultrafast", "crf": "18"}


def numbered(number: int, width: int = 160, height: int = 64) -> Image:
    """An image with `number` as black and white columns, and a red block at the lower left."""
    image = np.full((height, width, 3), 128, dtype=np.uint8)
    step = width // BITS
    for bit in range(BITS):
        image[: height // 2, bit * step : (bit + 1) * step] = 255 * (number >> bit & 1)
    image[-height // 4 :, : width // 4] = (0, 0, 255)
    return image


def number(image: Image) -> int:
    """The number that `numbered` put into an image."""
    height, width = image.shape[:2]
    step = width // BITS
    row = image[height // 4, step // 2 :: step][:BITS].mean(axis=1) > 127
    return sum(int(bit) << place for place, bit in enumerate(row))


def make_video(
    path: Path,
    count: int = 20,
    *,
    fps: int = 25,
    times_ms: Sequence[int] | None = None,
    size: tuple[int, int] = (160, 64),
    codec: str = "libx264",
    kind: str | None = None,
    b_frames: int = 0,
    gop: int = 12,
    rotation: int = 0,
    first: int = 0,
) -> Path:
    """Encodes `count` numbered frames, at a fixed rate or at given times."""
    options = {**FAST, "bf": str(b_frames)} if codec == "libx264" else {}
    container_options = {"movflags": "+faststart"} if path.suffix in {".mp4", ".mov"} else {}
    with av.open(str(path), "w", format=kind, options=container_options) as container:
        stream = container.add_stream(codec, rate=fps, options=options)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.gop_size = gop
        if times_ms is not None:
            stream.time_base = stream.codec_context.time_base = MILLISECONDS
        if rotation:
            stream.set_display_rotation(rotation)
        for index in range(count):
            frame = av.VideoFrame.from_ndarray(numbered(first + index, *size), format="bgr24")
            if times_ms is not None:
                frame.pts, frame.time_base = times_ms[index], MILLISECONDS
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def packet_spans(path: Path) -> list[tuple[int, int]]:
    """Offset and size of every video packet in the file, in storage order."""
    with av.open(str(path)) as container:
        return [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]


def camera(*paths: Path, offset_s: float = 0.0) -> Source:
    return Source(camera_id="cam", files=paths, offset_s=offset_s)


def read_all(source: Source, **settings: object) -> tuple[list[Frame], list[str]]:
    """All frames, and the sentences about damage."""
    sentences: list[str] = []
    return list(read(source, SourceConfig.model_validate(settings), sentences.append)), sentences


def times(frames: Sequence[Frame]) -> list[float]:
    return [round(frame.timestamp_s, 4) for frame in frames]
