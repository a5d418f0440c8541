"""The zones and lines of one camera as geometry in the pixels of its frames.

The foot point of a box decides where a person is: the middle of its bottom edge, moved into the frame where the box
reaches out of it.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from reid.types import Array
from reid.zone_config import Point, ZoneConfig

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
# of a person's height: a foot so near to a line or to a zone's edge may be on either side of it
MARGIN = 0.05
BORDER = 0.01  # of the frame's size: a corner drawn so near to the frame's border is meant to lie on it


def feet_of(boxes: Array, size: tuple[int, int]) -> Floats:
    """Foot points (N, 2) of boxes (N, 4), within a frame of (width, height)."""
    points = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1).astype(np.float64)
    within = 1e-3  # pixels: a line drawn to the border is crossed there, too
    return np.clip(points, within, np.asarray(size) - within)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Positions:
    """Where N people are, for each of Z zones and lines."""

    feet: Floats  # (N, 2)
    inside: Bools  # (N, Z) the foot is in the zone; False for lines
    clear: Bools  # (N, Z) the foot is farther than the margin from the line, or from the zone's edge


class Shape:
    """One zone or line in the pixels of a frame."""

    def __init__(self, zone: ZoneConfig, size: tuple[int, int]) -> None:
        self.zone = zone
        points = _pixels(zone.points, size)
        if zone.line:
            self._area, self._edge = None, shapely.LineString(points)
            self._widest = np.inf
            self._steps = list(itertools.pairwise(points))
        else:
            self._area = shapely.Polygon(points)
            # people go out of view at the frame's border, not out of the zone
            self._edge = self._area.boundary.difference(shapely.box(0, 0, *size).boundary)
            # a narrow zone could have no point farther from its edge than the margin
            self._widest = shapely.maximum_inscribed_circle(self._area).length / 2
            shapely.prepare(self._area)
        shapely.prepare(self._edge)

    def inside(self, feet: Floats) -> Bools:
        """Which of the points (N, 2) are in the zone; none is in a line."""
        if self._area is None:
            return np.zeros(len(feet), dtype=bool)
        return np.asarray(shapely.intersects_xy(self._area, feet))

    def clear(self, points: Any, heights: Floats) -> Bools:
        """Which of N points (of shapely) of people of such heights are beyond the margin."""
        if self._edge.is_empty:
            return np.ones(len(heights), dtype=bool)
        return np.asarray(shapely.distance(self._edge, points) >= np.minimum(MARGIN * heights, self._widest))

    def crossed(self, before: Floats, after: Floats) -> int:
        """How often a step of a foot crosses the line: 1 each time from its left to its right, -1 the other way."""
        return sum(_crossing(before, after, a, b) for a, b in self._steps)


def _pixels(points: Sequence[Point], size: tuple[int, int]) -> Floats:
    shares = np.asarray(points, dtype=np.float64)
    to_border = np.where(shares < BORDER, 0.0, np.where(shares > 1 - BORDER, 1.0, shares))
    if len(shares) < 3 or (shapely.Polygon(to_border).is_valid and shapely.Polygon(to_border).area > 0):
        shares = to_border  # else it is a zone that is no wider than that
    return shares * np.asarray(size, dtype=np.float64)


def _crossing(before: Floats, after: Floats, a: Floats, b: Floats) -> int:
    """Whether a step crosses one straight piece of a line, and which way; a foot on the line is right of it."""
    from_, to = _side(a, b, before) >= 0, _side(a, b, after) >= 0
    if from_ == to:
        return 0
    # the ends of the piece lie on two sides of the step; one of them belongs to it, so that two pieces share none
    if (_side(before, after, a) > 0) == (_side(before, after, b) > 0):
        return 0
    return 1 if to else -1


def _side(a: Floats, b: Floats, point: Floats) -> float:
    """Above 0: the point is right of the way from a to b, as the frame is seen (y points down)."""
    return float((b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]))


class CameraShapes:
    """All zones and lines of one camera, in frames of one size.

    Args:
        size: width and height of the frames in pixels.
    """

    def __init__(self, zones: Sequence[ZoneConfig], size: tuple[int, int]) -> None:
        self.size = size
        shapes = [Shape(zone, size) for zone in zones]
        self._ignored = [shape for shape in shapes if shape.zone.purpose == "ignore"]
        self.shapes = [shape for shape in shapes if shape.zone.purpose != "ignore"]

    def kept(self, boxes: Array) -> Bools:
        """Which of the boxes (N, 4) have their feet in no zone to ignore."""
        feet = feet_of(boxes, self.size)
        kept = np.ones(len(feet), dtype=bool)
        for shape in self._ignored:
            kept &= ~shape.inside(feet)
        return kept

    def positions(self, boxes: Array) -> Positions:
        """Where people with boxes (N, 4) are."""
        feet = feet_of(boxes, self.size)
        points = shapely.points(feet)
        heights = np.maximum(boxes[:, 3] - boxes[:, 1], 1.0).astype(np.float64)
        shape = (len(feet), len(self.shapes))
        inside, clear = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
        for column, one in enumerate(self.shapes):
            inside[:, column] = one.inside(feet)
            clear[:, column] = one.clear(points, heights)
        return Positions(feet=feet, inside=inside, clear=clear)
