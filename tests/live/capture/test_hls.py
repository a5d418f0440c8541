"""HLS from a real web server: its segments come in bursts, and its frames evenly."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from reid.live.capture.address import parse_cameras
from reid.live.capture.camera import CameraSnapshot, LiveFrame
from reid.live.capture.cameras import Cameras
from reid.live.capture.latest_frames import LatestFrames
from reid.live.config import SupervisionConfig
from tests.live.blocks import FPS
from tests.live.capture.hls_camera import HlsCamera, serving


class Watcher:
    """Takes every frame that it can get, as long as it is asked to."""

    def __init__(self, camera: HlsCamera, stall_s: float) -> None:
        self.latest_frames = LatestFrames[LiveFrame]()
        self.levels: list[str] = []
        self.frames: list[LiveFrame] = []
        self.early_s = -np.inf  # how far in the future frames were
        self.cameras = Cameras(
            config=SupervisionConfig(stall_s=stall_s, first_wait_s=0.2),
            latest_frames=self.latest_frames,
            on_change=lambda now: self.levels.append(now.state.level),
            rng=random.Random(0),
        )
        (address,) = parse_cameras([f"gate={camera.url}"])
        assert address.kind == "hls"
        self.cameras.add(address)

    def watch(self, seconds: float) -> CameraSnapshot:
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            for _, one in self.latest_frames.take(1, timeout_s=0.01, max_age_s=5):
                self.early_s = max(self.early_s, one.timestamp_s - time.time())
                self.frames.append(one)
            (now,) = self.cameras.check()
        return now

    def steps(self) -> np.ndarray:
        return np.diff([one.timestamp_s for one in self.frames])


@contextmanager
def watching(camera: HlsCamera, stall_s: float = 5.0) -> Iterator[Watcher]:
    watcher = Watcher(camera, stall_s)
    try:
        yield watcher
    finally:
        assert watcher.cameras.stop(1.0) == []


@pytest.mark.slow
def test_frames_come_evenly(tmp_path: Path) -> None:
    with serving(tmp_path, seconds=6, each_s=0.5) as camera, watching(camera) as here:
        here.watch(3.0)
        dropped = here.latest_frames.counts("gate").dropped.get("newer", 0)
    assert 2 * FPS < len(here.frames) <= 3 * FPS + 2
    assert dropped < 0.1 * len(here.frames)  # whole segments but for a frame, when they came in bursts
    assert np.median(here.steps()) == np.clip(np.median(here.steps()), 0.9 / FPS, 1.1 / FPS)
    assert here.steps().max() < 0.3
    assert here.early_s <= 0
    assert here.frames[0].frame().image.shape == (180, 320, 3)


@pytest.mark.slow
def test_waiting_for_a_segment_is_no_stall(tmp_path: Path) -> None:
    with serving(tmp_path, seconds=12, each_s=2.0) as camera, watching(camera, stall_s=1.0) as here:
        now = here.watch(3.0)
    assert (now.connects, now.faults.stalls, now.faults.disconnects) == (1, 0, 0)
    assert here.levels[here.levels.index("online") :] == ["online"]
    assert here.steps().max() < 0.3


@pytest.mark.slow
def test_after_a_late_segment_frames_come_evenly_again(tmp_path: Path) -> None:
    with serving(tmp_path, seconds=6, each_s=0.5) as camera:
        camera.slow[4] = 1.6
        with watching(camera, stall_s=0.3) as here:
            now = here.watch(3.3)
    assert now.connects == 1
    late = int(here.steps().argmax())
    assert here.steps()[late] > 0.35
    assert here.steps()[late + 1 :].max() < 0.3
    assert np.median(here.steps()[late + 1 :]) > 0.9 / FPS


@pytest.mark.slow
def test_its_end_is_a_loss(tmp_path: Path) -> None:
    with serving(tmp_path, seconds=1, each_s=0.5, over=True) as camera, watching(camera) as here:
        now = here.watch(2.5)
        assert not here.cameras.over
    assert now.connects >= 2
    assert now.faults.disconnects >= 1
    assert len(here.frames) > FPS
