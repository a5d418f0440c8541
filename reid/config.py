"""The typed sections that pipeline configs are composed of. Tuned defaults live here and nowhere else.

Every field says what it is for and its unit; `configs/*.yaml` and the command line's flags are made from this.
"""

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from reid.errors import InputError
from reid.extension_settings import NamesAdded, options_of, options_of_each
from reid.tables import DETECTORS, ENCODER_BACKENDS, TRACKERS, WRITERS, BackendName, DetectorName, TrackerName
from reid.wall_clock import zone_of

LONGEST_NAME = 255  # bytes, on every file system that is in use

Share = Annotated[float, Field(ge=0, le=1)]
Distance = Annotated[float, Field(ge=0, le=2)]
Seconds = Annotated[float, Field(ge=0)]
GroundPoint = tuple[float, float, float, float]  # x, y in one frame, x, y in the other
Aspect = Annotated[float, Field(ge=1 / 8, le=8)]  # width of a pixel by its height, within what is sensible
Megapixels = Annotated[float, Field(gt=0, le=1000)]  # OpenCV refuses more than 2 ** 30 pixels itself
Options = dict[str, Any]
OptionsByName = dict[str, Options]
# YAML reads 0 as a number
ClassName = Annotated[str, BeforeValidator(lambda given: str(given) if type(given) is int else given)]


class Section(BaseModel):
    """A frozen group of settings that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _possible_path(cls, value: Any) -> Any:
        if isinstance(value, Path):
            if "\0" in str(value):
                raise ValueError("a path cannot hold a NUL character")
            if any(len(os.fsencode(part)) > LONGEST_NAME for part in value.parts):
                raise ValueError(f"a name in a path has at most {LONGEST_NAME} bytes")
        return value


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


class LinkingConfig(Section):
    """How tracklets of all cameras become identities."""

    max_distance: Distance | None = Field(
        None,
        description="tracklets closer than this may be one person; null: from the encoder's calibration file",
    )
    calibration: Path | None = Field(
        None,
        description="calibration file; null: the one beside the weights, or the one shipped for the encoder",
    )
    min_travel_s: dict[str, Seconds] = Field(
        {},
        description="least seconds between two cameras: {lobby-street: 20}; no person is linked faster than that",
    )
    possible_motion: bool = Field(
        True,
        description="no person is linked within a camera faster than people there move; learned from their tracks. "
        "false: for a camera that turns or is carried",
    )
    learn_between: bool = Field(
        True,
        description="learn from certain links which cameras see the same ground and how long people walk between "
        "others, and refuse links that this makes impossible; run.json says what was learned",
    )
    same_ground: dict[str, Annotated[tuple[GroundPoint, ...], Field(min_length=4)]] = Field(
        {},
        description="four or more points of the ground that two cameras both see, x and y in pixels in the first "
        "one's frame and in the second's: {lobby-street: [[310, 420, 95, 388], ...]}; instead of learning it",
    )
    fragment_s: Seconds = Field(
        4.0, description="a person seen for fewer seconds than this in all is probably part of another person"
    )
    fragment_slack: Annotated[float, Field(ge=1)] = Field(
        1.3, description="and joins the nearest person up to this many times the linking distance away"
    )


class OutputConfig(Section):
    """What is written to the results folder."""

    video: bool = Field(True, description="annotated video of every camera (H.264)")
    tracks: bool = Field(True, description="tracks/<camera>.txt, MOTChallenge lines with global person ids")
    tables: bool = Field(True, description="identities.json, tracklets.csv and tracklets.parquet")
    crops: bool = Field(True, description="best crops of every person")
    report: bool = Field(
        True, description="report.html: timeline, contact sheets, links; one file, opens offline"
    )
    also: Annotated[tuple[str, ...], NamesAdded(WRITERS)] = Field(
        (), description="writers that other packages add, by name; each writes to also/NAME"
    )
    options: Annotated[OptionsByName, options_of_each(WRITERS, "also")] = Field(
        {}, description="settings of those writers, by writer: {geojson: {indent: 2}}"
    )


class VideoConfig(Section):
    """`reid video`: recordings to identities.

    >>> import reid
    >>> reid.VideoConfig(tracker={"kind": "bytetrack"}).linking.max_distance is None
    True
    """

    sources: tuple[str, ...] = Field(
        (),
        description="recordings: files, globs, folders of images, each maybe as name=path, and as path#1 where the "
        "second of several video streams is meant; one camera each",
    )
    output: Path = Field(Path("results"), description="results folder")
    overwrite: bool = Field(False, description="replace another run's results in the output folder")
    gallery: Path | None = Field(
        None, description="SQLite file that remembers people between runs; null: none"
    )
    workers: Annotated[int, Field(ge=0)] = Field(
        0, description="cameras processed at a time; 0: one per core"
    )
    source: SourceConfig = SourceConfig()
    detector: DetectorConfig = DetectorConfig()
    encoder: EncoderConfig = EncoderConfig()
    tracker: TrackerConfig = TrackerConfig()
    tracklets: TrackletConfig = TrackletConfig()
    linking: LinkingConfig = LinkingConfig()
    outputs: OutputConfig = OutputConfig()


class CalibrateConfig(Section):
    """`reid calibrate`: labelled crops, or a recording, to the distance that links."""

    encoder: EncoderConfig = EncoderConfig()
    results: Path | None = Field(
        None, description="folder that `reid video` has written: what the recording proves, without labels"
    )
    operating_point: str = Field(
        "max-f1",
        description="what the distance is chosen for: max-f1 (right and complete pairs), max-b3 (right and "
        "complete people, as linking clusters them), fmr=X (share of pairs of two people within it), keep-map=X "
        "(share of the mean average precision that matches within it keep)",
    )
    people_per_site: Annotated[int, Field(ge=2)] = Field(
        24,
        description="people at one site; more people need a smaller distance; with --from, as many as were found",
    )
    format: Literal["market1501", "msmt17", "cuhk03", "folder", "csv"] = Field(
        "market1501", description="how the crops are labelled; market1501: by their file names"
    )
    camera_pairs: bool = Field(
        True, description="let pairs of cameras that were seen often have a distance of their own"
    )
    output: Path | None = Field(
        None,
        description="calibration file; null: <weights>.calibration.json beside them, or in this folder if they ship",
    )
    chart: bool = Field(True, description="draw the distances beside the file, .png for .json")

    @field_validator("operating_point")
    @classmethod
    def _known_point(cls, text: str) -> str:
        kind, given, value = text.partition("=")
        if kind in ("max-f1", "max-b3") and not given:
            return text
        try:
            known = kind in ("fmr", "keep-map") and 0 < float(value) < 1
        except ValueError:
            known = False
        if not known:
            raise ValueError(
                "must be max-f1, max-b3, fmr=X or keep-map=X with X between 0 and 1, as in fmr=1e-4, keep-map=0.95"
            )
        return text
