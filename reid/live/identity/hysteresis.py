"""Tracklets that reclustering gives to and fro: each time, it has to insist for longer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from reid.linking.reclustering import Reassignment
from reid.types import TrackletKey


@dataclass(slots=True)
class _History:
    given: int = 0  # how often it was given to another person
    wanted: int | None = None  # whose it should be by the last reclusterings
    times: int = 0  # in a row


@dataclass(slots=True, eq=False)
class Hysteresis:
    """Lets the first change of a tracklet through at once, the next once 2 reclusterings in a row want it, then 4, 8.

    What is seen of a person at a frame a second says so little that distances cross the threshold to and fro.
    """

    _tracklets: dict[TrackletKey, _History] = field(default_factory=dict)

    def steady(
        self, found: Sequence[Reassignment], together: Mapping[TrackletKey, int]
    ) -> list[Reassignment]:
        """Those of one reclustering that are to be made; a merge of two people is made whole or not at all.

        Args:
            together: the person of each tracklet that has to stay with the others of that person.
        """
        wanted = {one.key: one for one in found if one.old is not None}
        for key in [key for key in self._tracklets if key not in wanted]:
            self._tracklets[key].times = 0
        whole = {key: _whole(one, together) for key, one in wanted.items()}
        held = {key for key, one in wanted.items() if not self._insists(one)}
        while True:
            groups = {group for key in held for group in whole[key]}
            more = {key for key in whole if key not in held and whole[key] & groups}
            if not more:
                break
            held |= more
        made = [one for one in found if one.key not in held]
        for one in made:
            if one.old is not None:
                history = self._tracklets[one.key]
                history.given, history.times = history.given + 1, 0
        return made

    def keep(self, keys: Collection[TrackletKey]) -> None:
        """Drop the tracklets that cannot change any more."""
        self._tracklets = {key: one for key, one in self._tracklets.items() if key in keys}

    def _insists(self, one: Reassignment) -> bool:
        history = self._tracklets.setdefault(one.key, _History())
        history.times = history.times + 1 if history.wanted == one.new else 1
        history.wanted = one.new
        return history.times >= 1 << history.given


def _whole(one: Reassignment, together: Mapping[TrackletKey, int]) -> set[tuple[int | None, int]]:
    """What a reassignment is made with, or not at all: a merge, and what a person said to be one person."""
    merge = {(one.old, one.new)} if one.reason == "merged" else set()
    return merge | ({(None, together[one.key])} if one.key in together else set())
