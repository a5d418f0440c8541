"""What people said, while a site runs, of the tracklets of its last minutes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from reid.link_constraints import LinkConstraints
from reid.types import TrackletKey


@dataclass(slots=True, kw_only=True, eq=False)
class _Said:
    """One decision, by the tracklets that it is about."""

    same: dict[TrackletKey, int] = field(default_factory=dict)
    different: set[tuple[TrackletKey, TrackletKey]] = field(default_factory=set)
    not_of: set[tuple[TrackletKey, int]] = field(default_factory=set)


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
        same: dict[TrackletKey, int] = {}
        different: set[tuple[TrackletKey, TrackletKey]] = set()
        not_of: set[tuple[TrackletKey, int]] = set()
        for number, said in self._said.items():
            if number not in self._ended:
                same |= said.same
                different |= said.different
                not_of |= said.not_of
        return LinkConstraints(same=same, different=frozenset(different), not_of=frozenset(not_of))

    def same(self, keys: Iterable[TrackletKey], person_id: int, decision: int) -> None:
        """These tracklets show one person."""
        self._of(decision).same.update(dict.fromkeys(keys, person_id))

    def different(
        self,
        keys: Collection[TrackletKey],
        rest: Collection[TrackletKey],
        *,
        former: int,
        new: int,
        decision: int,
    ) -> None:
        """Tracklets `keys` show person `new`, and not `former`, as the `rest` does.

        Each side is kept apart from the other's person too, who is remembered for longer than their tracklets.
        """
        said = self._of(decision)
        said.different |= {(key, other) for key in keys for other in rest}
        said.not_of |= {(key, former) for key in keys} | {(key, new) for key in rest}

    def merged(self, person_id: int, into: int, own: Collection[TrackletKey], decision: int) -> None:
        """Two people are one by a decision: what is not the first is not the second, but for tracklets of theirs."""
        barred = {key for key, number in self.constraints.not_of if number == person_id} - set(own)
        self._of(decision).not_of.update((key, into) for key in barred)

    def renumbered(self, person_id: int, into: int, own: Collection[TrackletKey]) -> None:
        """Re-clustering made two people one: what is not the first is not the second, but for theirs (`own`)."""
        for said in self._said.values():
            said.not_of |= {
                (key, into) for key, number in said.not_of if number == person_id and key not in own
            }

    def hold(self, decisions: Collection[int]) -> None:
        """Of what was said only these decisions hold now."""
        self._ended = self._said.keys() - set(decisions)

    def follow(self, former: TrackletKey, key: TrackletKey) -> None:
        """What was said of tracklet `former` holds for `key` too, in which its track goes on."""
        for said in self._said.values():
            if former in said.same:
                said.same[key] = said.same[former]
            said.different |= {
                (key if a == former else a, key if b == former else b)
                for a, b in said.different
                if former in (a, b)
            }
            said.not_of |= {(key, person_id) for one, person_id in said.not_of if one == former}

    def settle(self, key: TrackletKey, person_id: int) -> None:
        """A tracklet can change no more: what was kept apart from it is kept apart from the person that it shows."""
        for said in self._said.values():
            said.not_of |= {(b if a == key else a, person_id) for a, b in said.different if key in (a, b)}
        self.drop(key)

    def drop(self, key: TrackletKey) -> None:
        """A tracklet is gone."""
        for said in self._said.values():
            said.same.pop(key, None)
            said.different = {pair for pair in said.different if key not in pair}
            said.not_of = {pair for pair in said.not_of if pair[0] != key}
        self._said = {
            number: said for number, said in self._said.items() if said.same or said.different or said.not_of
        }

    def _of(self, decision: int) -> _Said:
        return self._said.setdefault(decision, _Said())
