"""What people said, while a site runs, of the tracklets of its last minutes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reid.link_constraints import LinkConstraints
from reid.types import TrackletKey


@dataclass(slots=True, kw_only=True, eq=False)
class _Side:
    """One of two groups of tracklets that do not show the same person."""

    keys: set[TrackletKey] = field(default_factory=set)  # that may still change
    people: set[int] = field(default_factory=set)  # people that the others show


@dataclass(slots=True, kw_only=True, eq=False)
class _Said:
    """One decision, by the tracklets that it is about."""

    same: dict[TrackletKey, int] = field(default_factory=dict)
    sides: tuple[_Side, _Side] = field(default_factory=lambda: (_Side(), _Side()))

    def about(self, key: TrackletKey) -> list[set[TrackletKey]]:
        """The groups of it that have a tracklet."""
        return [side.keys for side in self.sides if key in side.keys]


class ByHand:
    """Must-links and cannot-links, stronger than looks, for as long as a tracklet can change.

    Each belongs to a decision, by its number in the gallery: what is undone binds again when it is redone.
    """

    def __init__(self) -> None:
        self._said: dict[int, _Said] = {}
        self._ended: set[int] = set()

    @property
    def constraints(self) -> LinkConstraints:
        """What linking must keep; where decisions differ, the later one counts."""
        different: set[tuple[TrackletKey, TrackletKey]] = set()
        not_of: set[tuple[TrackletKey, int]] = set()
        for one, other in (said.sides for said in self._holding()):
            different |= {(key, opposite) for key in one.keys for opposite in other.keys}
            not_of |= {(key, person_id) for key in one.keys for person_id in other.people}
            not_of |= {(key, person_id) for key in other.keys for person_id in one.people}
        return LinkConstraints(same=self.together, different=frozenset(different), not_of=frozenset(not_of))

    @property
    def together(self) -> dict[TrackletKey, int]:
        """The person of each tracklet that has to stay with the others of that person."""
        same: dict[TrackletKey, int] = {}
        for said in self._holding():
            same |= said.same
        return same

    @property
    def decisions(self) -> list[int]:
        """The numbers of all decisions that are about a tracklet that can change."""
        return list(self._said)

    def same(self, keys: Iterable[TrackletKey], person_id: int, decision: int) -> None:
        """These tracklets show one person."""
        self._of(decision).same.update(dict.fromkeys(keys, person_id))

    def different(self, one: Collection[TrackletKey], other: Collection[TrackletKey], decision: int) -> None:
        """The tracklets of the two sides of a decision do not show the same person."""
        sides = self._of(decision).sides
        sides[0].keys.update(one)
        sides[1].keys.update(other)

    def hold(
        self,
        decisions: Collection[int],
        shown: Mapping[TrackletKey, int],
        settled: Mapping[int, Sequence[Collection[int]]],
    ) -> None:
        """Let only these decisions hold, about the people that their tracklets show by now.

        Args:
            shown: the person of each tracklet that can change.
            settled: by decision and side, the people of its tracklets that can change no more. A person may give
                such a tracklet to another one; what it is kept apart from stays the same.
        """
        self._ended = self._said.keys() - set(decisions)
        for number, said in self._said.items():
            said.same = {key: shown.get(key, person_id) for key, person_id in said.same.items()}
            if number in settled:
                for side, people in zip(said.sides, settled[number], strict=True):
                    side.people = set(people)

    def renumbered(self, person_id: int, into: int) -> None:
        """Re-clustering made two people one: what is of the first, or kept apart from it, is so of the second."""
        self._renumber_same(person_id, into)
        for said in self._said.values():
            for side in said.sides:
                side.people |= {into} if person_id in side.people else set()

    def follow(self, former: TrackletKey, key: TrackletKey) -> None:
        """What was said of tracklet `former` holds for `key` too, in which its track goes on."""
        for said in self._said.values():
            if former in said.same:
                said.same[key] = said.same[former]
            for group in said.about(former):
                group.add(key)

    def settle(self, key: TrackletKey, person_id: int) -> None:
        """A tracklet can change no more: what is kept with it, or apart, is so of the person that it shows."""
        number = self.together.get(key, person_id)
        if number != person_id:  # re-clustering has given all that are kept together to another person
            self._renumber_same(number, person_id)
        for said in self._said.values():
            for side in said.sides:
                side.people |= {person_id} if key in side.keys else set()
        self.drop(key)

    def drop(self, key: TrackletKey) -> None:
        """A tracklet is gone."""
        for said in self._said.values():
            said.same.pop(key, None)
            for group in said.about(key):
                group.discard(key)
        self._said = {
            number: said
            for number, said in self._said.items()
            if said.same or any(side.keys for side in said.sides)
        }

    def _holding(self) -> list[_Said]:
        return [said for number, said in self._said.items() if number not in self._ended]

    def _renumber_same(self, person_id: int, into: int) -> None:
        for said in self._said.values():
            said.same = {key: into if number == person_id else number for key, number in said.same.items()}

    def _of(self, decision: int) -> _Said:
        return self._said.setdefault(decision, _Said())
