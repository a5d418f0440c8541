"""What a clip shows, while it is recorded and once it is written; who that is may turn out later."""

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, field_serializer

from reid.events import Event
from reid.live.clock import SiteClock
from reid.types import person_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an event says of a track."""

    session: str  # of the event
    track: str
    camera_id: str
    since_s: float  # when it came into view; infinite: the event does not say
    until_s: float
    person_id: int | None  # whom it shows; None: nobody certain

    def within(self, begun_s: float, ended_s: float) -> bool:
        """Whether the track was in view at any time of those."""
        return self.since_s <= ended_s and begun_s <= self.until_s


def told_of(event: Event, clock: SiteClock) -> Told | None:
    """What an event says of a track, on the site's clock; None: it is about none."""
    track, since = event.facts.get("track"), event.facts.get("since")
    if event.camera_id is None or not isinstance(track, str):
        return None
    return Told(
        session=event.session,
        track=track,
        camera_id=event.camera_id,
        since_s=clock.site_s(datetime.fromisoformat(since).timestamp())
        if isinstance(since, str)
        else math.inf,
        until_s=clock.site_s(event.at_s),
        person_id=event.person_id,
    )


@dataclass(slots=True, kw_only=True, eq=False)
class ClipFrame:
    """One frame of a clip, with the people who are known by now to be in it."""

    at_s: float
    jpeg: bytes
    tracks: set[str]
    people: set[int]

    def learn(self, told: Told) -> None:
        """An event about a track of its camera."""
        if told.track in self.tracks or told.within(self.at_s, self.at_s):
            self.tracks.add(told.track)
            self.people |= set() if told.person_id is None else {told.person_id}


@dataclass(slots=True, kw_only=True, eq=False)
class Clip:
    """A clip that is being recorded."""

    camera_id: str
    session: str
    frames: list[ClipFrame]
    events: list[Event] = field(default_factory=list)
    until_s: float = -math.inf

    @property
    def length_s(self) -> float:
        """From the first frame to the last; there must be one."""
        return self.frames[-1].at_s - self.frames[0].at_s

    def about(self, person_id: int) -> bool:
        """Whether it shows a person, or tells of them."""
        shown = any(person_id in frame.people for frame in self.frames)
        return shown or any(event.names(person_id) for event in self.events)


class ClipLabel(BaseModel):
    """The JSON file of a clip: what it shows. Clips of older versions say nothing of tracks."""

    model_config = ConfigDict(frozen=True)

    camera: str
    begun_s: float
    ended_s: float
    session: str = ""
    tracks: frozenset[str] = frozenset()
    people: frozenset[str]
    events: tuple[dict[str, Any], ...]

    @field_serializer("tracks", "people")
    def _in_order(self, names: frozenset[str]) -> list[str]:
        return sorted(names)

    def text(self) -> str:
        """As it is written."""
        return self.model_dump_json(indent=1)

    def about(self, name: str) -> bool:
        """As `Clip.about`, of a person called that."""
        told = [value for event in self.events for key, value in event.items() if key != "camera"]
        return name in self.people or any(
            name in value if isinstance(value, list) else name == value for value in told
        )

    def shows(self, told: Told) -> bool:
        """Whether the track is in it."""
        here = self.camera == told.camera_id and told.within(self.begun_s, self.ended_s)
        return self.session == told.session and (here or told.track in self.tracks)


def label_of(clip: Clip) -> ClipLabel:
    """The label of a clip that has frames, with what is known by now."""
    people = set[int]().union(*(frame.people for frame in clip.frames))
    return ClipLabel(
        camera=clip.camera_id,
        begun_s=clip.frames[0].at_s,
        ended_s=clip.frames[-1].at_s,
        session=clip.session,
        tracks=frozenset().union(*(frame.tracks for frame in clip.frames)),
        people=frozenset(person_name(person_id) for person_id in people),
        events=tuple(event.content() for event in clip.events),
    )
