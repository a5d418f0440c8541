"""The JSON answers of the review page, as models: what `/openapi.json` documents is what is sent."""

from typing import Literal

from pydantic import Field

from reid.web.answers import AnswerModel


class ReviewCameraAnswer(AnswerModel):
    """A camera by name, with its colour."""

    name: str
    colour: str = Field(description="CSS")


class WhenAnswer(AnswerModel):
    """A stretch of time."""

    start_s: float = Field(description="seconds on the run's clock")
    end_s: float
    start: str | None = Field(description="ISO 8601 with offset; null: it is not known when the run was")
    end: str | None


class TrackletAnswer(WhenAnswer):
    """One tracklet, with addresses of its crops."""

    id: str
    run: str
    camera: ReviewCameraAnswer
    track: int
    person_id: int
    crops: list[str] = Field(description="paths of JPEGs, best first")
    video: bool = Field(description="whether its camera has a video to play")


class NamedAnswer(AnswerModel):
    """A person by name."""

    id: int
    name: str = Field(description="P and the number")
    label: str | None = Field(description="the name that a user gave")
    colour: str


class ReviewPersonAnswer(NamedAnswer, WhenAnswer):
    """A person in the grid."""

    cameras: list[ReviewCameraAnswer]
    tracklets: int
    reviewed: int = Field(description="of these tracklets")
    sure: bool = Field(
        description="no question is about them, put off or not, and something of them is not reviewed"
    )
    crops: list[str] = Field(description="one of each tracklet, of at most six")
    digest: str = Field(description="of the tracklets; another one where the person gained or lost some")


class PersonSheetAnswer(ReviewPersonAnswer):
    """A person with all tracklets."""

    all: list[TrackletAnswer] = Field(description="by run and time")


class SideAnswer(AnswerModel):
    """One side of a question."""

    person: NamedAnswer | None
    tracklets: list[TrackletAnswer]


class QuestionAnswer(AnswerModel):
    """One question."""

    id: str
    kind: Literal["same_person", "belongs"]
    one: SideAnswer
    other: SideAnswer
    settled: int = Field(description="belongs: tracklets of `other` that yes confirms too")
    distance: float
    probability: float | None = Field(description="that both sides show one person, at this distance")
    belief: float = Field(description="the same with all that is known: of rivals, of who is seen at once")
    at_once: bool = Field(description="both sides are seen at once in one camera")


class ProgressAnswer(AnswerModel):
    """How much is reviewed, in tracklets."""

    tracklets: int
    reviewed: int
    in_question: int
    unasked: int = Field(description="neither reviewed nor in question")
    questions: int = Field(description="that are open")
    expected_wrong_links: float


class WritingAnswer(AnswerModel):
    """Writing results again."""

    running: bool
    what: str = Field(description="that is being written")
    share: float = Field(description="that is done, 0 to 1")
    told: str = Field(description="one sentence when it is done")
    failed: str = Field(description="one sentence on why it was not done")


class ReviewAnswer(AnswerModel):
    """The site under review, in numbers."""

    version: str
    title: str
    revision: int = Field(description="grows whenever people, tracklets or questions may be others")
    people: int
    cameras: int
    runs: int
    progress: ProgressAnswer
    changed: bool = Field(description="decisions were made since results were written")
    can_write: bool
    undoes: str | None = Field(description="step that undo takes back; null: there is none")
    redoes: str | None = Field(description="step that redo does again; null: there is none")
    writing: WritingAnswer


class ToldAnswer(AnswerModel):
    """What a request did."""

    told: str = Field(description="one sentence")


class PhotoPersonAnswer(AnswerModel):
    """One of several people in a photo."""

    number: int
    box: tuple[float, float, float, float] = Field(description="left, top, width, height in pixels")


class HitAnswer(WhenAnswer):
    """A sighting that a search found."""

    tracklet: str | None = Field(description="its id; null: it is not under review here")
    run: str
    camera: ReviewCameraAnswer
    track: int
    person: NamedAnswer | None
    distance: float
    probability: float | None = Field(description="that it is the photo's person; null: it cannot be said")
    false_finds: float | None = Field(description="expected within that distance; null: likewise")
    crops: list[str] = Field(description="paths of JPEGs, best first")


class FoundAnswer(AnswerModel):
    """What a search by photo found."""

    people: list[PhotoPersonAnswer] = Field(
        description="where the photo shows several, who are to be chosen from"
    )
    box: tuple[float, float, float, float] | None = Field(description="the person who was searched for")
    verdict: Literal["found", "not_found", "cannot_say"] | None = Field(
        description="null: no person was chosen yet"
    )
    sentence: str
    hits: list[HitAnswer] = Field(description="nearest first")


class HalvesAnswer(AnswerModel):
    """Two sides of a person that appearance suggests, as ids of tracklets."""

    one: list[str]
    other: list[str] = Field(description="the smaller one; empty: there is nothing to split")


class SpanAnswer(WhenAnswer):
    """A tracklet on the timeline."""

    tracklet: str
    run: str
    camera: ReviewCameraAnswer
    person: NamedAnswer
    video: bool


class BoxesAnswer(AnswerModel):
    """Where a tracklet was, for the player."""

    video: str | None = Field(description="path of the video; null: there is none at hand")
    annotated: bool = Field(description="whether it is the annotated one")
    size: tuple[int, int] | None = Field(
        description="width and height that boxes are in; null: the video's own"
    )
    times_s: list[float] = Field(description="in the video")
    boxes: list[tuple[float, float, float, float]] = Field(description="left, top, right, bottom in pixels")
    crops: list[str] = Field(description="paths of JPEGs of the tracklet, best first")


class ReviewDecisionAnswer(AnswerModel):
    """One decision."""

    number: int
    at: str = Field(description="ISO 8601, UTC")
    kind: str
    told: str = Field(description="one sentence")
    by: str | None
    undone: str | None = Field(description="ISO 8601, UTC; null: it holds")
