"""Cameras that drop, stall, freeze and come back, against a real server on loopback."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import pytest

from reid.live.capture.address import Credentials, parse_cameras, with_credentials
from reid.live.capture.camera import CameraSnapshot, LiveFrame
from reid.live.capture.camera_health import State
from reid.live.capture.cameras import Cameras
from reid.live.capture.latest_frames import LatestFrames
from reid.live.config import SupervisionConfig
from tests.live.capture.mjpeg_camera import running

FAST = SupervisionConfig(
    open_s=2, stall_s=0.6, frozen_s=0.8, first_wait_s=0.05, longest_wait_s=0.2, steady_s=0.5
)
PATIENCE_S = 10.0


class Site:
    """Cameras, what came of them, and what was told."""

    def __init__(self, config: SupervisionConfig = FAST) -> None:
        self.latest_frames = LatestFrames[LiveFrame]()
        self.told: list[CameraSnapshot] = []
        self.cameras = Cameras(
            config=config, latest_frames=self.latest_frames, on_change=self.told.append, rng=random.Random(0)
        )
        self.frames: list[LiveFrame] = []

    def look(self) -> dict[str, CameraSnapshot]:
        self.frames += [one for _, one in self.latest_frames.take(8, timeout_s=0.02, max_age_s=10)]
        return {one.camera_id: one for one in self.cameras.check()}

    def until(self, wanted: Callable[[dict[str, CameraSnapshot]], bool]) -> dict[str, CameraSnapshot]:
        begun = time.monotonic()
        while not wanted(found := self.look()):
            assert time.monotonic() - begun < PATIENCE_S, (found, self.told)
        return found

    def levels(self, camera_id: str) -> list[str]:
        return [one.state.level for one in self.told if one.camera_id == camera_id]


@contextmanager
def site(*cameras: str, config: SupervisionConfig = FAST, **secrets: Credentials) -> Iterator[Site]:
    made = Site(config)
    for address in with_credentials(parse_cameras(cameras), secrets):
        made.cameras.add(address)
    try:
        yield made
    finally:
        assert made.cameras.stop(5.0) == []


def online(name: str) -> Callable[[dict[str, CameraSnapshot]], bool]:
    return lambda found: found[name].state.level == "online"


def test_frames_come_with_times_and_in_order() -> None:
    with running(fps=20) as camera, site(f"a={camera.url}") as here:
        here.until(lambda _: len(here.frames) >= 20)
        now = time.time()
    indices = [one.index for one in here.frames]
    times = np.array([one.timestamp_s for one in here.frames])
    assert indices == sorted(indices)
    assert np.all(np.diff(times) > 0)
    assert now - 5 < times[0] < times[-1] <= now
    frame = here.frames[0].frame()
    assert frame.image.shape == (48, 64, 3)
    assert frame.camera_id == "a"
    assert here.levels("a")[-1] == "online"
    assert "offline" not in here.levels("a"), "it was well from its first moment"


def test_a_killed_camera_comes_back() -> None:
    with running() as camera, site(f"a={camera.url}") as here:
        here.until(online("a"))
        camera.stop()
        found = here.until(lambda found: found["a"].state.why == "connection refused")
        assert found["a"].state.level == "offline"
        camera.start()
        found = here.until(online("a"))
        assert found["a"].connects == 2
        assert found["a"].faults.disconnects == 1
    assert "offline" in here.levels("a")


def test_a_camera_that_stalls_is_opened_again() -> None:
    with running() as camera, site(f"a={camera.url}") as here:
        here.until(online("a"))
        camera.mode = "stall"
        here.until(lambda found: found["a"].state.level == "degraded")
        here.until(lambda found: found["a"].state.level == "offline")
        camera.mode = "play"
        here.until(online("a"))
    assert camera.connections >= 2


@pytest.mark.slow
def test_a_frame_that_stands_still_is_found() -> None:
    with running() as camera, site(f"a={camera.url}") as here:
        here.until(online("a"))
        camera.mode = "freeze"
        here.until(lambda found: found["a"].faults.freezes == 1)
        found = here.until(
            lambda found: found["a"].connects == 2 and found["a"].state.why == "the frame stands still"
        )
        assert found["a"].state.level == "degraded"
        connections = camera.connections
        time.sleep(2 * FAST.frozen_s)
        here.look()
        assert camera.connections == connections, "it is not opened again and again"
        camera.mode = "play"
        here.until(online("a"))


def test_garbage_is_counted_and_never_shown() -> None:
    with running() as camera, site(f"a={camera.url}") as here:
        here.until(online("a"))
        camera.mode = "garbage"
        here.until(lambda found: found["a"].faults.damaged > 0 and found["a"].faults.stalls > 0)
        camera.mode = "play"
        here.until(online("a"))
    assert all(one.frame().image.shape == (48, 64, 3) for one in here.frames)


def test_a_change_of_size_is_seen() -> None:
    with running() as camera, site(f"a={camera.url}") as here:
        here.until(online("a"))
        camera.size = (128, 96)
        found = here.until(lambda found: found["a"].size == (128, 96))
        assert found["a"].faults.changes == 1
        here.until(lambda _: here.frames[-1].received.look.size == (128, 96))
    assert here.frames[-1].frame().image.shape == (96, 128, 3)
    assert sum(one.changed for one in here.frames) <= 1


@pytest.mark.slow
def test_one_dead_camera_does_not_slow_another() -> None:
    with running(fps=20) as good, running() as bad:
        bad.mode = "stall"
        with site(f"good={good.url}", f"bad={bad.url}", "gone=http://127.0.0.1:9/x") as here:
            found = here.until(online("good"))
            begun, before = time.monotonic(), here.latest_frames.counts("good").offered
            while time.monotonic() - begun < 2:
                found = here.look()
            rate = (here.latest_frames.counts("good").offered - before) / (time.monotonic() - begun)
            assert rate > 15
            assert found["gone"].state.level == "offline"
            assert found["bad"].state.level == "offline"


def test_passwords_open_and_are_not_seen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    right, wrong = (
        Credentials(user="guard", password="hunter2"),
        Credentials(user="guard", password="hunter3"),
    )
    with running(login="guard:hunter2") as camera:
        with site(f"a={camera.url}", a=right) as here:
            here.until(online("a"))
        with site(f"a={camera.url}", a=wrong) as refused:
            refused.until(lambda found: found["a"].state.why == "user name or password refused")
            shown = repr(refused.told) + caplog.text
    shown += " ".join(thread.name for thread in threading.enumerate())
    assert "hunter" not in shown
    assert "guard" not in shown


def test_a_path_that_is_not_there() -> None:
    with running() as camera:
        camera.mode = "refuse"
        with site(f"a={camera.url}") as here:
            here.until(lambda found: found["a"].state.why == "the camera knows no such path")


def test_pausing_removing_and_adding() -> None:
    with running() as camera, site(f"a={camera.url}") as here:
        here.until(online("a"))
        here.cameras.pause("a", True)
        here.until(lambda found: found["a"].state.level == "paused")
        here.look()
        seen = len(here.frames)
        here.until(lambda _: here.latest_frames.counts("a").dropped.get("paused", 0) > 3)
        assert len(here.frames) == seen
        here.cameras.pause("a", False)
        here.until(online("a"))
        (another,) = parse_cameras([f"b={camera.url}"])
        here.cameras.add(another)
        with pytest.raises(ValueError, match="called b already"):
            here.cameras.add(another)
        here.until(online("b"))
        here.cameras.remove("a")
        assert list(here.look()) == ["b"]


@pytest.mark.slow
def test_a_file_plays_at_its_own_speed_and_ends(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"preset": "ultrafast"})
        stream.width, stream.height = 64, 48
        for shade in range(15):
            image = np.full((48, 64, 3), 10 * shade, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
    with site(str(path)) as here:
        begun = time.monotonic()
        here.until(lambda found: found["clip"].state.why == "the file has ended")
        assert 1.3 < time.monotonic() - begun < 3
        time.sleep(3 * FAST.longest_wait_s)
        assert here.look()["clip"].connects == 1, "it is not played again"
    steps = np.diff([one.timestamp_s for one in here.frames])
    assert len(here.frames) == 15
    assert np.allclose(steps, 0.1, atol=0.03)


def test_a_thread_that_hangs_in_a_library_is_replaced() -> None:
    """As far as its time-outs go: an hour passes on the clock that watches, while the thread waits for data."""
    here = Site(SupervisionConfig(open_s=30, stall_s=30, frozen_s=7200))
    here.cameras.clock = lambda: time.monotonic() + ahead
    ahead = 0.0
    with running() as camera:
        here.cameras.add(parse_cameras([f"a={camera.url}"])[0])
        here.until(online("a"))
        camera.mode = "stall"
        time.sleep(0.3)
        ahead = 3600.0
        found = here.look()
        assert found["a"].state == State(level="offline", why="its thread hung in a library and was given up")
        ahead = 0.0
        camera.mode = "play"
        here.until(online("a"))
        assert here.look()["a"].connects == 2
        assert sum(thread.name == "camera a" for thread in threading.enumerate()) <= 2
        here.cameras.stop(5.0)
    time.sleep(0.5)
    assert not [thread for thread in threading.enumerate() if thread.name == "camera a"], "both have ended"


def test_stopping_does_not_wait_for_a_dead_camera() -> None:
    here = Site(SupervisionConfig(open_s=20, stall_s=20))
    with running() as camera:
        camera.mode = "stall"
        here.cameras.add(parse_cameras([f"a={camera.url}"])[0])
        time.sleep(0.3)
        begun = time.monotonic()
        assert here.cameras.stop(0.5) == ["a"]
        assert time.monotonic() - begun < 1
