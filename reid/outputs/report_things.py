"""The report's section of static things: detections that never moved and were left out."""

from collections.abc import Sequence
from dataclasses import dataclass

from reid.outputs.thumbnails import data_uri
from reid.outputs.timeline import Moments
from reid.types import StaticThing

MOST = 60  # shown; `static.json` has all of them
_HEIGHT_PX = 110


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingFigure:
    """One static thing as the report shows it."""

    camera: int
    since: str
    until: str
    detections: int
    uri: str | None  # of its crop


def left_out(things: Sequence[StaticThing], cameras: Sequence[str], moments: Moments) -> list[ThingFigure]:
    """At most `MOST` static things, by camera, those detected most often first."""
    order = sorted(things, key=lambda thing: (cameras.index(thing.camera_id), -thing.detections))
    return [
        ThingFigure(
            camera=cameras.index(thing.camera_id),
            since=moments(thing.first_s),
            until=moments(thing.last_s),
            detections=thing.detections,
            uri=data_uri(thing.crop, _HEIGHT_PX),
        )
        for thing in order[:MOST]
    ]
