"""Health of the site, for supervisors that restart programs."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reid.live.views.site_state import SiteState

STALE_S = 15.0  # without a frame processed


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Health at one moment."""

    why: str  # one sentence; empty where all is well
    cameras: dict[str, dict[str, str]]  # level and why
    troubles: dict[str, str]  # what else does not work
    notices: dict[str, str]  # what works, and wants a person's eye

    def content(self) -> dict[str, Any]:
        """Fields of `HealthAnswer`."""
        return {"ok": not self.why, "why": self.why, "cameras": self.cameras} | {
            "troubles": self.troubles,
            "notices": self.notices,
        }


class Watch:
    """Health check: reads the site state when asked, and remembers when frames were last processed.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, site_state: SiteState, clock: Callable[[], float] = time.monotonic) -> None:
        self._site_state, self._clock = site_state, clock
        self._lock = threading.Lock()
        self._taken: dict[str, int] = {}
        self._taken_s = clock()

    def look(self) -> Condition:
        """Check the site: a camera delivers, frames were processed lately, and events can be written."""
        cameras = self._site_state.cameras()
        taken = {one.snapshot.camera_id: one.counts.taken for one in cameras}
        now_s = self._clock()
        with self._lock:
            if taken != self._taken and any(taken.values()):
                self._taken_s = now_s
            self._taken = taken
            stale = now_s - self._taken_s > STALE_S
        states = {one.snapshot.camera_id: one.snapshot.state for one in cameras}
        levels = {state.level for state in states.values()}
        troubles = self._site_state.troubles()
        if troubles:
            why = "; ".join(troubles.values())
        elif not cameras:
            why = "there are no cameras"
        elif levels == {"paused"}:
            why = ""  # as a user wished
        elif not levels & {"online", "degraded"}:
            why = "no camera delivers" + (" yet" if "connecting" in levels else "")
        elif not any(taken.values()):
            why = "no frame has been processed yet"
        elif stale:
            why = f"no frame has been processed for {STALE_S:g} s"
        else:
            why = ""
        shown = {name: {"level": state.level, "why": state.why} for name, state in states.items()}
        return Condition(why=why, cameras=shown, troubles=troubles, notices=self._site_state.notices())
