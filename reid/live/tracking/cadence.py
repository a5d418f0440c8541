"""How often the site side hears of a track that grows: often while it may be uncertain, seldom after."""

from dataclasses import dataclass, field

from reid.live.config import OnlineConfig

SETTLED_S = 4.0


@dataclass(slots=True)
class _Track:
    begun_s: float
    told_s: float = float("-inf")


@dataclass(slots=True, kw_only=True, eq=False)
class Cadence:
    """Decides which tracks of one camera are due, by how long they have been in view.

    Args:
        settled_s: after this long in view a track has its answer: linking's `fragment_s`.
    """

    config: OnlineConfig
    settled_s: float = SETTLED_S
    _tracks: dict[int, _Track] = field(default_factory=dict)

    def due(self, tracker_id: int, at_s: float) -> bool:
        """Whether the site should be told of a track that is in view at `at_s`."""
        track = self._tracks.setdefault(tracker_id, _Track(at_s))
        if at_s - track.begun_s < self.config.answer_after_s:
            return False
        unsure = track.told_s - track.begun_s < self.settled_s
        return at_s - track.told_s >= (self.config.again_s if unsure else self.config.update_s)

    def told(self, tracker_id: int, at_s: float) -> None:
        """Note that the site was told of it."""
        self._tracks[tracker_id].told_s = at_s

    def forget(self, tracker_id: int) -> None:
        """Take what comes of a track for a new one."""
        self._tracks.pop(tracker_id, None)

    def begin_again(self, tracker_id: int) -> None:
        """A track's tracklet was cut: the site hears of the next one at once."""
        if tracker_id in self._tracks:
            self._tracks[tracker_id].told_s = float("-inf")

    def keep(self, following: frozenset[int]) -> None:
        """Drop the tracks that are not followed any more."""
        self._tracks = {number: one for number, one in self._tracks.items() if number in following}
