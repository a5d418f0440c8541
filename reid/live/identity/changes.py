"""What changes in the identities of a site: one stream, which the store, receivers of events and pages take.

Times are on the site's clock.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from reid.live.identity.appearance import Appearance
from reid.store.records import Decision, Live, MovedSighting, Record
from reid.types import Match, TrackletKey
from reid.zones.passage import ZoneStep

How = Literal["made", "undone", "redone"]  # what became of a decision


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Appeared:
    """An appearance has its first answer, maybe an uncertain one."""

    appearance: Appearance
    decoded_s: float  # of the frame that showed it, on the monotonic clock
    sighting: Live | None = None  # None: of no person yet
    crop: bytes | None = None  # JPEG, the best so far


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Updated:
    """More is known of an appearance, whose person stays."""

    appearance: Appearance
    sighting: Live | None = None
    crop: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decided:
    """An uncertain tracklet has a person."""

    reason: ClassVar[str] = "settled"
    key: TrackletKey
    appearance_id: str
    at_s: float  # when it was seen last
    new: int
    old: None = None
    appearance: Appearance | None = None  # None: it has left
    decoded_s: float | None = None  # None: reclustering found it, not a frame
    sighting: Live | None = None
    crop: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moved:
    """A tracklet shows another person than it was said to."""

    reason: ClassVar[str] = "moved"
    key: TrackletKey
    appearance_id: str
    at_s: float  # when it was seen last
    old: int
    new: int | None  # None: it shows a thing that never moves
    run_id: str | None  # in the store; None: it is not there
    match: Match | None = None  # why; None: it goes with the person whom it was taken for
    appearance: Appearance | None = None  # None: it has left
    sighting: Live | None = None  # where it is not in the store yet


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SplitOff(Moved):
    """A tracklet shows a person who was taken for another."""

    reason: ClassVar[str] = "split"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Merged:
    """Two people are one."""

    old: int
    new: int
    at_s: float
    tracklets: tuple[Moved, ...] = ()  # that showed `old`; by hand nothing is told of them
    instead: bool = True  # by hand: earlier decisions that they are two people end, else they refuse it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SplitByHand:
    """A person was split by hand: part of what showed them shows another one."""

    old: int
    new: int
    tracklets: tuple[Moved, ...]  # all of them are in the store


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Confirmed:
    """All that shows a person shows that person."""

    person_id: int
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ignored:
    """What was taken for a person is none."""

    person_id: int
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Followed:
    """What is known of the last minutes followed a decision that was made in the gallery, undone, or redone."""

    decision: Decision
    how: How
    at_s: float
    tracklets: tuple[Moved, ...]  # of the last minutes, that show another person now
    shows: Mapping[TrackletKey, int]  # the person of each tracklet of the people it is about
    labels: Mapping[int, str | None]  # of these people

    @property
    def people(self) -> tuple[int, ...]:
        """The people that the decision is about."""
        one, other = self.decision.person_id, self.decision.other_id
        return (one,) if other is None else (one, other)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Left:
    """An appearance is over."""

    appearance: Appearance
    dropped: tuple[str, TrackletKey] | None = None  # run and tracklet of which nothing is kept


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Renamed:
    """A person has a name, or none any more."""

    person_id: int
    label: str | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Forgotten:
    """Nothing of a person is known any more, under any number that was theirs."""

    person_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pruned:
    """Sightings that ended before that are erased by age."""

    before_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CameraChanged:
    """A camera's state is another."""

    camera_id: str
    at_s: float
    level: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ZoneStepped:
    """A person went into a zone, out of it, or over a line."""

    appearance: Appearance
    step: ZoneStep
    people: int | None  # in the zone now; None: it is a line


Change = (
    Appeared
    | Updated
    | Decided
    | Moved
    | SplitOff
    | SplitByHand
    | Merged
    | Confirmed
    | Ignored
    | Followed
    | Left
    | Renamed
    | Forgotten
    | Pruned
    | CameraChanged
    | ZoneStepped
)


def record_of(changes: Sequence[Change]) -> Record:
    """What the store writes of changes; what people asked for was written when they did."""
    sightings, moved = list[Live](), list[MovedSighting]()
    dropped, merged = list[tuple[str, TrackletKey]](), list[tuple[int, int]]()
    for change in changes:
        match change:
            case Appeared() | Updated() | Decided():
                sightings += [] if change.sighting is None else [change.sighting]
            case Moved(new=None, run_id=str(run_id)):
                dropped.append((run_id, change.key))
            case Moved():
                sightings += [] if change.sighting is None else [change.sighting]
                moved += _stored(change)
            case Merged(tracklets=tracklets) if tracklets:
                sightings += [one.sighting for one in tracklets if one.sighting is not None]
                merged.append((change.old, change.new))
            case Left(dropped=tuple(gone)):
                dropped.append(gone)
    return Record(sightings=sightings, moved=moved, dropped=dropped, merged=merged)


def _stored(change: Moved) -> list[MovedSighting]:
    if change.run_id is None or change.new is None:
        return []
    return [
        MovedSighting(
            run_id=change.run_id,
            key=change.key,
            old=change.old,
            new=change.new,
            reason=change.reason,
            match=change.match,
        )
    ]


def names(change: Change, person_ids: Sequence[int]) -> bool:
    """Whether a change says anything of one of these people."""
    return not set(person_ids).isdisjoint(_people(change))


def _people(change: Change) -> Iterator[int | None]:
    match change:
        case Appeared() | Updated() | Left() | ZoneStepped():
            yield from _shown(change.appearance)
        case Moved() | Decided():
            yield change.old
            yield change.new
            if change.appearance is not None:
                yield from _shown(change.appearance)
            if isinstance(change, Moved) and change.match is not None:
                yield change.match.runner_up_id
        case Merged() | SplitByHand():
            yield change.old
            yield change.new
        case Renamed() | Confirmed() | Ignored():
            yield change.person_id
        case Followed():
            yield from change.people


def _shown(appearance: Appearance) -> Iterator[int | None]:
    yield appearance.person_id
    if appearance.answer is not None:
        yield appearance.answer.nearest_id
        yield appearance.answer.runner_up_id
