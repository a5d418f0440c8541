"""What is wrong with a camera, told from what it delivers and when."""

from reid.live.capture.camera_health import CameraHealth, FrameLook, State
from reid.live.config import SupervisionConfig

CONFIG = SupervisionConfig(stall_s=5, frozen_s=30, slow_share=0.5, steady_s=10)
ONLINE = State(level="online", why="")


def look(fingerprint: int, size: tuple[int, int] = (640, 360), codec: str = "h264") -> FrameLook:
    return FrameLook(size=size, codec=codec, fingerprint=fingerprint)


def play(health: CameraHealth, begin: float, end: float, fps: float = 10.0, same: bool = False) -> float:
    """Frames from begin to end; the time of the last one."""
    steps = int((end - begin) * fps)
    for step in range(steps):
        health.frame(begin + step / fps, look(7 if same else int(begin * 1000) + step))
    return begin + (steps - 1) / fps


def running() -> CameraHealth:
    health = CameraHealth(config=CONFIG)
    health.connected(0.0)
    play(health, 0.01, 20.0)
    return health


def test_from_nothing_to_online_and_back() -> None:
    health = CameraHealth(config=CONFIG)
    assert health.state(0.0) == State(level="connecting", why="")
    health.lost("connection refused")
    assert health.state(1.0) == State(level="offline", why="connection refused")
    assert health.faults.disconnects == 0  # there was no connection to lose
    health.connected(2.0)
    assert health.state(2.0).level == "offline"
    health.frame(2.1, look(1))
    assert health.state(2.1) == ONLINE
    assert not health.steady()
    play(health, 2.2, 15)
    assert health.steady()
    health.lost("the stream ended")
    assert health.state(15.1) == State(level="offline", why="the stream ended")
    assert (health.faults.disconnects, health.connects) == (1, 1)
    assert health.must_reconnect(1000.0) is None


def test_a_healthy_camera_is_never_offline_at_its_start() -> None:
    health = CameraHealth(config=CONFIG)
    levels = [health.state(0.0).level]
    health.connected(1.0)
    levels.append(health.state(1.0).level)
    health.frame(1.1, look(1))
    assert [*levels, health.state(1.1).level] == ["connecting", "connecting", "online"]


def test_frames_that_stop() -> None:
    health = running()
    assert health.state(21.0) == ONLINE
    assert health.state(23.0) == State(level="degraded", why="frames stopped coming")
    assert health.must_reconnect(24.0) is None
    assert health.must_reconnect(25.2) == "no frame for 5 s"
    assert health.faults.stalls == 1


def test_a_connection_without_any_frame() -> None:
    health = CameraHealth(config=CONFIG)
    health.connected(0.0)
    assert health.must_reconnect(4.9) is None
    assert health.must_reconnect(5.1) == "no frame for 5 s"


def test_a_frame_that_stands_still_costs_one_reconnect() -> None:
    health = running()
    play(health, 20.0, 51.0, same=True)
    assert health.state(51.0) == State(level="degraded", why="the frame stands still")
    assert health.must_reconnect(51.0) == "the same frame for 30 s"
    health.lost("the same frame for 30 s")
    health.connected(52.0)
    play(health, 52.1, 120.0, same=True)  # the same again: a wall at night
    assert health.must_reconnect(120.0) is None
    assert health.state(120.0).level == "degraded"
    play(health, 120.0, 121.0)
    assert health.state(121.0) == ONLINE
    play(health, 121.0, 153.0, same=True)
    assert health.must_reconnect(153.0) is not None  # another freeze
    assert health.faults.freezes == 2


def test_a_slow_camera_is_degraded_until_it_is_not() -> None:
    health = running()
    last = play(health, 20.0, 35.0, fps=3.0)
    assert health.fps(last) < 3.5
    assert health.state(last) == State(level="degraded", why="slower than its usual 10 frames a second")
    last = play(health, 35.0, 50.0)
    assert health.state(last) == ONLINE


def test_a_new_connection_is_not_slow_before_it_was_counted() -> None:
    health = running()
    health.lost("the stream ended")
    health.connected(30.0)
    last = play(health, 30.1, 31.0)
    assert health.state(last) == ONLINE


def test_changes_are_counted() -> None:
    health = running()
    assert not health.frame(20.0, look(1))
    assert health.frame(20.1, look(2, size=(1280, 720)))
    assert not health.frame(20.2, look(3, size=(1280, 720)))
    assert health.frame(20.3, look(4, size=(1280, 720), codec="hevc"))
    assert health.faults.changes == 2


def test_pausing() -> None:
    health = running()
    health.paused(True)
    assert health.state(20.0).level == "paused"
    health.paused(False)
    assert health.state(20.0) == ONLINE


def test_a_rate_that_stays_becomes_the_usual_one() -> None:
    """At night a camera takes fewer frames than by day."""
    health = CameraHealth(config=CONFIG)
    health.connected(0.0)
    play(health, 0.01, 60.0, fps=25)
    last = play(health, 60.0, 90.0, fps=10)
    assert health.state(last) == State(level="degraded", why="slower than its usual 23 frames a second")
    last = play(health, 90.0, 360.0, fps=10)
    assert health.state(last) == ONLINE
    play(health, 360.0, 900.0, fps=10)
    last = play(health, 900.0, 920.0, fps=25)
    assert health.state(last) == State(level="degraded", why="faster than its usual 11 frames a second")
    last = play(health, 920.0, 1200.0, fps=25)
    assert health.state(last) == ONLINE
    assert health.faults.rates == 2


def test_a_rate_at_the_limit_is_told_once() -> None:
    health = running()
    for second in range(20, 80, 4):
        play(health, second, second + 4, fps=5.5 if second % 8 else 4.5)
    assert health.faults.rates == 1


def test_a_loss_counts_once_under_its_cause() -> None:
    health = running()
    assert health.must_reconnect(26.0) is not None
    health.lost("no frame for 5 s")
    assert (health.faults.stalls, health.faults.disconnects) == (1, 0)
    health.connected(30.0)
    health.lost("nothing came for 5 s", stalled=True)
    assert (health.faults.stalls, health.faults.disconnects) == (2, 0)
    health.lost("it does not answer", stalled=True)  # there was no connection
    assert (health.faults.stalls, health.faults.disconnects) == (2, 0)
    health.connected(40.0)
    health.lost("the stream ended")
    assert (health.faults.stalls, health.faults.disconnects) == (2, 1)
