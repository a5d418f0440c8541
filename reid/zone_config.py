"""Settings of the zones and lines of cameras: what is drawn, what for, and whether it can be drawn so."""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from reid.errors import InputError
from reid.printable import printable
from reid.section import Section

Purpose = Literal["ignore", "count", "dwell"]
Point = tuple[float, float]  # shares of the frame's width and height, from its top left corner
MOST_POINTS = 100


class ZoneConfig(Section):
    """One zone (a polygon) or one line of a camera."""

    name: Annotated[str, Field(min_length=1, max_length=80)] = Field(description="of the zone or line")
    purpose: Purpose = Field(
        description="ignore (people in it are no detections), count (people who go in, or cross the line), "
        "dwell (count, and how long each person stays)"
    )
    polygon: tuple[Point, ...] = Field(
        (), description="corners of a zone, each x and y as shares of the frame's width and height, 0 to 1"
    )
    line: tuple[Point, ...] = Field(
        (), description="points of a line; `in` is from its left-hand side to its right-hand side"
    )

    @property
    def points(self) -> tuple[Point, ...]:
        """Of the polygon or the line."""
        return self.polygon or self.line

    @field_validator("name")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        plain = " ".join(name.split())
        if not plain or plain != printable(plain) or "/" in plain:  # it is part of addresses
            raise ValueError("must be a name of plain characters, without /")
        return plain

    @model_validator(mode="after")
    def _possible(self) -> Self:
        why = _complaint(self)
        if why is not None:
            raise ValueError(f"'{self.name}': {why}")
        return self


def _complaint(zone: ZoneConfig) -> str | None:
    """Why it cannot be drawn so; None: it can."""
    if bool(zone.polygon) == bool(zone.line):
        return "needs either a polygon (a zone) or a line"
    what, least = ("polygon", 3) if zone.polygon else ("line", 2)
    if len(zone.points) > MOST_POINTS:
        return f"the {what} has {len(zone.points)} points; {MOST_POINTS} is the most"
    if any(not 0 <= value <= 1 for point in zone.points for value in point):
        x, y = next(point for point in zone.points if not all(0 <= value <= 1 for value in point))
        return (
            f"the point ({x:g}, {y:g}) is outside the frame; points are shares of its width and height, 0 to 1 "
            "(divide pixels by the frame's width and height)"
        )
    if len(set(zone.points)) < least:
        return f"a {what} needs at least {least} different points, and has {len(set(zone.points))}"
    if zone.line and zone.purpose != "count":
        return f"a line can only have the purpose count, not {zone.purpose}"
    import shapely  # only where a zone is: it takes a tenth of a second

    shape = shapely.Polygon(zone.polygon) if zone.polygon else shapely.LineString(zone.line)
    if zone.polygon and not shape.is_valid:
        return "the polygon crosses or touches itself; draw its corners in order, around the zone"
    return None if shape.is_simple else "the line crosses itself; draw two lines instead"


def different_names(zones: Mapping[str, Sequence[ZoneConfig]]) -> Any:
    """Check that no camera has two zones or lines of one name."""
    for camera_id, own in zones.items():
        names = [zone.name for zone in own]
        if (twice := next((name for name in names if names.count(name) > 1), None)) is not None:
            raise ValueError(f"{camera_id} has two zones called '{twice}'; give each a name of its own")
    return zones


ZonesByCamera = Annotated[dict[str, tuple[ZoneConfig, ...]], AfterValidator(different_names)]


def check_zones(zones: Mapping[str, Sequence[ZoneConfig]], cameras: Collection[str]) -> None:
    """Raise an InputError where a zone is of a camera that is not among `cameras`."""
    for camera_id in zones:
        if camera_id not in cameras:
            raise InputError(f"zones: '{camera_id}' is no camera; there are {', '.join(cameras)}")
