"""Newest frame wins, fairly, and every frame is counted once."""

import itertools
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.live.capture.latest_frames import LatestFrames

FOREVER = {"timeout_s": 0.0, "max_age_s": float("inf")}


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_newer_frame_replaces_one_that_nobody_took() -> None:
    latest_frames = LatestFrames[int]()
    for frame in range(5):
        latest_frames.offer("a", frame)
    assert latest_frames.take(8, **FOREVER) == [("a", 4)]
    assert latest_frames.take(8, **FOREVER) == []
    counts = latest_frames.counts("a")
    assert (counts.offered, counts.taken, counts.dropped) == (5, 1, {"newer": 4})


def test_a_fast_camera_does_not_starve_a_slow_one() -> None:
    latest_frames = LatestFrames[int]()
    served = []
    for frame in range(30):
        latest_frames.offer("fast", frame)
        if frame % 3 == 0:
            latest_frames.offer("slow", frame)
            latest_frames.offer("third", frame)
        served += [camera for camera, _ in latest_frames.take(1, **FOREVER)]
    assert {name: served.count(name) for name in ("fast", "slow", "third")} == {
        "fast": 10,
        "slow": 10,
        "third": 10,
    }


def test_old_frames_are_dropped() -> None:
    clock = Time()
    latest_frames = LatestFrames[int](clock=clock)
    latest_frames.offer("a", 1)
    clock.now = 0.5
    latest_frames.offer("b", 2)
    clock.now = 1.2
    assert latest_frames.take(8, timeout_s=0, max_age_s=1.0) == [("b", 2)]
    assert latest_frames.counts("a").dropped == {"old": 1}


@pytest.mark.parametrize(
    ("arrives", "asked", "passes"), [(25, 10, 10), (25, 25, 25), (12, 5, 5), (10, 20, 10), (30, 0.5, 0.5)]
)
@pytest.mark.parametrize("jitter", [0.0, 0.3])
def test_sampling_is_even(arrives: float, asked: float, passes: float, jitter: float) -> None:
    clock = Time()
    latest_frames = LatestFrames[int](clock=clock)
    latest_frames.sample("a", asked)
    times = []
    for frame in range(int(60 * arrives)):
        clock.now = (frame + jitter * (frame * 7 % 5 - 2) / 5) / arrives
        latest_frames.offer("a", frame)
        if latest_frames.take(1, **FOREVER):
            times.append(clock.now)
    assert len(times) / 60 == pytest.approx(passes, rel=0.06, abs=0.02)
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert max(gaps) <= 1 / passes + 1.5 / arrives
    counts = latest_frames.counts("a")
    assert counts.offered == counts.taken + sum(counts.dropped.values())


def test_after_a_break_the_missed_ones_are_not_made_up_for() -> None:
    clock = Time()
    latest_frames = LatestFrames[int](clock=clock)
    latest_frames.sample("a", 1.0)
    latest_frames.offer("a", 0)
    latest_frames.take(1, **FOREVER)
    for step in range(20):
        clock.now = 100 + step / 10
        latest_frames.offer("a", step)
    assert latest_frames.counts("a").dropped["sampling"] >= 16


def test_pausing_and_removing() -> None:
    latest_frames = LatestFrames[int]()
    latest_frames.offer("a", 1)
    latest_frames.pause("a", True)
    latest_frames.offer("a", 2)
    assert latest_frames.take(1, **FOREVER) == []
    assert latest_frames.counts("a").dropped == {"paused": 2}
    latest_frames.pause("a", False)
    latest_frames.offer("a", 3)
    assert latest_frames.take(1, **FOREVER) == [("a", 3)]
    latest_frames.remove("a")
    assert latest_frames.counts("a").offered == 0


def test_waiting_ends_with_a_frame_or_with_the_end() -> None:
    latest_frames = LatestFrames[int]()
    threading.Timer(0.05, latest_frames.offer, ("a", 1)).start()
    assert latest_frames.take(1, timeout_s=10, max_age_s=10) == [("a", 1)]
    threading.Timer(0.05, latest_frames.close).start()
    assert latest_frames.take(1, timeout_s=10, max_age_s=10) == []


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.booleans(), st.integers(1, 4)), max_size=80))
def test_every_frame_is_counted_once(steps: list[tuple[str, bool, int]]) -> None:
    latest_frames = LatestFrames[int]()
    for number, (camera, take, most) in enumerate(steps):
        latest_frames.offer(camera, number)
        if take:
            assert len(latest_frames.take(most, **FOREVER)) <= most
    waiting = dict(latest_frames.take(4, **FOREVER))
    for camera in "abcd":
        counts = latest_frames.counts(camera)
        mine = [number for number, (name, _, _) in enumerate(steps) if name == camera]
        assert counts.offered == len(mine) == counts.taken + sum(counts.dropped.values())
        assert camera not in waiting or waiting[camera] == mine[-1]
