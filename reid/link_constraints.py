"""What people decided about tracklets, as linking takes it: must-links, cannot-links, and what shows no person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reid.types import Identity, Tracklet, TrackletKey


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkConstraints:
    """Decisions that bind tracklets of one run; nothing by default.

    A must-link is stronger than what speaks against it: a large distance, two boxes at once, a walk that is too fast.
    """

    # the person that each shows, as numbered now; below 0: one who has no number any more
    same: Mapping[TrackletKey, int] = field(default_factory=dict)
    different: frozenset[tuple[TrackletKey, TrackletKey]] = frozenset()  # pairs, in either order
    not_of: frozenset[tuple[TrackletKey, int]] = frozenset()  # tracklets that do not show this person
    no_person: frozenset[TrackletKey] = frozenset()  # a poster, a plant

    def __bool__(self) -> bool:
        return bool(self.same or self.different or self.not_of or self.no_person)

    def together(self, tracklets: Sequence[Tracklet], people: Sequence[Identity]) -> NDArray[np.int64]:
        """(N + people,) the number of the group that each is of, which must be one person; 0: of none."""
        numbers = [self.same.get(tracklet.key, 0) for tracklet in tracklets]
        return np.array(numbers + [person.person_id for person in people], dtype=np.int64)

    def apart(self, tracklets: Sequence[Tracklet], people: Sequence[Identity]) -> NDArray[np.bool_]:
        """(N + people, N + people): pairs that must not be one person."""
        count = len(tracklets)
        found = np.zeros((count + len(people),) * 2, dtype=bool)
        rows = {tracklet.key: row for row, tracklet in enumerate(tracklets)}
        columns = {person.person_id: count + place for place, person in enumerate(people)}
        for one, other in self.different:
            if one in rows and other in rows:
                found[rows[one], rows[other]] = found[rows[other], rows[one]] = True
        for key, person_id in self.not_of:
            if key in rows and person_id in columns:
                found[rows[key], columns[person_id]] = found[columns[person_id], rows[key]] = True
        return found
