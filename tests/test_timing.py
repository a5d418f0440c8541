"""Where the seconds go, with a clock that is passed in."""

from collections.abc import Iterator

import pytest

from reid import timing
from reid.timing import Stopwatch


class Clock:
    """Stands still but when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timing, "time", clock)
    return clock


def test_stages_add_up(clock: Clock) -> None:
    watch = Stopwatch()
    for seconds in (1, 2):
        with watch.stage("detect"):
            clock.now += seconds
        clock.now += 100  # in no stage
    with watch.stage("embed"):
        clock.now += 4
    assert watch.seconds == {"detect": 3, "embed": 4}


def test_time_before_a_failure_counts(clock: Clock) -> None:
    watch = Stopwatch()

    def fail() -> None:
        with watch.stage("detect"):
            clock.now += 1
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert watch.seconds == {"detect": 1}


@pytest.mark.parametrize("count", [0, 1, 6, 7])
def test_groups(clock: Clock, count: int) -> None:
    def items() -> Iterator[int]:
        for number in range(count):
            clock.now += 1
            yield number

    watch, groups = Stopwatch(), []
    for group in watch.groups("read", items(), 3):
        clock.now += 10  # the work on a group is not reading
        groups.append(group)
    assert [number for group in groups for number in group] == list(range(count))
    assert all(len(group) == 3 for group in groups[:-1])
    assert all(groups)
    assert watch.seconds == {"read": count}


def test_groups_read_no_further_than_asked() -> None:
    numbers = iter(range(10))
    first = next(Stopwatch().groups("read", numbers, 3))
    assert first == [0, 1, 2]
    assert next(numbers) == 3
