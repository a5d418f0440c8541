"""What decisions that hold say of the tracklets of a site."""

from collections.abc import Sequence
from itertools import groupby

from reid.review.records import ReviewTracklet
from reid.store.records import Bound

JOINING = ("same", "confirmed")  # decisions that say of all their tracklets that they are one person


class DecidedRows:
    """Rows of the tracklets that decisions bind, and which of them decisions made one person."""

    def __init__(self, bound: Sequence[Bound], tracklets: Sequence[ReviewTracklet]) -> None:
        rows = {one.place: row for row, one in enumerate(tracklets)}
        known = [one for one in bound if (one.run_id, one.tracklet) in rows]
        self.told: set[int] = set()  # whose person a decision tells
        self.apart: set[int] = set()  # of whom decisions tell who they are not
        self._group = list(range(len(tracklets)))  # union-find: what decisions made one
        for (_, kind), members in groupby(known, key=lambda one: (one.decision, one.kind)):
            sides = [(rows[one.run_id, one.tracklet], one.side) for one in members]
            if kind in JOINING or kind == "moved":
                joined = [row for row, side in sides if kind in JOINING or side]
                self.told.update(joined)
                for row in joined:
                    self._group[self.group(row)] = self.group(joined[0])
            self.apart.update(
                row for row, side in sides if kind == "different" or (kind == "moved" and not side)
            )

    def group(self, row: int) -> int:
        """One number for all tracklets that decisions made one person."""
        while self._group[row] != row:
            row = self._group[row]
        return row
