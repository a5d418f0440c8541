"""The settings of `reid live`: those of the line, and those of what listens to it."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from reid.camera_config import Aspect, DetectorConfig, EncoderConfig, TrackerConfig, TrackletConfig
from reid.config import ZONES, LinkingConfig
from reid.live.config import ClipsConfig, OnlineConfig, SamplingConfig, SupervisionConfig
from reid.live.web.page_config import PageConfig
from reid.outputs.events.config import EventsConfig
from reid.section import Section
from reid.store.records import Named
from reid.zone_config import ZonesByCamera


class RetentionConfig(Section):
    """What is erased by itself."""

    days: Annotated[float, Field(gt=0)] | None = Field(
        30.0,
        description="sightings and events are erased after so many days, and people who were not seen since; "
        "null: never",
    )
    named: Named = Field(
        "keep",
        description="what days does to people with a name: keep (they stay, with the sightings whose vectors they "
        "are recognised by) or erase (as everybody)",
    )
    most_people: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="in the gallery: beyond, the person seen longest ago is erased, those without a name first; "
        "null: no limit",
    )


class LiveConfig(Section):
    """`reid live`: cameras to identities, as they happen."""

    cameras: tuple[str, ...] = Field(
        (),
        description="addresses (rtsp://, http:// for MJPEG, HLS and snapshots), numbers of video devices, or files, "
        "which are played at their own speed; each maybe as name=address, and as address#1 where the second of "
        "several video streams is meant",
    )
    secrets: Path | None = Field(
        None,
        description="YAML file of camera: {user: ..., password: ...}; the environment's REID_CAMERA_<NAME>_USER and "
        "_PASSWORD win over it",
    )
    offset_s: dict[str, float] = Field(
        {}, description="seconds to add to a camera's clock, by camera name: {lobby: -2.5}"
    )
    pixel_aspect: dict[str, Aspect] = Field(
        {},
        description="width of a pixel, as shown, by its height, by camera name, where a camera squeezes its frames "
        "and does not say so: {lobby: 2}",
    )
    output: Path = Field(Path("live"), description="folder of events and logs")
    gallery: Path | None = Field(
        None, description="SQLite file that remembers people; null: gallery.db in the output folder"
    )
    duration_s: Annotated[float, Field(gt=0)] | None = Field(
        None,
        description="stop after so long; null: at SIGINT or SIGTERM, or when all cameras are files and over",
    )
    zones: ZonesByCamera = Field({}, description=f"{ZONES}; those drawn on the page are kept beside these")
    supervision: SupervisionConfig = SupervisionConfig()
    sampling: SamplingConfig = SamplingConfig()
    detector: DetectorConfig = DetectorConfig()
    encoder: EncoderConfig = EncoderConfig()
    tracker: TrackerConfig = TrackerConfig()
    tracklets: TrackletConfig = TrackletConfig()
    linking: LinkingConfig = LinkingConfig()
    online: OnlineConfig = OnlineConfig()
    retention: RetentionConfig = RetentionConfig()
    events: EventsConfig = EventsConfig()
    clips: ClipsConfig = ClipsConfig()
    page: PageConfig = PageConfig()
