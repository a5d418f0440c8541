"""The ground that two cameras both see: a homography between their foot points, and how far it can be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from reid.linking.feet import Feet, Floats

MOST_MOMENTS = 24  # of a pair of tracklets, spread over the time that they share
LONGEST_STEP_S = 0.6  # between two boxes that a foot point is interpolated from
OUTLIER = 0.4  # body heights; foot points farther off are outliers to the fit
FARTHEST = 1e3  # body heights; what lies behind a camera is so far away
BEYOND = 1.0  # body heights outside of what the relation was learned from; farther off it says nothing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Together:
    """Foot points of two tracklets of two cameras at the same moments."""

    a: Floats  # (M, 2) pixels of the first camera
    b: Floats  # (M, 2) of the second
    height_a: Floats  # (M,) pixels
    height_b: Floats  # (M,)

    def __len__(self) -> int:
        return len(self.a)


def together(a: Feet, b: Feet, offset_s: float = 0.0) -> Together:
    """Foot points at the moments of `a` that `b` shows too, interpolated, `offset_s` being added to b's clock."""
    times = b.times_s + offset_s
    if not len(times) or not len(a.times_s):
        rows = after = before = np.zeros(0, dtype=np.int64)
        share = np.zeros(0)
    else:
        after = np.clip(np.searchsorted(times, a.times_s - 1e-6), 0, len(times) - 1)
        exact = np.abs(times[after] - a.times_s) < 1e-6
        before = np.where(exact, after, np.maximum(after - 1, 0))
        span = times[after] - times[before]
        within = (times[before] <= a.times_s + 1e-6) & (a.times_s <= times[after] + 1e-6)
        rows = np.flatnonzero(within & (span <= LONGEST_STEP_S))
        if len(rows) > MOST_MOMENTS:
            rows = rows[np.linspace(0, len(rows) - 1, MOST_MOMENTS).astype(np.int64)]
        after, before = after[rows], before[rows]
        share = (a.times_s[rows] - times[before]) / np.maximum(times[after] - times[before], 1e-9)
    return Together(
        a=a.points[rows],
        b=b.points[before] + share[:, None] * (b.points[after] - b.points[before]),
        height_a=a.heights[rows],
        height_b=b.heights[before] + share * (b.heights[after] - b.heights[before]),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """A relation of foot points of camera a to those of camera b, (3, 3), and the places that it was learned from."""

    matrix: Floats
    seen_a: Floats  # (K, 2) convex outline, pixels of a
    seen_b: Floats

    def apart(self, pair: Together) -> Floats:
        """Distances (M,) of two people's feet at each moment, in body heights, errors of both weighed in.

        The first-order distance to the nearest two points that obey the relation (Sampson 1982), a body height in
        either frame counting as one: where a step in one frame is a street in the other, little is certain. Not a
        number where the relation was not learned: both points lie too far outside.
        """
        there = _sampson(self.matrix, self.seen_a, pair.a, pair.b, pair.height_a, pair.height_b)
        back = np.asarray(np.linalg.inv(self.matrix), dtype=np.float64)
        here = _sampson(back, self.seen_b, pair.b, pair.a, pair.height_b, pair.height_a)
        known_a = _outside(self.seen_a, pair.a) <= BEYOND * pair.height_a
        known_b = _outside(self.seen_b, pair.b) <= BEYOND * pair.height_b
        return np.asarray(np.where(known_a, there, np.where(known_b, here, np.nan)))


def fit(pairs: Sequence[Together]) -> Ground | None:
    """The relation that most foot points of `pairs` agree with; None where there is none.

    MAGSAC++ (Barath et al. 2020), in units of the median body height, then once more without the pairs whose
    median lies off: one wrong pair has no say.
    """
    if sum(map(len, pairs)) < 8:
        return None
    matrix = _homography(pairs)
    if matrix is None:
        return None
    ground = _ground(matrix, pairs)
    kept = [pair for pair in pairs if np.nan_to_num(far(ground, pair), nan=np.inf) < OUTLIER]
    if not kept or sum(map(len, kept)) < 8:
        return None
    better = _homography(kept)
    return None if better is None else _ground(better, kept)


def near(ground: Ground, pair: Together) -> float:
    """How far apart two people stand, the median of the moments, in body heights; not a number where not known."""
    apart = ground.apart(pair)
    return float(np.nanmedian(apart)) if np.isfinite(apart).any() else float("nan")


def far(ground: Ground, pair: Together) -> float:
    """How far apart two people stand at least: the lower quartile of the moments."""
    apart = ground.apart(pair)
    return float(np.nanquantile(apart, 0.25)) if np.isfinite(apart).any() else float("nan")


def _homography(pairs: Sequence[Together]) -> Floats | None:
    a, b = np.concatenate([p.a for p in pairs]), np.concatenate([p.b for p in pairs])
    unit_a = float(np.median(np.concatenate([p.height_a for p in pairs])))
    unit_b = float(np.median(np.concatenate([p.height_b for p in pairs])))
    found, _ = cv2.findHomography(
        a / unit_a, b / unit_b, cv2.USAC_MAGSAC, OUTLIER, maxIters=5000, confidence=0.999
    )
    if found is None or not np.all(np.isfinite(found)) or abs(np.linalg.det(found)) < 1e-9:
        return None
    return np.asarray(
        np.diag([unit_b, unit_b, 1]) @ found @ np.diag([1 / unit_a, 1 / unit_a, 1]), dtype=np.float64
    )


def _ground(matrix: Floats, pairs: Sequence[Together]) -> Ground:
    return Ground(
        matrix=matrix,
        seen_a=outline(np.concatenate([p.a for p in pairs])),
        seen_b=outline(np.concatenate([p.b for p in pairs])),
    )


def outline(points: Floats) -> Floats:
    """Convex outline (K, 2) of points."""
    hull = cv2.convexHull(points.astype(np.float32))
    return np.asarray(hull[:, 0], dtype=np.float64)


def _sampson(
    matrix: Floats, seen: Floats, a: Floats, b: Floats, height_a: Floats, height_b: Floats
) -> Floats:
    """(M,) see `Ground.apart`; FARTHEST where a point would lie behind the other camera."""
    ends = np.concatenate([a, seen]) @ matrix[:, :2].T + matrix[:, 2]
    usual, ends = np.sign(np.median(ends[len(a) :, 2])), ends[: len(a)]
    behind = ends[:, 2] * usual <= 1e-12
    scale = np.where(behind, 1.0, ends[:, 2])
    carried = ends[:, :2] / scale[:, None]
    slope = (matrix[None, :2, :2] - carried[:, :, None] * matrix[None, 2:, :2]) / scale[
        :, None, None
    ]  # (M, 2, 2)
    error = slope @ slope.transpose(0, 2, 1) * height_a[:, None, None] ** 2
    error += np.eye(2) * height_b[:, None, None] ** 2
    off = (carried - b)[:, :, None]
    squared = (off.transpose(0, 2, 1) @ np.linalg.solve(error, off))[:, 0, 0]
    return np.where(behind, FARTHEST, np.minimum(np.sqrt(np.maximum(squared, 0)), FARTHEST))


def _outside(hull: Floats, points: Floats) -> Floats:
    """(N,) how far points lie outside of a convex outline, pixels; not positive inside."""
    return np.array(
        [-cv2.pointPolygonTest(hull.astype(np.float32), (float(x), float(y)), True) for x, y in points]
    )
