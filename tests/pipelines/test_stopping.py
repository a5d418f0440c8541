"""Signals wait for a safe place, and then do what they always do."""

import io
import os
import signal

import pytest

from pipelines.progress import Progress, reporter
from pipelines.stopping import stopping_gently


@pytest.fixture
def progress() -> Progress:
    return reporter(out=io.StringIO(), err=io.StringIO())


def test_the_first_signal_is_only_noted_until_the_block_ends(progress: Progress) -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), stopping_gently(progress, "stopping") as stop:  # noqa: PT012
        assert not stop()
        os.kill(os.getpid(), signal.SIGINT)
        done.append(stop())
    assert done == [True]


def test_the_second_takes_effect_at_once(progress: Progress) -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), stopping_gently(progress, "stopping") as stop:  # noqa: PT012
        os.kill(os.getpid(), signal.SIGINT)
        assert stop()
        os.kill(os.getpid(), signal.SIGINT)
        done.append("never")
    assert done == []


def test_without_a_signal_everything_is_as_before(progress: Progress) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stopping_gently(progress, "stopping") as stop:
        assert not stop()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_an_error_inside_is_not_hidden_by_a_signal(progress: Progress) -> None:
    with pytest.raises(ValueError, match="inside"), stopping_gently(progress, "stopping"):  # noqa: PT012
        os.kill(os.getpid(), signal.SIGINT)
        raise ValueError("inside")
