"""How many frames are processed: as many as can be, shared fairly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.live.capture.frame_rate import LEAST_FPS, WINDOW_S, FrameRateController, fair
from reid.live.config import SamplingConfig

RATES = st.lists(st.floats(0.1, 60), max_size=8)


def water(rates: list[float], capacity: float) -> float | None:
    """The same level by trying: the highest at which what is let through is no more than the capacity."""
    if sum(rates) <= capacity:
        return None
    low, high = 0.0, max(rates)
    for _ in range(100):
        level = (low + high) / 2
        low, high = (level, high) if sum(min(rate, level) for rate in rates) <= capacity else (low, level)
    return low


@given(RATES, st.floats(0.1, 200))
def test_the_level_uses_the_capacity_and_no_more(rates: list[float], capacity: float) -> None:
    level, expected = fair(rates, capacity), water(rates, capacity)
    assert (level is None) == (expected is None)
    if level is not None and expected is not None:
        assert level == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("rates", "capacity", "level"),
    [([], 10, None), ([25, 25], 60, None), ([25, 25], 20, 10), ([25, 2], 20, 18), ([5, 5, 5], 15, None)],
)
def test_examples(rates: list[float], capacity: float, level: float | None) -> None:
    assert fair(rates, capacity) == level


def paced(seconds_a_frame: float, config: SamplingConfig, rates: list[float]) -> float | None:
    frame_rate, now = FrameRateController(config=config, batch=8), 0.0
    for _ in range(100):
        now += 2 * seconds_a_frame
        frame_rate.round(now, 2 * seconds_a_frame, 2)
    return frame_rate.fps(rates)


def test_a_slow_machine_takes_its_share_of_the_rate_it_has() -> None:
    config = SamplingConfig(load=0.8)
    assert paced(0.05, config, [25, 25, 25, 25]) == pytest.approx(0.8 * 20 / 4)
    assert paced(0.001, config, [25, 25]) is None
    assert paced(0.001, SamplingConfig(fps=6), [25, 25]) == 6
    assert paced(0.05, SamplingConfig(fps=3, load=0.8), [25] * 4) == 3


def watched(cameras: int, fps: float, fixed_s: float, each_s: float) -> tuple[float | None, float]:
    """Two minutes of a machine whose rounds cost that much; the level at the end, and frames a second before."""
    frame_rate, rng, rates = (
        FrameRateController(config=SamplingConfig(), batch=8),
        np.random.default_rng(0),
        [fps] * cameras,
    )
    level, now, next_s, taken = None, 0.0, 0.0, 0
    come = rng.uniform(0, 1 / fps, cameras)  # when each camera's next frame comes
    due, waiting = np.zeros(cameras), np.zeros(cameras, dtype=bool)
    while now < 120:
        for camera in range(cameras):
            while come[camera] <= now:
                if level is None or come[camera] >= due[camera]:
                    waiting[camera] = True
                    due[camera] = max(due[camera], come[camera] - 1 / fps) + (
                        0 if level is None else 1 / level
                    )
                come[camera] += 1 / fps
        frames = int(waiting.sum())
        seconds = fixed_s + each_s * frames if frames else 0.001
        waiting[:] = False
        now += seconds
        if frames:
            frame_rate.round(now, seconds, frames)
        taken += frames if now > 60 else 0
        if now >= next_s:
            level, next_s = frame_rate.fps(rates), now + 1
    return level, taken / 60


def test_a_machine_that_gains_by_large_rounds_is_used() -> None:
    level, rate = watched(8, 25, fixed_s=0.020, each_s=0.00125)
    assert level is None, "266 a second are possible, 200 come"
    assert rate == pytest.approx(200, rel=0.1)
    level, rate = watched(8, 25, fixed_s=0.005, each_s=0.005)
    assert level == pytest.approx(0.9 * 8 / 0.045 / 8, rel=0.2)
    level, rate = watched(3, 12, fixed_s=0.0, each_s=0.04)
    assert level == pytest.approx(0.9 * 25 / 3, rel=0.2)


def test_before_the_first_round_everything_may_come() -> None:
    assert FrameRateController(config=SamplingConfig(), batch=8).fps([25]) is None
    assert FrameRateController(config=SamplingConfig(fps=7), batch=8).fps([25]) == 7


def test_small_differences_change_nothing_and_old_rounds_do_not_count() -> None:
    frame_rate = FrameRateController(config=SamplingConfig(load=1), batch=8)
    frame_rate.round(0, 1.0, 10)
    assert frame_rate.fps([25, 25]) == 5
    frame_rate.round(1, 1.0, 11)
    assert frame_rate.fps([25, 25]) == 5
    frame_rate.round(1 + 2 * WINDOW_S, 1.0, 20)
    assert frame_rate.fps([25, 25]) == 10
    frame_rate.round(1 + 4 * WINDOW_S, 100.0, 1)
    assert frame_rate.fps([25, 25]) == LEAST_FPS


def test_work_of_the_random_kind_settles() -> None:
    rng, frame_rate, seen = (
        np.random.default_rng(0),
        FrameRateController(config=SamplingConfig(), batch=8),
        set(),
    )
    for step in range(300):
        seconds = float(rng.uniform(0.08, 0.12))
        frame_rate.round(step * 0.1, seconds, 2)
        seen.add(frame_rate.fps([15, 15, 15]))
    assert len(seen) <= 3
