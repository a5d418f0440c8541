"""The typed sections that pipeline configs are composed of. Tuned defaults live here and nowhere else.

Every field says what it is for and its unit; `configs/*.yaml` and the command line's flags are made from this.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    Field,
    field_validator,
)

from reid.camera_config import DetectorConfig, EncoderConfig, SourceConfig, TrackerConfig, TrackletConfig
from reid.extension_settings import NamesAdded, options_of_each
from reid.section import Distance, OptionsByName, Seconds, Section
from reid.tables import WRITERS
from reid.zone_config import ZonesByCamera

GroundPoint = tuple[float, float, float, float]  # x, y in one frame, x, y in the other
ZONES = (
    "zones and lines by camera name, see docs/zones.md: {lobby: [{name: desk, purpose: dwell, polygon: [[0.1, 0.5], "
    "[0.4, 0.5], [0.4, 0.9]]}, {name: door, purpose: count, line: [[0.7, 0.4], [0.7, 0.6]]}]}; points are shares of "
    "the frame's width and height; purpose: ignore, count or dwell"
)


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
    blur: Literal["none", "all"] = Field(
        "none",
        description="people in the annotated videos: none or all of them blurred; boxes and names stay",
    )
    tracks: bool = Field(True, description="tracks/<camera>.txt, MOTChallenge lines with global person ids")
    tables: bool = Field(
        True,
        description="identities.json, tracklets.csv and tracklets.parquet; zones.csv where there are zones",
    )
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
    zones: ZonesByCamera = Field({}, description=ZONES)
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
