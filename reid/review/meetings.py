"""Tracklets that are seen at once in one camera, and so are two people unless the camera doubles one."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from reid.linking.constraints import two_people
from reid.review.records import ReviewTracklet
from reid.types import Tracklet

AT_ONCE_S = 1.0  # that must be shared where boxes are not known; less may be a track that was handed over


class Meetings:
    """Pairs of tracklets of one run and camera that are seen at once, and for how many seconds."""

    def __init__(self, tracklets: Sequence[ReviewTracklet], at_hand: Sequence[Tracklet | None]) -> None:
        self._of: dict[int, dict[int, float]] = {}  # seconds by row and row
        for a, b in _overlapping(tracklets):
            one, other = tracklets[a], tracklets[b]
            shared_s = min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
            if _are_two(at_hand[a], at_hand[b], shared_s):
                self._of.setdefault(a, {})[b] = self._of.setdefault(b, {})[a] = shared_s

    def __contains__(self, row: int) -> bool:
        return row in self._of

    def of(self, rows: Iterable[int]) -> dict[int, float]:
        """Rows that any of these is seen at once with, and the most seconds."""
        found: dict[int, float] = {}
        for row in rows:
            for other, shared_s in self._of.get(row, {}).items():
                found[other] = max(shared_s, found.get(other, 0.0))
        return found

    def of_groups(self, groups: NDArray[np.int64]) -> dict[tuple[int, int], float]:
        """Most seconds that members of two groups are seen at once; `groups` (N,) is that of each tracklet."""
        found: dict[tuple[int, int], float] = {}
        for row, others in self._of.items():
            for other, shared_s in others.items():
                pair = int(groups[row]), int(groups[other])
                found[pair] = max(shared_s, found.get(pair, 0.0))
        return found

    def matrix(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(R, R): which of these tracklets are seen at once."""
        found = np.zeros((len(rows), len(rows)), dtype=bool)
        place = {row: at for at, row in enumerate(rows.tolist())}
        for row, at in place.items():
            found[at, [place[other] for other in self._of.get(row, {}) if other in place]] = True
        return found


def _overlapping(tracklets: Sequence[ReviewTracklet]) -> Iterator[tuple[int, int]]:
    """Pairs of one run and camera that share a moment."""
    places: dict[tuple[str, str], list[int]] = {}
    for row, one in enumerate(tracklets):
        places.setdefault((one.run_id, one.key.camera_id), []).append(row)
    for rows in places.values():
        rows.sort(key=lambda row: tracklets[row].start_s)
        for at, row in enumerate(rows):
            for other in rows[at + 1 :]:
                if tracklets[other].start_s > tracklets[row].end_s:
                    break
                yield row, other


def _are_two(one: Tracklet | None, other: Tracklet | None, shared_s: float) -> bool:
    if one is not None and other is not None:
        return two_people(one, other)
    return shared_s > AT_ONCE_S
