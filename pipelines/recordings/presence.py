"""Boxes of the people in one camera at any moment, also between detections."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from reid.geometry import Boxes

HOLD_S = 0.5  # people are there so long before and after a detector saw them


class PersonPath(Protocol):
    """Boxes of one person in order of time, as a `Tracklet` has them."""

    @property
    def times_s(self) -> NDArray[np.float64]: ...
    @property
    def boxes(self) -> Boxes: ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlurredPath:
    """Where a person was who is erased: videos that are drawn again must not show them."""

    times_s: NDArray[np.float64]  # (T,)
    boxes: Boxes  # (T, 4)


class Presence:
    """Where people are at a moment.

    Args:
        hold_s: the first and last box of each count for so many seconds before and after: a person is there a
            little earlier and later than a detector sees them.
    """

    def __init__(self, paths: Iterable[PersonPath], hold_s: float = 0.0) -> None:
        self._paths = list(paths)
        self._starts = np.array([one.times_s[0] - hold_s for one in self._paths])
        self._ends = np.array([one.times_s[-1] + hold_s for one in self._paths])

    def boxes_at(self, time_s: float) -> Boxes:
        """Box (N, 4) of each person there; between detections on the straight line from one to the next."""
        rows = np.flatnonzero((self._starts <= time_s) & (time_s <= self._ends))
        boxes = [_box(self._paths[row], time_s) for row in rows.tolist()]
        return np.stack(boxes) if boxes else np.empty((0, 4), dtype=np.float32)


def _box(path: PersonPath, time_s: float) -> Boxes:
    columns = [np.interp(time_s, path.times_s, column) for column in path.boxes.T]
    return np.array(columns, dtype=np.float32)
