"""By which clock frames are timed: the camera's where it can be believed, without a leap from one to the other."""

from collections.abc import Callable

import numpy as np
import pytest

from reid.live.capture.camera_clock import AHEAD_S, SLEW, STEADY_S, CameraClock
from reid.live.capture.camera_time import CameraTime, CameraTimes
from reid.live.capture.stream_clock import StreamClock

FPS = 10
SITE_S, WALL_S, ZERO_S = 5000.0, 1_700_000_000.0, 40.0  # of the first frame: site's clock, wall clock, stream


class Play:
    """Frames taken evenly, each arriving late by a delay of its own; with every frame the camera tells its time."""

    def __init__(self, kind: str = "rtsp") -> None:
        self.ahead_s = WALL_S - SITE_S  # of the wall clock
        self.clock = CameraClock(kind, lambda: self.ahead_s)  # type: ignore[arg-type]
        self.stream, self.said, self.frame = StreamClock(), CameraTimes("rtcp"), 0
        self.rng = np.random.default_rng(0)

    def run(self, seconds: float, off_s: Callable[[float], float | None]) -> np.ndarray:
        """Error of every frame; `off_s` says how wrong the camera's clock is, None that it sends none."""
        wrong = []
        for _ in range(round(seconds * FPS)):
            taken_s = self.frame / FPS
            arrival_s = SITE_S + taken_s + self.rng.uniform(0.3, 0.5)
            off = off_s(taken_s)
            if off is not None:
                self.said.add(WALL_S - ZERO_S + off, arrival_s)
            told = None if off is None else self.said.at(ZERO_S + taken_s)
            by_arrival_s = self.stream.site_s(ZERO_S + taken_s, arrival_s)
            wrong.append(self.clock.site_s(by_arrival_s, arrival_s, told) - SITE_S - taken_s)
            self.frame += 1
        return np.array(wrong)


def test_frames_are_where_the_camera_says_whatever_the_network_delays() -> None:
    play = Play()
    wrong = play.run(5, lambda at_s: 0.02)
    assert wrong == pytest.approx(0.02, abs=1e-6)
    assert play.clock.state.source == "rtcp"
    assert play.clock.state.offset_s == pytest.approx(0.02 - 0.3, abs=0.02)  # less the least delay
    assert play.clock.lead_s == pytest.approx(0.02 - 0.4, abs=0.11)


def test_without_a_word_of_the_camera_arrivals_count() -> None:
    play = Play()
    wrong = play.run(5, lambda at_s: None)
    assert wrong[FPS:].min() >= 0.3
    assert wrong[FPS:].max() < 0.35
    assert (play.clock.state.source, play.clock.state.offset_s, play.clock.lead_s) == ("arrival", None, 0)


def test_the_first_report_moves_times_slowly_and_steadily() -> None:
    play = Play()
    play.run(3, lambda at_s: None)
    wrong = play.run(10, lambda at_s: 0.0)
    steps = np.diff(wrong)
    assert wrong[0] == pytest.approx(0.3, abs=0.2)
    assert steps.min() > -SLEW / FPS - 1e-3  # arrivals by which time passes are exact to that
    assert wrong[-1] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("off_s", "why"),
    [
        (0.6 + AHEAD_S, "its clock is 1.3 s ahead of this machine's"),
        (7200.3, "its clock is 2:00:00 ahead of this machine's"),
        (-29.7, "its clock is 30.0 s behind this machine's"),
        (-WALL_S, "its clock is 19675 days, 22:13:20 behind this machine's"),  # never set: 1970
    ],
)
def test_a_clock_that_is_plainly_wrong_is_not_believed(off_s: float, why: str) -> None:
    play = Play()
    wrong = play.run(5, lambda at_s: off_s)
    assert wrong[FPS:].min() >= 0.3
    assert wrong[FPS:].max() < 0.35
    assert play.clock.state.source == "arrival"
    assert play.clock.state.offset_s == pytest.approx(off_s - 0.3, abs=0.03)
    assert play.clock.state.why == why


def test_hls_may_come_late() -> None:
    play = Play("hls")
    assert play.run(5, lambda at_s: -29.7) == pytest.approx(-29.7, abs=1e-6)
    assert play.clock.lead_s == pytest.approx(-30.1, abs=0.11)


def test_a_clock_that_is_set_while_it_runs_is_believed_again_later() -> None:
    play = Play()
    before = play.run(10, lambda at_s: 0.0)
    meanwhile = play.run(STEADY_S - 1, lambda at_s: -3.0)
    assert play.clock.state.why == "its clock was set while it ran"
    after = play.run(40, lambda at_s: -3.0)
    assert play.clock.state.source == "rtcp"
    assert before == pytest.approx(0, abs=1e-6)
    assert meanwhile[-1] == pytest.approx(0.3, abs=0.03)
    assert after[-1] == pytest.approx(-3, abs=1e-6)
    times = np.concatenate([before, meanwhile, after]) + np.arange(play.frame) / FPS
    assert np.diff(times).min() > (1 - SLEW) / FPS - 1e-3


def test_our_clock_that_is_set_back_makes_no_frame_of_the_future() -> None:
    play = Play()
    play.run(5, lambda at_s: 0.0)
    play.ahead_s -= 60
    wrong = play.run(20, lambda at_s: 0.0)
    assert wrong[-1] == pytest.approx(0.3, abs=0.03)
    assert play.clock.state.why == "its clock is 59.7 s ahead of this machine's"
    play.ahead_s += 60
    assert play.run(20, lambda at_s: 0.0)[-1] == pytest.approx(0, abs=1e-6)


def test_times_never_run_back_from_one_connection_to_the_next() -> None:
    play = Play()
    play.run(5, lambda at_s: None)
    last = play.frame - 1
    end_s = play.clock._last_s - SITE_S
    play.clock.begin()
    play.stream = StreamClock()
    wrong = play.run(8, lambda at_s: 0.0)
    assert wrong[0] + (last + 1) / FPS > end_s
    assert wrong[-1] == pytest.approx(0, abs=1e-6)


def test_careless_reports_are_levelled_out() -> None:
    said, rng = CameraTimes("rtcp"), np.random.default_rng(1)
    for second in range(60):
        said.add(WALL_S + rng.normal(0, 0.05), float(second))
    found = said.at(2.0)
    assert found == CameraTime(source="rtcp", at_s=found.at_s, zero_s=found.zero_s, jumps=0)  # type: ignore[union-attr]
    assert found is not None
    assert found.at_s == pytest.approx(WALL_S + 2, abs=0.03)
