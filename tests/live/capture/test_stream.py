"""What comes through one connection: the times of frames, and what it means that none come."""

import itertools
import threading
import time
from collections.abc import Generator
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from reid.live.capture.address import parse_cameras
from reid.live.capture.connection import Stalled, StreamLost
from reid.live.capture.stream import FileEnded, Received, receive
from reid.live.config import SupervisionConfig
from tests.live.capture.mjpeg_camera import running
from tests.loopback import QuietHandler, listening


def received(place: str, **config: float) -> Generator[Received, None, None]:
    (address,) = parse_cameras([f"a={place}"])
    return receive(
        address,
        SupervisionConfig(open_s=3, **{"stall_s": 2.0, **config}),
        threading.Event(),
        on_open=lambda: None,
        on_packet=lambda: None,
        on_damage=lambda: None,
    )


def film(path: Path, count: int, codec: str, rate: int = 10, sound_s: int = 0) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.options = {} if codec == "mjpeg" else {"tune": "zerolatency", "g": "5"}
        sound = container.add_stream("aac", rate=8000, layout="mono") if sound_s else None
        for shade in range(count):
            image = np.full((48, 64, 3), 5 * shade, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
        for block in range(0, sound_s * 8000, 1000) if sound is not None else ():
            samples = np.random.default_rng(block).normal(0, 0.1, (1, 1000)).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 8000, block, Fraction(1, 8000)
            container.mux(sound.encode(frame))
    return path


def test_mjpeg_has_no_times_of_its_own() -> None:
    """FFmpeg says 25 frames a second whatever comes."""
    with running(fps=10) as camera, closing(received(camera.url)) as frames:
        whole = list(itertools.islice(frames, 12))
    assert {one.stream_s for one in whole} == {None}
    arrivals = [one.decoded_s for one in whole][2:]  # the first ones were needed to recognise it
    assert np.diff(arrivals).mean() == pytest.approx(0.1, abs=0.03)


@pytest.mark.parametrize(
    ("codec", "rate", "fps"),
    # at 12 a second FFmpeg guesses that H.264's header counts fields, and says 24
    [("libx264", 10, 10), ("libx264", 12, 12), ("libx265", 10, 10), ("mjpeg", 10, 25)],
)
def test_a_raw_file_plays_at_the_rate_of_its_codec_or_at_25_a_second(
    tmp_path: Path, codec: str, rate: int, fps: int
) -> None:
    ending = {"libx264": "h264", "libx265": "hevc", "mjpeg": "mjpeg"}[codec]
    frames = list[Received]()
    with pytest.raises(FileEnded):
        frames.extend(received(str(film(tmp_path / f"film.{ending}", 10, codec, rate))))
    assert [one.stream_s for one in frames] == pytest.approx(np.arange(10) / fps)
    took = frames[-1].decoded_s - frames[0].decoded_s
    assert took == pytest.approx(9 / fps, abs=0.1)


def test_a_camera_that_goes_silent_has_stalled() -> None:
    with running(fps=20) as camera, closing(received(camera.url, stall_s=0.4)) as frames:
        next(frames)
        camera.mode = "stall"
        with pytest.raises(Stalled, match=r"nothing came for 0\.4 s"):
            list(frames)


def test_sound_alone_is_told_of(tmp_path: Path) -> None:
    """Else a camera whose frames end while its sound goes on would not be missed."""
    data = film(tmp_path / "film.ts", 40, "libx264", sound_s=20).read_bytes()

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            for begin in range(0, len(data), 5000):
                self.wfile.write(data[begin : begin + 5000])
                time.sleep(0.02)

    server = listening(Handler)
    told = list[int]()
    (address,) = parse_cameras([f"a=http://127.0.0.1:{server.server_port}/film.ts"])
    frames = receive(
        address,
        SupervisionConfig(open_s=3, stall_s=2),
        threading.Event(),
        on_open=lambda: None,
        on_packet=lambda: told.append(1),
        on_damage=lambda: None,
    )
    with closing(frames):
        assert len(list(itertools.islice(frames, 9))) == 9
        before = len(told)
        with pytest.raises(StreamLost):  # its end
            list(frames)
    assert len(told) - before > 50
    server.shutdown()
    server.server_close()
