"""Settings of one camera's way from its frames to tracklets. Tuned defaults live here and in `reid.config` alone.

Every field says what it is for and its unit; `configs/*.yaml` and the command line's flags are made from this.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from reid.errors import InputError
from reid.extension_settings import options_of
from reid.section import Distance, Megapixels, Options, Seconds, Section, Share
from reid.tables import DETECTORS, ENCODER_BACKENDS, TRACKERS, BackendName, DetectorName, TrackerName
from reid.wall_clock import zone_of

Aspect = Annotated[float, Field(ge=1 / 8, le=8)]  # width of a pixel by its height, within what is sensible
# YAML reads 0 as a number
ClassName = Annotated[str, BeforeValidator(lambda given: str(given) if type(given) is int else given)]


def _iso_time(value: object) -> datetime:
    """An ISO 8601 moment with its zone; a bare number, which pydantic would take for Unix time, is none."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise ValueError("must be a time such as 2026-11-21T08:00:00+01:00") from None
    # what lies near the ends of the calendar cannot be moved between zones
    if not 1900 <= moment.year < 9000:
        raise ValueError("must be a time such as 2026-11-21T08:00:00+01:00")
    if moment.tzinfo is None:
        raise ValueError(f"must name its zone, as in {moment.isoformat()}+01:00 or {moment.isoformat()}Z")
    return moment


