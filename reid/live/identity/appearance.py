"""Somebody in one camera, from entering to leaving it, and what is told of them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from reid.events import Fact
from reid.linking.answer import Answer
from reid.types import Array, Frame, Match, TrackletKey, person_name


@dataclass(slots=True, kw_only=True, eq=False)
class Appearance:
    """One visit so far."""

    camera_id: str
    tracker_id: int
    start_s: float
    end_s: float
    box: Array  # (4,)
    key: TrackletKey | None = None  # of its tracklet; None: not asked about yet
    growing: bool = False  # the tracklet has not ended
    answer: Answer | None = None  # the latest
    person_id: int | None = None
    asked_s: float = float("-inf")
    thing: bool = False  # it does not move: nobody

    def shown(self, frame: Frame) -> bool:
        """Whether it is somebody who is in that frame."""
        return not self.thing and self.end_s == frame.timestamp_s


def answer_facts(visit: Appearance, answer: Answer) -> dict[str, Fact]:
    """Who it is taken for, and why."""
    return {
        "track": str(visit.key),
        "answer": answer.verdict,
        "nearest": name_of(answer.nearest_id),
        "distance": _rounded(answer.distance),
        "probability": _rounded(answer.probability),
        "runner_up": name_of(answer.runner_up_id),
        "runner_up_distance": _rounded(answer.runner_up_distance),
        "since": iso(visit.start_s),
        "box": [round(float(edge), 1) for edge in visit.box],
    }


def answer_match(key: TrackletKey, person_id: int, answer: Answer) -> Match:
    """As galleries keep it: with a distance where there was somebody to be near to."""
    own = answer.nearest_id == person_id
    rival = (answer.runner_up_id, answer.runner_up_distance) if own else (answer.nearest_id, answer.distance)
    if rival[0] == person_id:
        rival = None, None
    return Match(
        tracklet=key,
        person_id=person_id,
        distance=answer.distance if own else None,
        runner_up_id=rival[0],
        runner_up_distance=rival[1],
        probability=answer.probability if own else None,
    )


def match_answer(match: Match) -> Answer:
    """What second thoughts say, as an answer."""
    assert match.person_id is not None
    alone = match.distance is None  # nothing else shows that person
    return Answer(
        verdict="new" if alone else "known",
        person_id=match.person_id,
        nearest_id=match.runner_up_id if alone else match.person_id,
        distance=match.runner_up_distance if alone else match.distance,
        probability=None if alone else match.probability,
        runner_up_id=None if alone else match.runner_up_id,
        runner_up_distance=None if alone else match.runner_up_distance,
    )


def name_of(person_id: int | None) -> str | None:
    """P0001, or None for nobody."""
    return None if person_id is None else person_name(person_id)


def iso(at_s: float) -> str:
    """A moment on the wall clock, in UTC."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
