"""Stream time to wall clock: exact between frames, whatever the network delays."""

import numpy as np
import pytest

from reid.live.capture.stream_clock import JUMP_S, StreamClock

FPS = 25
BEGIN = 1_700_000_000.0


def play(
    seconds: float, delays: np.ndarray, *, drift: float = 0.0
) -> tuple[StreamClock, np.ndarray, np.ndarray]:
    """Frames taken at a steady rate, each arriving late by its delay; true and told times."""
    clock = StreamClock()
    taken = np.arange(int(seconds * FPS)) / FPS
    told = [
        clock.site_s(37.0 + one * (1 - drift), BEGIN + one + late)
        for one, late in zip(taken, np.resize(delays, len(taken)), strict=True)
    ]
    return clock, BEGIN + taken, np.array(told)


def test_jitter_is_gone_after_the_first_prompt_frame() -> None:
    delays = np.random.default_rng(0).uniform(0.05, 0.4, 5000)
    _, taken, told = play(200, delays)
    late = (told - taken)[FPS * 10 :]
    assert late.min() >= 0.05 - 1e-6
    assert late.max() < 0.06  # while arrivals vary by .35 s
    assert np.allclose(np.diff(told)[FPS * 10 :], 1 / FPS, atol=0.01)


def test_a_burst_after_a_hold_up_keeps_its_times() -> None:
    """Three seconds that arrive at once belong to the three seconds in which they were taken."""
    taken = np.arange(20 * FPS) / FPS
    delays = np.where((taken > 10) & (taken < 13), 13 - taken, 0.0)
    _, true, told = play(20, delays)
    assert np.abs(told - true).max() < 0.002


def test_a_drifting_clock_is_followed_and_measured() -> None:
    drift = 2e-4  # a cheap camera loses .7 s in an hour
    clock, taken, told = play(1200, np.array([0.0, 0.02, 0.01]), drift=drift)
    assert clock.drift == pytest.approx(drift, rel=0.15)
    assert np.abs(told - taken).max() < 0.05


def test_a_new_origin_is_taken_up_at_once() -> None:
    clock = StreamClock()
    for frame in range(100):
        clock.site_s(frame / FPS, BEGIN + frame / FPS)
    for stream_s in (1e6, 5.0):  # forwards, as after a restart of the sender, and backwards
        assert clock.site_s(stream_s, BEGIN + 4.0 + stream_s / 1e9) == pytest.approx(BEGIN + 4.0, abs=0.01)
    assert clock.jumps == 2
    assert JUMP_S < 1e6


def test_no_stream_times_and_times_that_stand_still() -> None:
    clock = StreamClock()
    assert clock.site_s(None, BEGIN) == BEGIN
    assert clock.site_s(None, BEGIN + 1) == BEGIN + 1
    arrivals = BEGIN + 2 + np.arange(1000) / 10
    times = [clock.site_s(10.0, arrival) for arrival in arrivals]  # as some senders do
    assert np.allclose(times, arrivals, atol=0.002)
    assert np.all(np.diff(times) > 0)
    assert clock.drift == 0.0


def test_how_far_frames_are_behind() -> None:
    clock = StreamClock()
    for frame in range(50):
        clock.site_s(frame / FPS, BEGIN + frame / FPS)
    assert clock.behind_s == pytest.approx(0, abs=1e-6)
    clock.site_s(50 / FPS, BEGIN + 50 / FPS + 0.7)
    assert clock.behind_s == pytest.approx(0.7, abs=1e-3)
    clock.site_s(None, BEGIN + 10)
    assert clock.behind_s == 0
