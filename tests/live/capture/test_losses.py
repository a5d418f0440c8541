"""What a camera counts and does where its connection is lost, and where that is no reason to reconnect."""

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reid.live.capture.address import parse_cameras
from reid.live.capture.camera import Camera, CameraSnapshot, LiveFrame
from reid.live.capture.camera_health import FrameLook
from reid.live.capture.latest_frames import LatestFrames
from reid.live.capture.stream import Received
from reid.live.config import SupervisionConfig
from tests.live.blocks import film
from tests.live.capture.mjpeg_camera import running


def camera(place: str, **config: float) -> Camera:
    (address,) = parse_cameras([f"a={place}"])
    made = SupervisionConfig(**{"open_s": 2.0, "first_wait_s": 0.05, "longest_wait_s": 0.2, **config})
    return Camera(address, made, LatestFrames[LiveFrame](), rng=random.Random(0))


def until(one: Camera, wanted: Callable[[CameraSnapshot], bool], patience_s: float = 5.0) -> CameraSnapshot:
    end_s = time.monotonic() + patience_s
    while not wanted(now := one.snapshot(time.monotonic())):
        assert time.monotonic() < end_s, now
        time.sleep(0.01)
    return now


def test_silence_is_a_stall_and_no_disconnect() -> None:
    with running() as source:
        one = camera(source.url, stall_s=0.4)
        one.start()
        until(one, lambda now: now.state.level == "online")
        source.mode = "stall"
        now = until(one, lambda now: now.faults.stalls == 1)
        assert now.state.why == "nothing came for 0.4 s"
        assert now.faults.disconnects == 0
        source.mode = "play"
        until(one, lambda now: now.connects == 2 and now.state.level == "online")
        one.stop()
        assert one.join(2)


@pytest.mark.slow
def test_a_file_whose_frame_stands_still_goes_on(tmp_path: Path) -> None:
    one = camera(str(film(tmp_path / "still.mp4", 2, [])), frozen_s=0.3)
    one.start()
    now = until(one, lambda now: now.state.why == "the file has ended")
    assert (now.connects, now.faults.freezes) == (1, 0)
    assert one.over


def test_no_wait_is_longer_than_the_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    one = camera("http://127.0.0.1:9/x", longest_wait_s=0.4)
    waits = list[float]()

    def rest(stop: threading.Event, seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 40:
            stop.set()

    monkeypatch.setattr(one, "_rest", rest)
    one.start()
    assert one.join(5)
    assert len(waits) == 40
    assert max(waits) == 0.4
    assert min(waits[10:]) < 0.35  # jitter still parts them


def test_jumps_of_a_camera_s_clock_are_counted_and_its_delay_told(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = time.monotonic()
    times = [(one / 10, now_s + one / 10) for one in range(20)]
    times += [(one / 10 + 1000, now_s + one / 10) for one in range(20, 40)]  # its clock was set
    times[-1] = times[-1][0], times[-1][1] + 0.5  # and the last one was held up

    def frames(*_: object, on_open: Callable[[], None], **__: object) -> object:
        on_open()
        for place, (stream_s, arrival_s) in enumerate(times):
            look = FrameLook(size=(8, 8), codec="h264", fingerprint=place)
            yield Received(
                stream_s=stream_s,
                camera_time=None,
                decoded_s=arrival_s,
                look=look,
                image=lambda: np.zeros((8, 8, 3), dtype=np.uint8),
            )
        over.wait(5)

    over = threading.Event()
    monkeypatch.setattr("reid.live.capture.camera.receive", frames)
    one = camera("http://127.0.0.1:9/x")
    one.start()
    now = until(one, lambda now: now.behind_s > 0)
    assert now.faults.jumps == 1
    assert now.behind_s == pytest.approx(0.5, abs=0.01)
    one.stop()
    over.set()
    assert one.join(2)
