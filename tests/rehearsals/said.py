"""What holds of what was decided in a rehearsal, and what a gallery says otherwise."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from reid.types import TrackletKey, person_name

Place = tuple[str, TrackletKey]  # run and tracklet
Where = dict[Place, int]  # whom each shows by the gallery
MOST = 8  # tracklets of a person that a miss names


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """A person who was erased: how many events there were, and their name, which no one else had since."""

    events: int
    label: str | None


@dataclass(slots=True)
class Said:
    """What holds of what was decided."""

    same: list[frozenset[Place]] = field(default_factory=list)
    different: list[tuple[frozenset[Place], frozenset[Place]]] = field(default_factory=list)
    no_person: set[Place] = field(default_factory=set)
    erased: dict[int, Erased] = field(default_factory=dict)
    labels: dict[int, str] = field(default_factory=dict)

    def wrong(self, where: Where, labels: dict[int, str | None]) -> Iterator[str]:
        """What the gallery says otherwise."""
        for together in self.same:
            if len({where[one] for one in together if one in where}) > 1:
                yield f"{_shown(together, where)} show what was said to be one person"
        for one, other in self.different:
            for person_id in {where[p] for p in one if p in where} & {where[p] for p in other if p in where}:
                own = {place: shown for place, shown in where.items() if shown == person_id}
                yield f"{_shown(one, own)} and {_shown(other, own)} show what was said to be two people"
        if back := self.no_person & where.keys():
            yield f"{sorted(str(key) for _, key in back)} are back, though they show no person"
        for person_id in self.erased.keys() & labels.keys():
            yield f"{person_name(person_id)} is back, though erased"
        for person_id, label in self.labels.items():
            if labels.get(person_id) != label:
                yield f"{person_name(person_id)} is called {labels.get(person_id)!r}, not {label!r}"


def _shown(places: frozenset[Place], where: Where) -> str:
    """The people of tracklets that are there, and some of the tracklets of each."""
    tracks: dict[int, list[str]] = {}
    for place in sorted(place for place in places if place in where):
        tracks.setdefault(where[place], []).append(str(place[1]))
    return ", ".join(
        f"{person_name(person_id)} ({' '.join(keys[:MOST])}{' ...' if keys[MOST:] else ''})"
        for person_id, keys in sorted(tracks.items())
    )
