"""Addresses that answer with one image, and live images as they are shown."""

import itertools
import threading
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from reid.errors import InputError
from reid.live.capture.address import Credentials, parse_cameras, with_aspects, with_credentials
from reid.live.capture.connection import StreamLost
from reid.live.capture.stream import Received, receive
from reid.live.config import SupervisionConfig
from tests.live.capture import mjpeg_camera
from tests.live.capture.snapshot_camera import running
from tests.live.capture.test_cameras import FAST, online, site

CASES = Path(__file__).parents[2] / "cases"


def received(
    place: str, aspect: float | None = None, login: tuple[str, str] | None = None, **config: float
) -> Generator[Received, None, None]:
    (address,) = with_aspects(parse_cameras([f"a={place}"]), {} if aspect is None else {"a": aspect})
    if login is not None:
        (address,) = with_credentials([address], {"a": Credentials(user=login[0], password=login[1])})
    return receive(
        address,
        SupervisionConfig(open_s=3, **{"stall_s": 2.0, **config}),
        threading.Event(),
        on_open=lambda: None,
        on_packet=lambda: None,
        on_damage=lambda: None,
    )


@pytest.mark.parametrize(
    ("suffix", "path"), [(".jpg", "/snap.jpg"), (".jpg", "/snap?n=1"), (".png", "/snap")]
)
def test_a_snapshot_is_asked_for_at_the_rate_that_is_set(suffix: str, path: str) -> None:
    with (
        running(suffix=suffix, path=path) as camera,
        closing(received(camera.url, snapshot_fps=20)) as images,
    ):
        got = list(itertools.islice(images, 7))
        shades = [round(float(one.image().mean())) for one in got]
    assert np.diff(shades) == pytest.approx(np.full(6, 10), abs=2)  # every answer once, in order
    assert {(one.look.size, one.stream_s) for one in got} == {((64, 48), None)}
    assert np.diff(camera.answers_s[1:]).mean() == pytest.approx(0.05, abs=0.02)


def test_a_snapshot_with_a_password() -> None:
    with (
        running(login="viewer:s3cret") as camera,
        closing(received(camera.url, login=("viewer", "s3cret"))) as images,
    ):
        assert next(images).image().shape == (48, 64, 3)
        with pytest.raises(StreamLost, match="user name or password refused"):
            next(received(camera.url, login=("viewer", "wrong")))


def test_a_snapshot_camera_that_goes_away_comes_back() -> None:
    config = FAST.model_copy(update={"snapshot_fps": 20.0, "open_s": 0.5})
    with running() as camera, site(f"a={camera.url}", config=config) as here:
        here.until(online("a"))
        here.until(lambda _: len(here.frames) >= 4)
        camera.stop()
        here.until(lambda found: found["a"].state.level == "offline")
        camera.start()
        before = len(here.frames)
        here.until(lambda found: found["a"].state.level == "online" and len(here.frames) > before + 4)
        camera.mode = "refuse"
        here.until(lambda found: found["a"].state.why == "the camera knows no such path")
        camera.mode = "hang"
        here.until(lambda found: found["a"].state.why == "it does not answer")
        camera.mode = "play"
        found = here.until(online("a"))
    assert found["a"].connects >= 3
    assert all(np.diff([one.timestamp_s for one in here.frames]) > 0)


def test_images_that_declare_too_many_pixels_are_refused() -> None:
    said = (
        "its frame: declares 30000 x 20000 pixels, more than supervision.max_megapixels \\(200\\) megapixels, and "
        "is not decoded"
    )
    with (
        running(mode="huge") as camera,
        closing(received(camera.url)) as images,
        pytest.raises(StreamLost, match=said),
    ):
        next(images)
    with (
        mjpeg_camera.running(size=(64, 48)) as stream,
        closing(received(stream.url, max_megapixels=0.003)) as images,
        pytest.raises(StreamLost, match="declares 64 x 48 pixels"),
    ):
        next(images)


def test_a_slow_snapshot_is_not_asked_for_in_bursts_afterwards() -> None:
    with running() as camera, closing(received(camera.url, snapshot_fps=10)) as images:
        next(images)
        time.sleep(0.5)  # whoever takes the images is late: five are missed
        list(itertools.islice(images, 3))
    assert np.diff(camera.answers_s[-3:]).min() > 0.06


def test_a_file_is_played_as_it_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    squeezed, preview = CASES / "anamorphic-sar2.mp4", CASES / "preview-stream-first.mkv"
    for place, aspect, size in (
        (f"{squeezed}", None, (640, 360)),
        (f"{squeezed}", 1.0, (320, 360)),
        (f"{preview}#0", None, (128, 72)),
        (f"{preview}#1", 0.5, (640, 720)),
    ):
        with closing(received(place, aspect)) as images:
            first = next(images)
        assert first.look.size == size
        assert first.image().shape == (size[1], size[0], 3)
    assert caplog.messages == []
    with closing(received(str(preview))) as images:
        assert next(images).look.size == (640, 360)
    (said,) = caplog.messages
    assert "camera a: it holds 2 video streams; #1 (640 x 360) is read, not #0 (128 x 72)" in said


def test_a_stream_that_is_not_there_is_told() -> None:
    with pytest.raises(StreamLost, match="it sends no video stream #2"):
        next(received(f"{CASES / 'preview-stream-first.mkv'}#2"))


def test_streams_in_addresses(tmp_path: Path) -> None:
    (tmp_path / "a.mp4#1").touch()
    (tmp_path / "a.mp4").touch()
    whole, chosen, stream = parse_cameras(
        [f"x={tmp_path}/a.mp4#1", f"y={tmp_path}/a.mp4#0", "z=rtsp://10.0.0.1/av0#1"]
    )
    assert (whole.url, whole.stream) == (f"{tmp_path}/a.mp4#1", None)
    assert (chosen.url, chosen.stream) == (f"{tmp_path}/a.mp4", 0)
    assert (stream.url, stream.stream) == ("rtsp://10.0.0.1/av0", 1)
    with pytest.raises(InputError, match="neither an address"):
        parse_cameras([f"{tmp_path}/b.mp4#1"])
