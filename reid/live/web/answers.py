"""The JSON answers of the live page, as models: what `/openapi.json` documents is what is sent."""

from pydantic import BaseModel, ConfigDict, Field

from reid.events import Kind, SinkCounts
from reid.linking.answer import Verdict
from reid.linking.expected import ExpectedRates
from reid.live.capture.camera_health import Faults, Level
from reid.live.capture.camera_time import ClockSource
from reid.store.decision_text import clause
from reid.store.records import Decision, DecisionKind
from reid.types import person_name
from reid.web.answers import AnswerModel
from reid.zone_config import Point, Purpose


class FrameCountsAnswer(AnswerModel):
    """Frames of a camera since the start of the program."""

    offered: int
    taken: int = Field(description="processed")
    dropped: dict[str, int] = Field(description="not processed, by reason")


class ThingAnswer(AnswerModel):
    """A static thing: detected as a person at one place again and again, and left out."""

    crop: str = Field(description="path of its JPEG")
    first_s: float
    last_s: float
    detections: int


class ZoneAnswer(AnswerModel):
    """A zone or a line of a camera, and what happened there since the start of the program."""

    name: str
    purpose: Purpose
    polygon: list[Point] = Field(description="shares of the frame's width and height; empty: it is a line")
    line: list[Point] = Field(
        description="`in` is from its left-hand side to its right-hand side; empty: a zone"
    )
    fixed: bool = Field(description="it comes from the settings, and cannot be deleted on the page")
    people: int = Field(description="in the zone now")
    entries: int = Field(description="people who went in")
    dwell_mean_s: float | None = Field(description="mean of the stays that are over; null: none is")
    crossed_in: int
    crossed_out: int


class CameraAnswer(AnswerModel):
    """One camera at this moment."""

    name: str
    colour: str = Field(description="CSS")
    url: str = Field(description="without credentials")
    level: Level
    why: str = Field(description="one sentence; empty where all is well")
    fps: float | None = Field(description="frames a second that arrive")
    sampled_fps: float | None = Field(description="at most so many are processed; null: all")
    size: tuple[int, int] | None = Field(description="width and height in pixels")
    codec: str | None
    connects: int
    faults: Faults
    drift: float | None = Field(description="seconds that its clock loses a second")
    behind_s: float | None = Field(description="delay of its frames beyond the usual")
    clock_source: ClockSource = Field(description="what its frames are timed by")
    clock_offset_s: float | None = Field(
        description="time of a frame by the camera's clock less its arrival by ours; null: it sends none"
    )
    clock_why: str = Field(description="one sentence on why its clock is not believed; empty where it is")
    in_view: int = Field(description="people being followed")
    frames: FrameCountsAnswer
    things: list[ThingAnswer]
    zones: list[ZoneAnswer]


class ComparedAnswer(AnswerModel):
    """A person that an appearance was compared with."""

    id: int
    name: str
    colour: str
    distance: float | None


class VisitAnswer(AnswerModel):
    """One appearance of a person in one camera."""

    camera: str
    colour: str
    track: int
    start_s: float
    end_s: float
    present: bool
    answer: Verdict
    nearest: ComparedAnswer | None
    probability: float | None = Field(description="that it is the nearest")
    runner_up: ComparedAnswer | None


class PersonAnswer(AnswerModel):
    """One person who is or was in view."""

    id: int
    name: str = Field(description="P and the number")
    label: str | None = Field(description="the name that a user gave")
    colour: str
    present: bool
    crop: str | None = Field(description="path of the JPEG of the latest appearance")
    visits: list[VisitAnswer] = Field(description="newest first")


class LatencyAnswer(AnswerModel):
    """Seconds from a decoded frame to its event, over the last five minutes; null without events."""

    p50_s: float | None
    p95_s: float | None


class StateAnswer(AnswerModel):
    """The site at this moment, without events."""

    version: str
    now_s: float
    started_s: float
    latency: LatencyAnswer
    cameras: list[CameraAnswer]
    people: list[PersonAnswer]
    people_not_shown: int
    expected: ExpectedRates | None = Field(
        description="rates of wrong and of missed links among so many people"
    )
    queues: list[SinkCounts] = Field(description="receivers of events")
    troubles: dict[str, str] = Field(description="sentences, by what does not work")
    notices: dict[str, str] = Field(description="sentences that wait for a person, by what they are about")
    events_mark: str = Field(description="another one where /api/events has others")


class EventAnswer(BaseModel):
    """One event; what else is known of it stands beside these fields."""

    model_config = ConfigDict(extra="allow", frozen=True)

    id: str
    event: Kind
    at: str = Field(description="ISO 8601, UTC")
    camera: str | None
    person: str | None


class DecisionAnswer(AnswerModel):
    """A decision that was undone or redone."""

    number: int
    kind: DecisionKind
    told: str = Field(description="what it says, as a clause")
    person: str = Field(description="P and the number")
    other: str | None = Field(description="the second person, where there is one")
    label: str | None = Field(description="named: the name")
    by: str | None = Field(description="who decided")
    at: str = Field(description="ISO 8601, UTC")


def decision_answer(decision: Decision) -> DecisionAnswer:
    """Describe a decision."""
    other = None if decision.other_id is None else person_name(decision.other_id)
    facts = {"number": decision.number, "kind": decision.kind, "person": person_name(decision.person_id)}
    told = {
        "told": clause(decision),
        "other": other,
        "label": decision.label,
        "by": decision.by,
        "at": decision.at,
    }
    return DecisionAnswer.model_validate(facts | told)


class CameraHealthAnswer(AnswerModel):
    """How one camera is."""

    level: Level
    why: str


class HealthAnswer(AnswerModel):
    """Whether the site works; sent with status 503 where it does not."""

    ok: bool
    why: str = Field(description="one sentence; empty where all is well")
    cameras: dict[str, CameraHealthAnswer]
    troubles: dict[str, str]
    notices: dict[str, str]
