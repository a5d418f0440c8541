"""What happens at a live site, as people and programs are told of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from reid.types import person_name

Kind = Literal[
    "seen", "left", "identity_changed", "camera_state", "zone_entered", "zone_left", "line_crossed"
]
Fact = str | int | float | bool | None | list[str] | list[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened."""

    event_id: str  # never given twice: who is told a second time can tell
    kind: Kind
    at_s: float  # wall clock, seconds since 1970, of the image that showed it
    camera_id: str | None
    person_id: int | None  # None: nobody, or nobody certain
    told_s: float | None = None  # wall clock, when it was told: some tell of the past
    facts: Mapping[str, Fact] = field(default_factory=dict)  # what else is known, by name

    def content(self) -> dict[str, Fact]:
        """As it is written everywhere: flat, JSON-ready, times in UTC."""
        told: dict[str, Fact] = {} if self.told_s is None else {"told": _iso(self.told_s)}
        return {
            "id": self.event_id,
            "event": self.kind,
            "at": _iso(self.at_s),
            **told,
            "camera": self.camera_id,
            "person": None if self.person_id is None else person_name(self.person_id),
            **self.facts,
        }

    def names(self, person_id: int) -> bool:
        """Whether it says anything of that person: as who was seen, was taken for, or came second."""
        name = person_name(person_id)
        told = [fact if isinstance(fact, list) else [fact] for fact in self.facts.values()]
        return self.person_id == person_id or any(name in values for values in told)

    @property
    def session(self) -> str:
        """The start of the program that gave the event its id; within it numbers of tracks are given once."""
        return self.event_id.rpartition("-")[0]

    @property
    def track(self) -> tuple[str, Fact] | None:
        """Session and track that it is about, if it is about one."""
        return (self.session, self.facts["track"]) if "track" in self.facts else None


def _iso(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def about(person_id: int, events: Iterable[Event]) -> Callable[[Event], bool]:
    """Tells the events that name a person, and those on tracks that are theirs by the last of `events`."""
    shown = {event.track: event.person_id for event in events if event.kind == "identity_changed"}
    return lambda event: (
        event.names(person_id) or (event.track is not None and shown.get(event.track) == person_id)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkCounts:
    """What became of the events for one receiver; together they are all events that it was given."""

    name: str
    waiting: int
    sent: int
    given_up: int  # tried, and not taken; or not tried before the end
    dropped: int  # never tried any more: the queue was full, or they were to be forgotten
    trouble: str = ""  # a sentence on why they wait, where the receiver is this machine's own disk
