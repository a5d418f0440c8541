"""Boxes of the people in one camera at any moment, also between detections."""

from collections.abc import Iterable

import numpy as np

from reid.geometry import Boxes
from reid.types import Tracklet

HOLD_S = 0.5  # people are there so long before and after a detector saw them


class Presence:
    """Where the people of some tracklets are at a moment.

    Args:
        hold_s: a tracklet's first and last box count for so many seconds before and after it: a person is there
            a little earlier and later than a detector sees them.
    """

    def __init__(self, tracklets: Iterable[Tracklet], hold_s: float = 0.0) -> None:
        self._tracklets = list(tracklets)
        self._starts = np.array([one.start_s - hold_s for one in self._tracklets])
        self._ends = np.array([one.end_s + hold_s for one in self._tracklets])

    def boxes_at(self, time_s: float) -> Boxes:
        """Box (N, 4) of each person there; between detections on the straight line from one to the next."""
        rows = np.flatnonzero((self._starts <= time_s) & (time_s <= self._ends))
        boxes = [_box(self._tracklets[row], time_s) for row in rows.tolist()]
        return np.stack(boxes) if boxes else np.empty((0, 4), dtype=np.float32)


def _box(tracklet: Tracklet, time_s: float) -> Boxes:
    columns = [np.interp(time_s, tracklet.times_s, column) for column in tracklet.boxes.T]
    return np.array(columns, dtype=np.float32)
