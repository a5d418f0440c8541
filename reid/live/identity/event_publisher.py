"""Changes as events: what receivers and pages are told of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from reid.events import Event, Fact, Kind
from reid.linking.answer import Answer
from reid.live.clock import SiteClock
from reid.live.identity.appearance import Appearance
from reid.live.identity.changes import (
    Appeared,
    CameraChanged,
    Change,
    Confirmed,
    Decided,
    Followed,
    Ignored,
    Left,
    Merged,
    Moved,
    SplitByHand,
    ZoneStepped,
)
from reid.types import person_name
from reid.zones.passage import Step


@dataclass(slots=True, kw_only=True, eq=False)
class EventPublisher:
    """Makes events of changes that are on the disk, and hands each on.

    Args:
        session: of this start of the program; makes event ids that are never given twice.
        tell: takes each event, and the seconds since its frame was decoded if it is about one.
        label_of: name that a person was given, by number; None where there is none.
    """

    session: str
    clock: SiteClock
    tell: Callable[[Event, float | None], None]
    label_of: Callable[[int], str | None] = lambda _: None
    _count: int = 0

    def __call__(self, changes: Sequence[Change]) -> None:
        """Tell of these changes, in order; of some there is nothing to tell."""
        for change in changes:
            for one in _told(change, self.clock):
                self._count += 1
                event = Event(
                    event_id=f"{self.session}-{self._count}",
                    kind=one.kind,
                    at_s=self.clock.wall_s(one.at_s),
                    told_s=self.clock.wall_s(self.clock.now_s),
                    camera_id=one.camera_id,
                    person_id=one.person_id,
                    facts=self._label(one.person_id) | one.facts,
                )
                late_s = None if one.decoded_s is None else self.clock.monotonic_s - one.decoded_s
                self.tell(event, late_s)

    def _label(self, person_id: int | None) -> dict[str, Fact]:
        label = None if person_id is None else self.label_of(person_id)
        return {} if label is None else {"label": label}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Told:
    """An event that has no number yet; times are on the site's clock."""

    kind: Kind
    at_s: float
    camera_id: str | None
    person_id: int | None
    facts: dict[str, Fact]
    decoded_s: float | None = None


def _told(change: Change, clock: SiteClock) -> Iterator[_Told]:
    match change:
        case Appeared(appearance=one):
            yield _of(one, "seen", _answer_facts(one, clock), change.decoded_s)
        case Decided():
            facts = {} if change.appearance is None else _answer_facts(change.appearance, clock)
            yield _given(change, facts if change.decoded_s is not None else {})
        case Moved(new=int()):
            yield _given(change, {})
        case Merged(tracklets=()):
            facts = {"old": name_of(change.old), "new": name_of(change.new), "reason": "corrected"}
            yield _Told(
                kind="identity_changed",
                at_s=change.at_s,
                camera_id=None,
                person_id=change.new,
                facts=facts,
            )
        case Merged():
            for moved in change.tracklets:
                yield _given(moved, {}, reason="merged")
        case SplitByHand():
            for moved in change.tracklets:
                yield _given(moved, {}, reason="corrected")
        case Confirmed() | Ignored():
            yield _decided(change)
        case Followed():
            yield _followed(change)
            for moved in change.tracklets:
                yield _given(moved, {}, reason="corrected")
        case Left(appearance=one):
            yield _of(one, "left", _stay(one, clock))
        case ZoneStepped():
            yield _stepped(change, clock)
        case CameraChanged():
            yield _Told(
                kind="camera_state",
                at_s=change.at_s,
                camera_id=change.camera_id,
                person_id=None,
                facts={"level": change.level, "why": change.why},
            )


def _of(appearance: Appearance, kind: Kind, facts: dict[str, Fact], decoded_s: float | None = None) -> _Told:
    return _Told(
        kind=kind,
        at_s=appearance.end_s,
        camera_id=appearance.camera_id,
        person_id=appearance.person_id,
        facts=facts,
        decoded_s=decoded_s,
    )


_STEPS: dict[Step, Kind] = {"entered": "zone_entered", "left": "zone_left", "crossed": "line_crossed"}


