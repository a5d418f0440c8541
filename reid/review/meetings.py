"""Tracklets that are seen at once in one camera, and so are two people unless the camera doubles one."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from reid.linking.constraints import two_people
from reid.review.records import ReviewTracklet
from reid.types import Tracklet

AT_ONCE_S = 1.0  # that must be shared where boxes are not known; less may be a track that was handed over


class Meetings:
    """Pairs of tracklets of one run and camera that are seen at once, (M, 2) rows of the tracklets."""

    def __init__(self, tracklets: Sequence[ReviewTracklet], at_hand: Sequence[Tracklet | None]) -> None:
        found = [(a, b) for a, b in _overlapping(tracklets) if _are_two(tracklets, at_hand, a, b)]
        self.pairs: NDArray[np.int64] = np.array(found, dtype=np.int64).reshape(-1, 2)

    def of_groups(self, groups: NDArray[np.int64]) -> set[tuple[int, int]]:
        """Pairs of groups that have members at once, both ways; `groups` (N,) is that of each tracklet."""
        pairs = groups[self.pairs].tolist()
        return {(a, b) for a, b in pairs} | {(b, a) for a, b in pairs}

    def matrix(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(R, R): which of these tracklets are seen at once."""
        place = {row: at for at, row in enumerate(rows.tolist())}
        found = np.zeros((len(rows), len(rows)), dtype=bool)
        for a, b in self.pairs.tolist():
            if a in place and b in place:
                found[place[a], place[b]] = found[place[b], place[a]] = True
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


def _are_two(tracklets: Sequence[ReviewTracklet], at_hand: Sequence[Tracklet | None], a: int, b: int) -> bool:
    own, other = at_hand[a], at_hand[b]
    if own is not None and other is not None:
        return two_people(own, other)
    shared_s = min(tracklets[a].end_s, tracklets[b].end_s) - max(tracklets[a].start_s, tracklets[b].start_s)
    return shared_s > AT_ONCE_S
