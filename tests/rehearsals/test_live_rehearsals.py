"""The RTSP server of the rehearsals does what they take it to do, as `reid live` reads it."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reid.live.capture.address import parse_cameras
from reid.live.capture.connection import StreamLost
from reid.live.capture.stream import Received, receive
from reid.live.config import SupervisionConfig
from tests.rehearsals.access_units import write_units
from tests.rehearsals.live_run import films
from tests.rehearsals.rtsp_site import FPS, RtspSite, why_not

FRAMES = 48  # two groups


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RtspSite]:
    if why := why_not():
        pytest.skip(why)
    film = films()["cam3"]
    play = write_units(film, tmp_path / "play", shrink=2, most=FRAMES)
    small = write_units(film, tmp_path / "small", shrink=4, most=FRAMES)
    site = RtspSite([f"cam1={play},{small}"])
    site.start()
    yield site
    site.kill()


@pytest.mark.slow
def test_frames_have_times_and_what_is_damaged_is_not_shown(site: RtspSite) -> None:
    (address,) = parse_cameras([f"cam1={site.cameras['cam1']}"])
    damaged = threading.Event()

    def hurt() -> None:
        if not damaged.is_set():
            damaged.set()
            site.tell("small cam1")

    frames = receive(
        address,
        SupervisionConfig(open_s=5, stall_s=3),
        threading.Event(),
        on_open=lambda: None,
        on_packet=lambda: None,
        on_damage=hurt,
    )
    with closing(frames):
        whole = list(itertools.islice(frames, 6))
        site.tell("garbage cam1")
        small = next(one for one in frames if one.look.size == (160, 90))
        assert damaged.is_set()
        site.kill()
        with pytest.raises(StreamLost):
            list(frames)
    times = [one.stream_s for one in whole if one.stream_s is not None]
    assert [b - a for a, b in itertools.pairwise(times)] == pytest.approx([1 / FPS] * 5, abs=1e-3)
    assert small.stream_s is not None
    assert small.stream_s > times[-1]
    assert {one.look.size for one in whole} == {(320, 180)}


@pytest.mark.slow
def test_frames_come_over_udp(site: RtspSite) -> None:
    """And that they stop is noticed, though a datagram that does not come says nothing."""
    (address,) = parse_cameras([f"cam1={site.cameras['cam1']}"])
    damaged: list[int] = []
    frames = receive(
        address,
        SupervisionConfig(open_s=5, stall_s=1.5, transport="udp"),
        threading.Event(),
        on_open=lambda: None,
        on_packet=lambda: None,
        on_damage=lambda: damaged.append(1),
    )
    with closing(frames):
        times = [one.stream_s for one in itertools.islice(frames, 6) if one.stream_s is not None]
        site.tell("stall cam1")
        begun = time.monotonic()
        with pytest.raises(StreamLost):
            list(frames)
    assert 1 < time.monotonic() - begun < 10
    assert [b - a for a, b in itertools.pairwise(times)] == pytest.approx([1 / FPS] * 5, abs=1e-3)
    assert not damaged


def test_a_damaged_frame_of_a_file_is_counted_and_left_out(tmp_path: Path) -> None:
    """Raw H.264, whose second frame lost its end."""
    units = units_of(write_units(films()["cam3"], tmp_path / "units", shrink=2, most=6))
    film = tmp_path / "film.h264"
    film.write_bytes(
        b"".join(unit[: len(unit) // 3] if place == 1 else unit for place, unit in enumerate(units))
    )
    damaged: list[int] = []
    frames: list[Received] = []
    (address,) = parse_cameras([str(film)])
    with pytest.raises(StreamLost, match="the file has ended"):
        frames.extend(
            receive(
                address,
                SupervisionConfig(),
                threading.Event(),
                on_open=lambda: None,
                on_packet=lambda: None,
                on_damage=lambda: damaged.append(1),
            )
        )
    assert damaged
    assert len(frames) + len(damaged) == 6
    assert len(frames) >= 1


def units_of(path: Path) -> list[bytes]:
    data, units = path.read_bytes()[8:], []
    while data:
        size = int.from_bytes(data[1:5], "big")
        units.append(data[5 : 5 + size])
        data = data[5 + size :]
    return units
