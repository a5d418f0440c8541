"""What people said, while a site runs, of the tracklets of its last minutes."""

from collections.abc import Collection, Iterable

from reid.link_constraints import LinkConstraints
from reid.types import TrackletKey


class ByHand:
    """Must-links and cannot-links, stronger than looks, for as long as a tracklet can change."""

    def __init__(self) -> None:
        self._same: dict[TrackletKey, int] = {}
        self._different: set[tuple[TrackletKey, TrackletKey]] = set()
        self._not_of: set[tuple[TrackletKey, int]] = set()

    @property
    def constraints(self) -> LinkConstraints:
        """What linking must keep."""
        return LinkConstraints(
            same=dict(self._same), different=frozenset(self._different), not_of=frozenset(self._not_of)
        )

    def same(self, keys: Iterable[TrackletKey], person_id: int) -> None:
        """These tracklets show one person."""
        self._same |= dict.fromkeys(keys, person_id)

    def different(self, keys: Collection[TrackletKey], rest: Collection[TrackletKey], former: int) -> None:
        """Tracklets `keys` do not show the person that the `rest` shows."""
        self._different |= {(key, other) for key in keys for other in rest}
        self._not_of |= {(key, former) for key in keys}

    def follow(self, former: TrackletKey, key: TrackletKey) -> None:
        """What was said of tracklet `former` holds for `key` too, in which its track goes on."""
        if former in self._same:
            self._same[key] = self._same[former]
        self._different |= {
            (key if a == former else a, key if b == former else b)
            for a, b in self._different
            if former in (a, b)
        }
        self._not_of |= {(key, person_id) for one, person_id in self._not_of if one == former}

    def drop(self, key: TrackletKey) -> None:
        """A tracklet can change no more, or is gone."""
        self._same.pop(key, None)
        self._different = {pair for pair in self._different if key not in pair}
        self._not_of = {pair for pair in self._not_of if pair[0] != key}
