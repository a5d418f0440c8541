"""What decisions that hold say of the tracklets of a site."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from reid.review.records import ReviewTracklet
from reid.store.records import Bound, Decision

JOINING = ("same", "confirmed")  # decisions that say of all their tracklets that they are one person


def tells_person(one: Bound) -> bool:
    """Whether a decision says which person a tracklet shows, and not only which one it does not show."""
    return one.kind in JOINING or (one.kind == "moved" and one.side > 0)


def person_told(decision: Decision) -> int | None:
    """The person, as numbered then, that a decision gives its tracklets to."""
    return decision.other_id if decision.kind == "moved" else decision.person_id


class DecidedRows:
    """Rows of the tracklets whose person a decision tells, and which of them decisions made one person.

    Decisions about one person make one group, as they do for linking (`Store.constraints`).

    Args:
        person_told: by number of the decision, see the function of that name.
    """

    def __init__(
        self,
        bound: Sequence[Bound],
        tracklets: Sequence[ReviewTracklet],
        person_told: Mapping[int, int | None],
    ) -> None:
        rows = {one.place: row for row, one in enumerate(tracklets)}
        self.told: set[int] = set()
        self._group = list(range(len(tracklets)))  # union-find: what decisions made one
        first: dict[int | None, int] = {}  # row of each person
        known = [one for one in bound if (one.run_id, one.tracklet) in rows and tells_person(one)]
        for number, members in groupby(known, key=lambda one: one.decision):
            joined = [rows[one.run_id, one.tracklet] for one in members]
            self.told.update(joined)
            joined.append(first.setdefault(person_told[number], joined[0]))
            for row in joined:
                self._group[self.group(row)] = self.group(joined[0])

    def group(self, row: int) -> int:
        """One number for all tracklets that decisions made one person."""
        while self._group[row] != row:
            row = self._group[row]
        return row
