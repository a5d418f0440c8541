"""How many frames of each camera are processed: as many as the machine sustains, evenly, and no more.

Without it the newest would win all the same, but unevenly: what a tracker sees would come in fits.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from reid.live.config import SamplingConfig

WINDOW_S = 10.0  # the machine's rate is of this long
LEAST_FPS = 0.5
STEP = 0.2  # a rate that differs by less is kept: trackers count in frames, and people read the log


@dataclass(slots=True, kw_only=True, eq=False)
class FrameRateController:
    """Set the frame rate of each camera by what rounds of the networks take."""

    config: SamplingConfig
    batch: int  # frames of a round at most
    _rounds: deque[tuple[float, float, int]] = field(default_factory=deque)  # end, seconds, frames
    _fps: float | None = None

    def round(self, now_s: float, seconds: float, frames: int) -> None:
        """One call of the networks, with everything that is done for its frames."""
        self._rounds.append((now_s, seconds, frames))
        while now_s - self._rounds[0][0] > WINDOW_S:
            self._rounds.popleft()

    def fps(self, rates: Sequence[float]) -> float | None:
        """Frames a second of each camera at most, for cameras that deliver `rates`; None: all that come."""
        if sum(seconds for _, seconds, _ in self._rounds) > 0:
            self._set(fair(rates, self.config.load * self._capacity(min(self.batch, len(rates)))))
        own = [fps for fps in (self._fps, self.config.fps) if fps is not None]
        return min(own, default=None)

    def _capacity(self, full: int) -> float:
        """Frames a second in rounds of `full` frames, which is what is waiting where there are too many.

        A round has a cost of its own beside that of its frames, most of all on a GPU: what rounds of fewer frames
        achieve says too little.
        """
        _, seconds, frames = np.array(self._rounds).T
        each = seconds.sum() / frames.sum()
        if full > frames.mean() and np.ptp(frames) > 0:
            slope = max(np.polyfit(frames, seconds, 1)[0], 0.0)
            cost = seconds.mean() + slope * (full - frames.mean())
            each = min(each, max(cost, 1e-9) / full)
        return float(1.0 / each)

    def _set(self, fps: float | None) -> None:
        level = None if fps is None else max(fps, LEAST_FPS)
        if level is None or self._fps is None or abs(level / self._fps - 1) > STEP:
            self._fps = level


def fair(rates: Sequence[float], capacity: float) -> float | None:
    """The level at which cameras of these `rates` are cut off so that they deliver `capacity` in all; None: nowhere.

    Cameras that deliver less than an equal share leave the rest to the others (max-min fairness).
    """
    left = capacity
    for place, rate in enumerate(sorted(rates)):
        share = left / (len(rates) - place)
        if rate > share:
            return share
        left -= rate
    return None
