"""Frames at their own speed, however they can be had, and what is read ahead."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from reid.live.capture.playback import JUMP_S, Ahead, Playback


class Player:
    """A playback whose time passes only where it waits, or a test says so."""

    def __init__(self, frame_s: float = 0.04, late_s: float = 0.1, speed: float = 1.0) -> None:
        self.now = 500.0
        self.playback = Playback(
            frame_s=frame_s, late_s=late_s, speed=speed, wait=self.wait, clock=lambda: self.now
        )

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def given(self, *stream_s: float | None) -> list[float]:
        """Seconds from 500 at which the frames are given out."""
        found = []
        for one in stream_s:
            self.playback.hold(one)
            found.append(round(self.now - 500, 3))
        return found


def test_frames_keep_their_distances() -> None:
    assert Player().given(37.0, 37.04, 37.08, 38.0) == [0, 0.04, 0.08, 1.0]


def test_a_faster_speed() -> None:
    assert Player(speed=2.0).given(37.0, 37.04, 38.0) == [0, 0.02, 0.5]


def test_frames_without_times_come_at_the_rate() -> None:
    player = Player(frame_s=0.5)
    assert player.given(None, None, None) == [0, 0.5, 1.0]
    assert player.playback.hold(None) == 1.5  # the time that is made up


def test_a_little_late_is_caught_up_and_more_shifts_what_follows() -> None:
    player = Player(late_s=0.1)
    player.given(0.0)
    player.now += 0.13
    assert player.given(0.04, 0.08, 0.12, 0.16) == [0.13, 0.13, 0.13, 0.16]
    player.now += 1.0
    assert player.given(0.20, 0.24, 0.28) == [1.16, 1.2, 1.24]


@pytest.mark.parametrize("origin", [1e6, -1e6, JUMP_S + 1])
def test_a_new_origin_costs_no_wait(origin: float) -> None:
    player = Player()
    assert player.given(0.0, 0.04, origin, origin + 0.04) == [0, 0.04, 0.04, 0.08]


def ahead(source: Iterator[int], most: int = 3) -> tuple[Ahead[int], threading.Event, threading.Event]:
    """With what stops it, and what tells that it was closed."""
    stop, closed = threading.Event(), threading.Event()
    return Ahead(source, most=most, close=closed.set, stop=stop), stop, closed


def test_everything_comes_in_order_though_read_ahead() -> None:
    begun = list[int]()
    items, _, closed = ahead(begun.append(one) or one for one in range(20))  # type: ignore[func-returns-value]
    with closing(items):
        taken = iter(items)
        assert next(taken) == 0
        time.sleep(0.1)
        assert 4 <= len(begun) <= 5  # three wait, and one is held
        assert [*taken] == list(range(1, 20))
        assert not closed.is_set()  # what was taken may be in use
    assert closed.wait(1)


def test_an_error_comes_after_what_came_before_it() -> None:
    def source() -> Iterator[int]:
        yield from (1, 2)
        raise OSError("cut")

    items, _, closed = ahead(source())
    taken = list[int]()
    with closing(items), pytest.raises(OSError, match="cut"):
        taken.extend(items)
    assert taken == [1, 2]
    assert closed.wait(1)


def test_neither_stopping_nor_closing_waits_for_a_source_that_hangs() -> None:
    hangs = threading.Event()

    def source() -> Iterator[int]:
        yield 1
        hangs.wait(10)

    items, stop, closed = ahead(source())
    begun = time.monotonic()
    with closing(items):
        taken = iter(items)
        assert next(taken) == 1
        threading.Timer(0.1, stop.set).start()
        assert next(taken, None) is None
    assert time.monotonic() - begun < 1
    assert not closed.is_set()  # a source must not lose what it reads from
    hangs.set()
    assert closed.wait(1)


def test_one_that_was_never_begun_is_closed_too() -> None:
    items, _, closed = ahead(itertools.count())
    items.close()
    assert closed.is_set()
