"""All cameras of a site, which come and go while it runs.

A camera that is dead, slow or mad costs the others nothing: whatever it does happens in its own thread, and what it
delivers goes through a slot of its own.
"""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from reid.live.capture.address import Address
from reid.live.capture.camera import Camera, CameraSnapshot, LiveFrame
from reid.live.capture.camera_health import State
from reid.live.capture.latest_frames import LatestFrames
from reid.live.clock import SiteClock
from reid.live.config import SupervisionConfig

log = logging.getLogger(__name__)

ENDED = "reid has ended"  # why all cameras are offline then


@dataclass(slots=True, kw_only=True, eq=False)
class Cameras:
    """All cameras of a site; they may come and go while it runs.

    Args:
        on_change: told of every change of a camera's state, by the thread that calls `check`.
        clock: monotonic seconds.
    """

    config: SupervisionConfig
    latest_frames: LatestFrames[LiveFrame]
    on_change: Callable[[CameraSnapshot], None]
    rng: random.Random
    clock: Callable[[], float] = time.monotonic
    site_clock: SiteClock = field(default_factory=SiteClock)
    _cameras: dict[str, Camera] = field(default_factory=dict)
    _told: dict[str, State] = field(default_factory=dict)
    _doubted: set[str] = field(default_factory=set)  # cameras whose clock the log has called wrong

    def add(self, address: Address, *, offset_s: float = 0.0) -> None:
        """Begin to read a camera; ValueError where one of that name is there."""
        if address.camera_id in self._cameras:
            raise ValueError(f"there is a camera called {address.camera_id} already")
        camera = Camera(
            address,
            self.config,
            self.latest_frames,
            offset_s=offset_s,
            rng=self.rng,
            site_clock=self.site_clock,
        )
        self._cameras[address.camera_id] = camera
        camera.start()

    def remove(self, camera_id: str) -> None:
        """Stop reading a camera and forget it, which is told."""
        self._gone(camera_id, "removed")
        self._cameras.pop(camera_id).stop()
        self._told.pop(camera_id, None)
        self._doubted.discard(camera_id)
        self.latest_frames.remove(camera_id)

    def pause(self, camera_id: str, paused: bool) -> None:
        """Take no frames of a camera, or take them again."""
        self._cameras[camera_id].pause(paused)

    @property
    def names(self) -> list[str]:
        """Of all of them."""
        return list(self._cameras)

    def lead_s(self, camera_id: str) -> float:
        """How far the times of one's frames are ahead of the site's clock."""
        return self._cameras[camera_id].lead_s

    @property
    def over(self) -> bool:
        """Whether nothing can come any more: there are some, all of them files that were played to their ends."""
        return bool(self._cameras) and all(camera.over for camera in self._cameras.values())

    def check(self) -> list[CameraSnapshot]:
        """All cameras as they are now; call it about once a second: it tells of changes, and frees what hangs."""
        now_s = self.clock()
        found = []
        for camera_id, camera in list(self._cameras.items()):
            if camera.hangs(now_s):
                log.warning("camera %s: its thread hangs; another one is started", camera_id)
                camera.restart()
            snapshot = camera.snapshot(now_s)
            if snapshot.clock.why and camera_id not in self._doubted:
                self._doubted.add(camera_id)
                log.warning("camera %s: %s; the arrival of its frames counts", camera_id, snapshot.clock.why)
            if self._told.get(camera_id) != snapshot.state:
                self._told[camera_id] = snapshot.state
                self.on_change(snapshot)
            found.append(snapshot)
        return found

    def end(self) -> None:
        """Stop all, and tell it."""
        for camera_id, camera in self._cameras.items():
            self._gone(camera_id, ENDED)
            camera.stop()

    def _gone(self, camera_id: str, why: str) -> None:
        snapshot = self._cameras[camera_id].snapshot(self.clock())
        self.on_change(replace(snapshot, state=State(level="offline", why=why)))

    def stop(self, timeout_s: float) -> list[str]:
        """Stop all; the names of those whose threads did not end in time."""
        until = time.monotonic() + timeout_s
        for camera in self._cameras.values():
            camera.stop()
        return [
            name
            for name, camera in self._cameras.items()
            if not camera.join(max(0.0, until - time.monotonic()))
        ]