class SourceConfig(Section):
    """What part of the recordings is read."""

    fps: Annotated[float, Field(gt=0)] | None = Field(
        None, description="frames per second to process; null: every frame of the recording"
    )
    start_s: Seconds = Field(0.0, description="skip this many seconds at the beginning of every camera")
    end_s: Annotated[float, Field(gt=0)] | None = Field(
        None, description="stop at this many seconds from the beginning; null: at the end"
    )
    offset_s: dict[str, float] = Field(
        {},
        description="seconds to add to a camera's clock, by camera name, against clock skew: {lobby: -2.5}",
    )
    started_at: dict[str, Annotated[datetime, BeforeValidator(_iso_time)]] = Field(
        {},
        description="when a camera's first file began, by camera name, with its zone: "
        "{lobby: 2026-11-21T08:00:00+01:00}; else the container's creation time or the file's name tells",
    )
    timezone: str | None = Field(
        None,
        description="zone of times that name none, as in file names, and of those that are shown: Europe/Berlin, "
        "+01:00; null: this machine's",
    )
    image_folder_fps: Annotated[float, Field(gt=0)] = Field(
        25.0, description="frames per second of folders of images, which carry no times"
    )
    raw_fps: Annotated[float, Field(gt=0)] | None = Field(
        None,
        description="frames per second of raw streams (.264, .265), which carry no times; null: what the codec's "
        "header says",
    )
    pixel_aspect: dict[str, Aspect] = Field(
        {},
        description="width of a pixel, as shown, by its height, by camera name, where a recorder squeezes its "
        "frames and does not say so: {lobby: 2}",
    )
    max_megapixels: Megapixels = Field(
        200.0, description="millions of pixels; frames that declare more are refused before they are decoded"
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        try:
            zone_of(name)
        except InputError as error:
            raise ValueError(str(error)) from None
        return name

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.end_s is not None and self.end_s <= self.start_s:
            raise ValueError(f"end_s ({self.end_s:g}) must be greater than start_s ({self.start_s:g})")
        return self


class DetectorConfig(Section):
    """The network that finds people: anything ultralytics loads."""

    kind: DetectorName = Field(
        "ultralytics", description="what loads and runs it; other packages can add some, see docs/extend.md"
    )
    options: Annotated[Options, options_of(DETECTORS, "kind")] = Field(
        {}, description="settings of a detector that another package adds, by name: {stride: 4}"
    )
    weights: Path | None = Field(
        None,
        description="detector file (.pt, .onnx, .engine) or OpenVINO folder, of the tasks detect, segment, pose or "
        "obb, or shipped:NAME, see `reid weights`; null: the one that ships",
    )
    classes: tuple[ClassName, ...] = Field(
        (),
        description="classes of the detector that are people, by name or number, such as [person, rider]; empty: "
        "those called person, pedestrian, people or human",
    )
    confidence: Share = Field(
        0.1, description="drop detections below this confidence; trackers use weak ones too"
    )
    iou: Share = Field(
        0.5, description="non-maximum suppression: drop the weaker of two boxes that overlap more"
    )
    image_size: Annotated[int, Field(ge=32, multiple_of=32)] = Field(
        640,
        description="longer side of the network's input, in pixels; exported detectors have theirs built in",
    )
    batch: Annotated[int, Field(ge=1)] = Field(
        8, description="frames per call of the detector and the encoder"
    )
    device: str = Field("auto", description="auto, cpu, cuda:0, mps")
    backend: Literal["auto", "native", "openvino"] = Field(
        "auto", description="openvino exports .pt weights once and caches them; auto does so on a CPU"
    )


class EncoderConfig(Section):
    """The network that turns crops into vectors."""

    weights: Path | None = Field(
        None,
        description="torchreid checkpoint (.pth), ONNX (.onnx) or OpenVINO (.xml) re-identification network, or "
        "shipped:NAME, see `reid weights`; null: the one that ships",
    )
    backend: BackendName = Field(
        "auto",
        description="what runs the network; auto measures those of reid that can and takes the fastest",
    )
    options: Annotated[Options, options_of(ENCODER_BACKENDS, "backend")] = Field(
        {}, description="settings of a back end that another package adds, by name: {threads: 2}"
    )
    batch: Annotated[int, Field(ge=1)] = Field(32, description="crops per call at most")
    device: str = Field("auto", description="auto, cpu, cuda:0, mps")


class TrackerConfig(Section):
    """How boxes of successive frames become tracks."""

    kind: TrackerName = Field(
        "botsort",
        description="botsort and deepocsort use the encoder's vectors; bytetrack and ocsort only boxes",
    )
    options: Annotated[Options, options_of(TRACKERS, "kind")] = Field(
        {}, description="settings of a tracker that another package adds, by name: {reach_px: 80}"
    )
    high_confidence: Share = Field(0.25, description="detections at least this sure are matched first")
    low_confidence: Share = Field(
        0.1, description="weaker ones continue existing tracks down to this confidence"
    )
    new_confidence: Share = Field(0.4, description="a new track begins with a detection at least this sure")
    match_threshold: Share = Field(
        0.8, description="largest cost (1 - IoU, weighted by confidence) of a match"
    )
    lost_s: Seconds = Field(2.0, description="seconds that a track survives without a detection")
    proximity: Share = Field(
        0.0,
        description="appearance counts only for boxes that overlap at least this much; more than 0 loses people who "
        "walk farther than their own width between two frames",
    )
    max_distance: Distance = Field(0.3, description="largest embedding distance of an appearance match")
    possible_speed: Annotated[float, Field(gt=0)] | None = Field(
        3.0,
        description="appearance counts only where a person can have got to, in body heights a second; a fast walk is "
        "1, a sprint 5; null: anywhere",
    )

    @model_validator(mode="after")
    def _weak_below_strong(self) -> Self:
        if self.low_confidence > self.high_confidence:
            raise ValueError(
                f"low_confidence ({self.low_confidence:g}) must be at most "
                f"high_confidence ({self.high_confidence:g})"
            )
        return self


class TrackletConfig(Section):
    """What is kept of a track, and where it is cut."""

    max_moments: Annotated[int, Field(ge=1)] = Field(
        12, description="vectors and crops kept per tracklet, spread over its time"
    )
    min_s: Seconds = Field(0.5, description="drop tracklets shorter than this many seconds")
    max_gap_s: Seconds = Field(2.0, description="cut a track where it is not seen for longer than this")
    max_length_s: Annotated[float, Field(gt=0)] = Field(
        300.0,
        description="cut tracks longer than this, so that memory stays bounded; linking joins the parts",
    )
    split_distance: Distance | None = Field(
        None,
        description="cut a track where its appearance before and after differ by more than this; null: the "
        "encoder's calibrated distance",
    )
    static_s: Annotated[float, Field(gt=0)] | None = Field(
        30.0,
        description="what is detected at one place again and again for so long, and does not change, is a thing "
        "(mannequin, poster, plant), and left out; null: nothing is",
    )
    static_change: Annotated[float, Field(gt=0, le=1)] = Field(
        0.1,
        description="share of its contrast by which a part of a thing's look may change, by noise and light; "
        "people who keep still change by more",
    )
    jpeg_quality: Annotated[int, Field(ge=1, le=100)] = Field(90, description="quality of the kept crops")