def _stepped(change: ZoneStepped, clock: SiteClock) -> _Told:
    """A person went into a zone, out of it, or over a line; the moment is that of the edge."""
    one, step = change.appearance, change.step
    facts: dict[str, Fact] = {"track": str(one.key), "appearance": one.appearance_id}
    if step.direction is not None:
        facts |= {"line": step.zone, "direction": step.direction}
    else:
        facts |= {"zone": step.zone, "people": change.people}
    if step.entered_s is not None and step.dwell_s is not None:
        facts |= {"since": iso(clock.wall_s(step.entered_s)), "dwell_s": round(step.dwell_s, 2)}
    return _Told(
        kind=_STEPS[step.step],
        at_s=step.at_s,
        camera_id=one.camera_id,
        person_id=one.person_id,
        facts=facts,
    )


def _decided(change: Confirmed | Ignored) -> _Told:
    """A person was confirmed, or is none."""
    ignored = isinstance(change, Ignored)
    return _Told(
        kind="identity_changed",
        at_s=change.at_s,
        camera_id=None,
        person_id=None if ignored else change.person_id,
        facts={
            "old": name_of(change.person_id),
            "new": None if ignored else name_of(change.person_id),
            "reason": "not_a_person" if ignored else "confirmed",
        },
    )


def _followed(change: Followed) -> _Told:
    """A decision was made, undone or redone; which tracklets show another person now is told of each."""
    one = change.decision
    gone, holds = one.kind == "not_a_person", change.how != "undone"
    facts: dict[str, Fact] = {
        "old": None if gone and not holds else name_of(one.person_id),
        "new": None if gone and holds else name_of(one.person_id),
        "reason": "decided" if change.how == "made" else change.how,
        "decision": one.number,
        "kind": one.kind,
    }
    return _Told(
        kind="identity_changed",
        at_s=change.at_s,
        camera_id=None,
        person_id=None if gone and holds else one.person_id,
        facts=facts if one.other_id is None else {**facts, "other": name_of(one.other_id)},
    )


def _given(change: Moved | Decided, facts: dict[str, Fact], *, reason: str | None = None) -> _Told:
    """A tracklet was given to a person."""
    return _Told(
        kind="identity_changed",
        at_s=change.at_s,
        camera_id=change.key.camera_id,
        person_id=change.new,
        decoded_s=change.decoded_s if isinstance(change, Decided) else None,
        facts={
            **facts,
            "track": str(change.key),
            "appearance": change.appearance_id,
            "old": name_of(change.old),
            "new": name_of(change.new),
            "reason": reason or change.reason,
        },
    )


def _answer_facts(appearance: Appearance, clock: SiteClock) -> dict[str, Fact]:
    """Who it is taken for, and why."""
    answer = appearance.answer
    assert answer is not None
    return {
        "track": str(appearance.key),
        "appearance": appearance.appearance_id,
        **_reasons(answer),
        "since": iso(clock.wall_s(appearance.start_s)),
        "box": [round(float(edge), 1) for edge in appearance.box],
    }


def _reasons(answer: Answer) -> dict[str, Fact]:
    return {
        "answer": answer.verdict,
        "nearest": name_of(answer.nearest_id),
        "distance": _rounded(answer.distance),
        "probability": _rounded(answer.probability),
        "runner_up": name_of(answer.runner_up_id),
        "runner_up_distance": _rounded(answer.runner_up_distance),
    }


def _stay(appearance: Appearance, clock: SiteClock) -> dict[str, Fact]:
    """How long it was; the track is that of its `seen`, however many tracklets it was cut into."""
    return {
        "track": appearance.appearance_id,
        "appearance": appearance.appearance_id,
        "since": iso(clock.wall_s(appearance.start_s)),
        "seconds": round(appearance.end_s - appearance.start_s, 2),
    }


def name_of(person_id: int | None) -> str | None:
    """P0001; None where there is no person."""
    return None if person_id is None else person_name(person_id)


def iso(at_s: float) -> str:
    """A moment on the wall clock, in UTC."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
