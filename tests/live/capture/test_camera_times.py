"""Frames of real streams are timed by their camera's clock: RTCP sender reports, dates of HLS playlists."""

import logging
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
from tests.live.capture import hls_camera, rtsp_camera
from tests.live.running import Running, load_tracking

pytestmark = pytest.mark.slow


class Watcher:
    """Takes every frame of one camera."""

    def __init__(self, url: str, *, offset_s: float = 0.0, **config: str) -> None:
        self.latest_frames = LatestFrames[LiveFrame]()
        self.cameras = Cameras(
            config=SupervisionConfig(first_wait_s=0.2, **config),  # type: ignore[arg-type]
            latest_frames=self.latest_frames,
            on_change=lambda now: None,
            rng=random.Random(0),
        )
        (address,) = parse_cameras([f"gate={url}"])
        self.cameras.add(address, offset_s=offset_s)
        self.frames = list[LiveFrame]()

    def watch(self, seconds: float) -> tuple[CameraSnapshot, np.ndarray]:
        """The camera at the end, and by how much each frame was timed before it was decoded."""
        found, until_s = list[float](), time.monotonic() + seconds
        while time.monotonic() < until_s or not found:
            for _, one in self.latest_frames.take(1, timeout_s=0.01, max_age_s=5):
                decoded_s = time.time() - time.monotonic() + one.decoded_s
                found.append(one.timestamp_s - decoded_s)
                self.frames.append(one)
        (now,) = self.cameras.check()
        return now, np.array(found)


@contextmanager
def watching(url: str, *, offset_s: float = 0.0, **config: str) -> Iterator[Watcher]:
    watcher = Watcher(url, offset_s=offset_s, **config)
    try:
        yield watcher
    finally:
        assert watcher.cameras.stop(2.0) == []


def test_sender_reports_time_the_frames_of_an_rtsp_camera(tmp_path: Path) -> None:
    with rtsp_camera.serving(tmp_path, late_s=0.8) as camera, watching(camera.url) as here:
        now, early_s = here.watch(6)
    assert now.clock.source == "rtcp"
    assert now.clock.offset_s == pytest.approx(-0.8, abs=0.1)
    assert np.median(early_s[-20:]) == pytest.approx(-0.8, abs=0.15)


def test_an_offset_comes_on_top_of_the_cameras_clock(tmp_path: Path) -> None:
    with (
        rtsp_camera.serving(tmp_path, late_s=0.5, off_s=0.2) as camera,
        watching(camera.url, offset_s=100) as here,
    ):
        now, early_s = here.watch(5)
        lead_s = here.cameras.lead_s("gate")
    assert now.clock.offset_s == pytest.approx(-0.3, abs=0.1)
    assert np.median(early_s[-20:]) == pytest.approx(99.7, abs=0.15)
    assert lead_s == pytest.approx(99.7, abs=0.3)


def test_reports_that_come_later_move_times_without_a_leap(tmp_path: Path) -> None:
    with (
        rtsp_camera.serving(tmp_path, late_s=0.6, report_after_s=5) as camera,
        watching(camera.url) as here,
    ):
        _, before = here.watch(1)
        _, early_s = here.watch(13)
    assert np.median(before) == pytest.approx(0, abs=0.15)
    assert np.median(early_s[-20:]) == pytest.approx(-0.6, abs=0.15)
    assert np.diff(early_s).min() > -0.3


@pytest.mark.parametrize(
    ("settings", "config", "offset_s"),
    [
        ({"off_s": 7200.0}, {}, 7200.0),
        ({"off_s": -1.7e9}, {}, -1.7e9),
        ({"late_s": 0.5, "reports": False}, {}, None),
        ({"late_s": 0.5}, {"camera_clock": "arrival"}, None),
    ],
)
def test_arrivals_count_where_the_clock_is_wrong_or_not_sent_or_not_wanted(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    settings: dict[str, float],
    config: dict[str, str],
    offset_s: float | None,
) -> None:
    with (
        caplog.at_level(logging.WARNING),
        rtsp_camera.serving(tmp_path, **settings) as camera,
        watching(camera.url, **config) as here,
    ):
        now, early_s = here.watch(4)
    assert now.clock.source == "arrival"
    assert np.median(early_s[-20:]) == pytest.approx(0, abs=0.15)
    told = [one.getMessage() for one in caplog.records if "clock" in one.getMessage()]
    if offset_s is None:
        assert (now.clock.offset_s, now.clock.why, told) == (None, "", [])
    else:
        assert now.clock.offset_s == pytest.approx(offset_s, abs=0.2)
        assert told == [f"camera gate: {now.clock.why}; the arrival of its frames counts"]


@pytest.mark.parametrize("dated", ["all", "first"])
def test_dates_of_its_playlist_time_the_frames_of_hls(tmp_path: Path, dated: str) -> None:
    seconds = 10
    with (
        hls_camera.serving(tmp_path, seconds=seconds, each_s=1.0, dated=dated) as camera,
        watching(camera.url) as here,
    ):
        now, early_s = here.watch(4)
    assert now.clock.source == "program-date-time"
    assert now.clock.offset_s == pytest.approx(np.median(early_s), abs=0.3)
    wrong_s = [one.timestamp_s - camera.began_s - shown_s(one, seconds) for one in here.frames]
    assert np.median(wrong_s) == pytest.approx(0, abs=0.3)
    assert np.abs(wrong_s).max() < 0.6  # also of the first one; places are read to two pixels
    assert len(wrong_s) > 40


def shown_s(frame: LiveFrame, seconds: float) -> float:
    """Second of the film that a frame is, by where the block is in it: a pixel is a 32nd of the film."""
    image = frame.frame().image
    left = int(np.flatnonzero(image[90, :, 2].astype(int) - image[90, :, 0] > 100)[0])
    return (left / image.shape[1] - 0.05) / 0.1 * seconds


def test_hls_with_a_wrong_date_is_timed_by_its_arrival(tmp_path: Path) -> None:
    with hls_camera.serving(tmp_path, seconds=8, each_s=0.5, dated="all") as camera:
        camera.off_s = 3600
        with watching(camera.url) as here:
            now, early_s = here.watch(2)
    assert now.clock.source == "arrival"
    assert now.clock.why.endswith("ahead of this machine's")
    assert np.median(early_s) == pytest.approx(0, abs=0.1)


def test_a_track_of_frames_that_are_timed_long_before_they_come_is_one(tmp_path: Path) -> None:
    """Not over before its next frame because that is older than a track may be lost."""
    load_tracking()
    with hls_camera.serving(tmp_path, seconds=10, each_s=1.0, dated="all") as camera:
        camera.off_s = -30
        here, begun_s = Running(tmp_path / "gallery.db", f"gate={camera.url}"), time.time()
        until_s = time.monotonic() + 6
        here.engine.run(lambda: time.monotonic() > until_s)
        here.engine.cameras.stop(2)
    told = [event for event, _ in here.told if event.kind in ("seen", "left")]
    assert [event.kind for event in told] == ["seen", "left"]
    assert begun_s - 36 < told[0].at_s < begun_s - 24
    assert told[0].told_s == pytest.approx(begun_s, abs=6)
    assert 3 < float(str(told[1].facts["seconds"])) < 6.5
