"""A person in one camera, from entering to leaving its view, and why they were taken for who they are."""

from dataclasses import dataclass

from reid.linking.answer import Answer
from reid.types import Array, Frame, Match, TrackletKey


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Appearance:
    """One appearance as it is known at one moment; times are on the site's clock.

    It is one track of the tracker, which may be several tracklets one after the other: long ones are cut.
    """

    camera_id: str
    tracker_id: int
    start_s: float
    end_s: float  # when seen last
    box: Array  # (4,) then
    appearance_id: str | None = (
        None  # "lobby/1", the first tracklet's key, kept to the end; None: no answer yet
    )
    key: TrackletKey | None = None  # of the latest tracklet
    growing: bool = False  # that tracklet has not ended
    answer: Answer | None = None  # the latest
    person_id: int | None = None
    thing: bool = False  # it never moves, or a decision says so: it is no person
    ignored_by: int | None = None  # number of that decision

    def shown(self, frame: Frame) -> bool:
        """Whether it is a person who is in that frame."""
        return not self.thing and self.end_s == frame.timestamp_s


def answer_match(key: TrackletKey, person_id: int, answer: Answer) -> Match:
    """An answer as galleries keep it: with a distance where there was a person to be near to."""
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
    """What reclustering found, as an answer."""
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
