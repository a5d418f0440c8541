"""Slow, obvious versions of what reid/zones computes."""

import itertools
from collections.abc import Sequence

Points = Sequence[tuple[float, float]]


def inside(polygon: Points, x: float, y: float) -> bool:
    """Ray casting: whether a ray to the right crosses the edge an odd number of times."""
    found = False
    for (ax, ay), (bx, by) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            found = not found
    return found


def stays(flags: Sequence[bool], times_s: Sequence[float], *, least_s: float) -> list[tuple[float, float]]:
    """Runs of True as (from, until), `until` the first time outside, or the last time of all.

    Interruptions shorter than `least_s` are bridged; then runs shorter than that are left out.
    """
    runs: list[tuple[float, float]] = []
    begun: float | None = None
    for flag, time_s in zip(flags, times_s, strict=True):
        if flag and begun is None:
            begun = time_s
        if not flag and begun is not None:
            runs.append((begun, time_s))
            begun = None
    if begun is not None:
        runs.append((begun, times_s[-1]))
    bridged: list[tuple[float, float]] = []
    for start, end in runs:
        if bridged and start - bridged[-1][1] < least_s:
            bridged[-1] = bridged[-1][0], end
        else:
            bridged.append((start, end))
    return [(start, end) for start, end in bridged if end - start >= least_s]


def crossings(line: Points, feet: Points) -> tuple[int, int]:
    """How often a way crosses a line of one piece from its left to its right, and back; y points down."""
    (ax, ay), (bx, by) = line
    to_right, to_left = 0, 0
    for (px, py), (qx, qy) in itertools.pairwise(feet):
        before = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
        after = (bx - ax) * (qy - ay) - (by - ay) * (qx - ax)
        if (before >= 0) == (after >= 0):
            continue
        share = before / (before - after)
        x, y = px + share * (qx - px), py + share * (qy - py)
        along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)
        if 0 <= along <= 1:
            to_right += int(after >= 0)
            to_left += int(after < 0)
    return to_right, to_left
