"""One live camera: a thread that opens, reads, and opens again until it is told to stop."""

import logging
import math
import random
import threading
import time
from contextlib import closing
from dataclasses import dataclass, replace

from reid.live.capture.address import Address
from reid.live.capture.camera_clock import CameraClock, ClockState
from reid.live.capture.camera_health import CameraHealth, Faults, State
from reid.live.capture.connection import Stalled, StreamLost
from reid.live.capture.latest_frames import LatestFrames
from reid.live.capture.stream import FileEnded, Received, receive
from reid.live.capture.stream_clock import StreamClock
from reid.live.clock import SiteClock
from reid.live.config import SupervisionConfig
from reid.types import Frame

log = logging.getLogger(__name__)

_HUNG_S = 10.0  # beyond its time-outs, after which a thread in a library counts as lost
_JITTER = 0.3  # share by which waits differ, so that twenty cameras behind one switch do not return at once


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LiveFrame:
    """A decoded frame that waits to be converted."""

    camera_id: str
    index: int
    timestamp_s: float  # site's clock
    changed: bool  # size or codec differ from the frame's before it in the stream
    received: Received

    @property
    def decoded_s(self) -> float:
        """On the monotonic clock."""
        return self.received.decoded_s

    def frame(self) -> Frame:
        """Converted."""
        return Frame(
            camera_id=self.camera_id,
            index=self.index,
            timestamp_s=self.timestamp_s,
            image=self.received.image(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSnapshot:
    """A camera at one moment, for people and for programs that watch."""

    camera_id: str
    url: str  # without credentials
    state: State
    fps: float
    size: tuple[int, int] | None
    codec: str | None
    connects: int
    faults: Faults
    drift: float  # seconds that its clock loses in a second
    behind_s: float  # how long after its time the last frame came
    clock: ClockState


class Camera:
    """One camera's thread.

    Args:
        offset_s: added to its times, against a clock that is off.
        rng: of the waits.
    """

    def __init__(
        self,
        address: Address,
        config: SupervisionConfig,
        latest_frames: LatestFrames[LiveFrame],
        *,
        offset_s: float = 0.0,
        rng: random.Random,
        site_clock: SiteClock | None = None,
    ) -> None:
        self.address, self._site_clock = address, site_clock or SiteClock()
        self._config, self._latest_frames, self._rng = _limits(address, config), latest_frames, rng
        self.offset_s = offset_s
        self._lock = threading.Lock()
        self._health = CameraHealth(config=self._config)
        self._clock = StreamClock()
        self._camera_clock = CameraClock(address.kind, lambda: self._site_clock.wall_s(0.0))
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._beat_s = 0.0
        self._index = 0

    def start(self) -> None:
        """Begin, in a thread of its own; also after a thread that hangs in a library was given up."""
        self._stop = threading.Event()
        self._beat_s = time.monotonic()
        name = f"camera {self.address.camera_id}"
        self._thread = threading.Thread(target=self._run, args=(self._stop,), name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; it may be waiting for its camera."""
        self._stop.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread; whether it has ended."""
        if self._thread is not None:
            self._thread.join(timeout_s)
            return not self._thread.is_alive()
        return True

    def pause(self, paused: bool) -> None:
        """Take no frames of it, or take them again; the connection stays."""
        with self._lock:
            self._health.paused(paused)
        self._latest_frames.pause(self.address.camera_id, paused)

    @property
    def over(self) -> bool:
        """Whether it is a file that was played to its end."""
        return self.address.kind == "file" and self._thread is not None and not self._thread.is_alive()

    def hangs(self, now_s: float) -> bool:
        """Whether its thread is stuck beyond every time-out."""
        patience = self._config.open_s + self._config.stall_s + _HUNG_S
        alive = self._thread is not None and self._thread.is_alive()
        return alive and not self._stop.is_set() and now_s - self._beat_s > patience

    def restart(self) -> None:
        """Give up a thread that hangs, and begin again with another."""
        self._stop.set()  # should it ever come back, it ends
        with self._lock:
            self._health.lost("its thread hung in a library and was given up")
        self.start()

    def snapshot(self, now_s: float) -> CameraSnapshot:
        """The camera at this moment."""
        with self._lock:
            health, look = self._health, self._health.look
            return CameraSnapshot(
                camera_id=self.address.camera_id,
                url=self.address.shown,
                state=health.state(now_s),
                fps=health.fps(now_s),
                size=None if look is None else look.size,
                codec=None if look is None else look.codec,
                connects=health.connects,
                faults=replace(health.faults),
                drift=self._clock.drift,
                behind_s=self._clock.behind_s,
                clock=self._camera_clock.state,
            )

    @property
    def lead_s(self) -> float:
        """How far the times of its frames are ahead of the site's clock."""
        with self._lock:
            return self._camera_clock.lead_s + self.offset_s

    def _run(self, stop: threading.Event) -> None:
        wait_s = self._config.first_wait_s
        while not stop.is_set():
            lost = StreamLost("stopped")
            try:
                self._connection(stop)
            except StreamLost as error:
                lost = error
            except Exception:  # a bug in one camera's path must neither stop it for ever nor the others
                log.exception("camera %s", self.address.camera_id)
                lost = StreamLost("an error in reid; the log has it")
            if stop.is_set():
                return
            with self._lock:
                steady = self._health.steady()
                self._health.lost(str(lost), stalled=isinstance(lost, Stalled))
            log.info("camera %s: %s", self.address.camera_id, lost)
            if isinstance(lost, FileEnded):
                return
            wait_s = self._config.first_wait_s if steady else wait_s
            jitter = self._rng.uniform(1 - _JITTER, 1 + _JITTER)
            self._rest(stop, min(wait_s * jitter, self._config.longest_wait_s))
            wait_s = min(2 * wait_s, self._config.longest_wait_s)

    def _rest(self, stop: threading.Event, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not stop.is_set() and (left := until - time.monotonic()) > 0:
            self._beat_s = time.monotonic()
            stop.wait(min(left, 1.0))

    def _connection(self, stop: threading.Event) -> None:
        """Read until `stop` is set; StreamLost where the connection is lost before."""
        with self._lock:
            self._clock = StreamClock()
            self._camera_clock.begin()
        self._beat_s = time.monotonic()
        frames = receive(
            self.address,
            self._config,
            stop,
            on_open=self._opened,
            on_packet=self._packet,
            on_damage=self._damaged,
        )
        with closing(frames):
            for received in frames:
                if stop.is_set():
                    return
                self._take(received)

    def _take(self, received: Received) -> None:
        with self._lock:  # the clock too, of which snapshots are taken
            changed = self._health.frame(received.decoded_s, received.look)
            jumps, arrival_s = self._clock.jumps, self._site_clock.at(received.decoded_s)
            by_arrival_s = self._clock.site_s(received.stream_s, arrival_s)
            taken_s = self._camera_clock.site_s(by_arrival_s, arrival_s, received.camera_time)
            if self._clock.jumps > jumps:
                self._health.jumped()
            self._index += 1
        camera_id = self.address.camera_id
        self._latest_frames.offer(
            camera_id,
            LiveFrame(
                camera_id=camera_id,
                index=self._index - 1,
                timestamp_s=taken_s + self.offset_s,
                changed=changed,
                received=received,
            ),
        )

    def _packet(self) -> None:
        """Something came; StreamLost where the connection is no good all the same."""
        self._beat_s = time.monotonic()
        with self._lock:
            why = self._health.must_reconnect(self._beat_s)
        if why is not None:
            raise StreamLost(why)

    def _opened(self) -> None:
        with self._lock:
            self._health.connected(time.monotonic())

    def _damaged(self) -> None:
        with self._lock:
            self._health.damaged()


def _limits(address: Address, config: SupervisionConfig) -> SupervisionConfig:
    """What holds for this kind of camera."""
    if address.kind == "hls":  # a segment may still be coming
        return config.model_copy(update={"stall_s": max(config.stall_s, config.hls_stall_s)})
    if address.kind == "file":  # shows what it shows; opened again, it would begin anew, for ever
        return config.model_copy(update={"frozen_s": math.inf})
    return config
