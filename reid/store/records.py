"""What goes into a gallery and comes out of it: plain records, the same for every store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from reid.types import Array, Embeddings, Match, TrackletKey
from reid.wall_clock import WallClock

Named = Literal["keep", "erase"]  # what retention does to people with a name

Event = Literal[
    "created",
    "seen",
    "merged",
    "forgotten",
    "renamed",
    "retracted",
    "identity_changed",
    "pruned",  # these are about no person
    "clock_doubted",
    "converted",
    "split",
    "reassigned",
    "not_a_person",
    "confirmed",
    "told_apart",
    "undone",
    "redone",
    "suppression_dropped",
]

# same: two are one; different: they are two; moved: some sightings of one show the other; confirmed: all show one
DecisionKind = Literal["same", "different", "moved", "confirmed", "named", "not_a_person", "erased"]

# into the gallery ---


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sighting:
    """A linked tracklet: the person it shows and why, when, and the vectors that may become prototypes."""

    match: Match
    start_s: float
    end_s: float
    embeddings: Embeddings  # (K, D)
    places: Array | None = None  # (M, 5) where it was, see `TrackSegment`; None: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A recording, or a stretch of a live site's time: its id, when it started, and its cameras."""

    run_id: str
    started: datetime
    cameras: tuple[str, ...]
    clock: WallClock | None = (
        None  # when second 0 of its sightings was; None: not known, or of Unix time itself
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Live:
    """A sighting of a live site, new or better known than before, and its run."""

    run: Run
    sighting: Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedSighting:
    """A sighting that shows another person than was written."""

    run_id: str
    key: TrackletKey
    old: int
    new: int
    reason: str
    match: Match | None = None  # why; None: it goes with the person that it was taken for


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What happened since the last one; order within each part is kept, and parts are written in this order."""

    sightings: Sequence[Live] = ()
    moved: Sequence[MovedSighting] = ()
    dropped: Sequence[tuple[str, TrackletKey]] = ()  # run and tracklet that turned out to show no person
    merged: Sequence[tuple[int, int]] = ()  # the person who is gone, and the one who was kept

    def __bool__(self) -> bool:
        return bool(self.sightings or self.moved or self.dropped or self.merged)


# out of it ---


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """What happened to the gallery: event, person, run if it was in one, and the event's own facts."""

    at: str  # UTC, ISO 8601
    event: str
    person_id: int | None
    run_id: str | None
    detail: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided about an identity; it stays when everything else is computed anew."""

    number: int
    at: str  # UTC, ISO 8601
    kind: str  # a DecisionKind
    person_id: int  # as numbered when it was decided
    other_id: int | None = None  # same, different, moved: the second person
    label: str | None = None  # named: the name; None: it was taken away
    by: str | None = None  # who decided: a login, or the live page; None: not known
    undone: str | None = None  # UTC, ISO 8601; None: it holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A sighting that a decision is about which holds."""

    decision: int  # its number
    kind: str  # a DecisionKind
    side: int  # 0: of the first person of the decision; 1: of the second; 2: what that had before
    run_id: str
    tracklet: TrackletKey
    person_id: int  # that it shows now


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSummary:
    """One person in numbers."""

    person_id: int
    label: str | None
    sightings: int
    prototypes: int
    cameras: tuple[str, ...]
    runs: int
    last_run: str  # when the latest run that saw them started; UTC, ISO 8601


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAt:
    """A stored sighting: where, when (seconds on the run's clock), and why it was linked to that person."""

    run_id: str
    match: Match
    start_s: float
    end_s: float
    clock: WallClock | None  # when second 0 of the run was; None: not known
    former_encoder: str | None = None  # that measured its distances; None: the gallery's


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was erased; `spared` are the people with a name who keep something older."""

    runs: tuple[str, ...] = ()
    people: tuple[int, ...] = ()
    sightings: int = 0
    spared: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.runs or self.people or self.sightings)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PeopleNow:
    """All people that a gallery ever had, and the runs that it holds."""

    people: Mapping[int, str | None]  # every id ever given: their label or P0007 after merges; None: erased
    runs: frozenset[tuple[datetime, tuple[str, ...]]]  # start in whole seconds (UTC), cameras by name
    # the person whom each tracklet of a run shows, after splits and the like; those that show none are left out
    tracklets: Mapping[tuple[datetime, tuple[str, ...]], Mapping[TrackletKey, int]]


# from one encoder to another ---


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredVector:
    """A prototype, and the sighting that it was seen in."""

    prototype_id: int
    person_id: int
    run_id: str
    tracklet: TrackletKey
    duration_s: float
    in_use: bool  # False: displaced by the latest run, and back if that is repeated
    vector: Array  # (D,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What the journal says of the vectors of a conversion."""

    crops: int  # embedded anew
    mapped: int
    dropped: int  # for which there was neither crop nor map
    loss: float | None = None  # mean cosine of mapped to true vectors; None: nothing was mapped
