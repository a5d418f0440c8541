"""Writing H.264 that browsers play, with the times that the frames were given."""

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from reid import disk
from reid.errors import InputError
from reid.types import Image

_TICKS = 90_000  # a second; what MPEG counts in, fine enough for any frame rate
_BT601 = 6  # code of the colour matrix that OpenCV converts with, in H.264's colour description


class VideoWriter:
    """An MP4 file that appears under its name only when it is complete.

    Frames are shown at the times given to `write`, counted from the first one. The first frame sets the size,
    made even by repeating the last row or column; frames of another size are scaled to it. Without any frame
    no file is made.

    Raises:
        InputError: the file cannot be created.
    """

    def __init__(
        self, path: Path, *, fps_hint: float = 25.0, crf: int = 23, preset: str = "veryfast", threads: int = 1
    ) -> None:
        """`fps_hint` steers the encoder's rate control only; `crf` is x264's quality, smaller is better."""
        self._path = path
        self._partial = path.with_name(f".{path.stem}.{os.getpid()}-0.partial{path.suffix}")
        self._rate = Fraction(fps_hint).limit_denominator(1000)
        self._options = {"crf": str(crf), "preset": preset}
        self._threads = threads
        self._container: Any = None
        self._stream: Any = None
        self._size = (0, 0)  # width, height
        self._first_s = 0.0
        self._last_ticks = -1

    def __enter__(self) -> "VideoWriter":
        return self

    def write(self, image: Image, timestamp_s: float) -> None:
        """Appends a BGR image (H, W, 3), shown from `timestamp_s`, which is moved if it does not ascend."""
        if self._container is None:
            self._open(image, timestamp_s)
        ticks = max(round((timestamp_s - self._first_s) * _TICKS), self._last_ticks + 1)
        self._last_ticks = ticks
        # OpenCV's conversion rounds; swscale's truncates, which darkens, and takes six times as long.
        planes = cv2.cvtColor(self._fitted(image), cv2.COLOR_BGR2YUV_I420)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = ticks, Fraction(1, _TICKS)
        with disk.naming(self._path, self._partial):
            self._container.mux(self._stream.encode(frame))

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._container is None:
            return
        try:
            with disk.naming(self._path, self._partial):
                if kind is None:
                    self._container.mux(self._stream.encode())
                self._container.close()
                if kind is None:
                    os.replace(self._partial, self._path)
        finally:
            self._partial.unlink(missing_ok=True)

    def _open(self, image: Image, timestamp_s: float) -> None:
        height, width = image.shape[:2]
        self._size = (width + width % 2, height + height % 2)  # yuv420p halves the colour planes
        self._first_s = timestamp_s
        container = av.open(f"file:{self._partial}", "w", format="mp4", options={"movflags": "+faststart"})
        stream = container.add_stream("libx264", rate=self._rate, options=self._options)
        stream.width, stream.height = self._size
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, _TICKS)
        stream.codec_context.thread_count = self._threads
        # Said in the file, because players otherwise guess the colour matrix from the frame's size.
        stream.codec_context.colorspace = _BT601
        stream.codec_context.color_primaries = _BT601
        stream.codec_context.color_trc = _BT601
        try:
            container.start_encoding()  # creates the file
        except av.error.FFmpegError as error:
            container.close()
            reason = f"cannot be written ({error.strerror}); choose a folder that exists and has room"
            raise InputError(f"{self._path}: {reason}") from error
        self._container, self._stream = container, stream

    def _fitted(self, image: Image) -> Image:
        width, height = self._size
        right, below = width - image.shape[1], height - image.shape[0]
        if (right, below) == (0, 0):
            return np.ascontiguousarray(image)
        if 0 <= right <= 1 and 0 <= below <= 1:
            padded = cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE)
            return np.asarray(padded, dtype=np.uint8)
        return np.asarray(cv2.resize(image, self._size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
