"""Links that are certain by looks, of tracklets that two cameras see at once, and those that a relation adds."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from reid.linking.feet import Feet
from reid.linking.ground import Ground, Together, far, fit, near, together

LEAST_MOMENTS = 3  # that two tracklets share, to say anything
MARGIN = 0.1  # of the linking distance: how much nearer a certain link is than any other
MOST_PAIRS = 40  # certain links that are learned from, spread over the recording
OBEYS = 0.25  # body heights that the two foot points of one person may lie apart, errors weighed in

Key = tuple[int, int]  # rows of the two tracklets


def simultaneous(rows: Sequence[int], columns: Sequence[int], feet: Sequence[Feet]) -> dict[Key, Together]:
    found = {}
    shown = [column for column in columns if len(feet[column].times_s) >= LEAST_MOMENTS]
    starts = np.array([feet[column].times_s[0] for column in shown])
    ends = np.array([feet[column].times_s[-1] for column in shown])
    for row in rows:
        times = feet[row].times_s
        if len(times) < LEAST_MOMENTS:
            continue
        for place in np.flatnonzero((starts <= times[-1]) & (ends >= times[0])).tolist():
            pair = together(feet[row], feet[shown[place]])
            if len(pair) >= LEAST_MOMENTS:
                found[row, shown[place]] = pair
    return found


def certain_links(
    pairs: Mapping[Key, Together], distances: NDArray[np.float64], max_distance: float
) -> list[Key]:
    """Of tracklets seen at once, those that are each other's nearest by a margin and within the linking distance."""
    best: dict[tuple[str, int], list[float]] = {}
    for a, b in pairs:
        best.setdefault(("a", a), []).append(float(distances[a, b]))
        best.setdefault(("b", b), []).append(float(distances[a, b]))
    limit = {side: [*sorted(found), np.inf][:2] for side, found in best.items()}
    chosen = []
    for a, b in sorted(pairs):
        own = float(distances[a, b])
        if own > max_distance or own > limit["a", a][0] or own > limit["b", b][0]:
            continue
        if min(limit["a", a][1], limit["b", b][1]) >= own + MARGIN * max_distance:
            chosen.append((a, b))
    return chosen


def grown(ground: Ground | None, within: Sequence[Key], pairs: Mapping[Key, Together]) -> list[Key]:
    """Of pairs within the linking distance those that stand together by a first relation, nearest first, each once.

    So people in one uniform, who are never certain, add the places where they stood.
    """
    if ground is None:
        return []
    closest = {key: near(ground, pairs[key]) for key in within}
    found: list[Key] = []
    taken_a: set[int] = set()
    taken_b: set[int] = set()
    for key in sorted((k for k in within if closest[k] <= OBEYS), key=lambda k: (closest[k], k)):
        if key[0] not in taken_a and key[1] not in taken_b and len(found) < MOST_PAIRS:
            taken_a.add(key[0])
            taken_b.add(key[1])
            found.append(key)
    return sorted(found)


def held_out(pairs: Sequence[Together]) -> list[tuple[float, float]]:
    """How far apart each pair stands, `near` and `far`, by the other pairs; infinite where these are silent."""
    found = []
    for place, pair in enumerate(pairs):
        ground = fit([other for at, other in enumerate(pairs) if at != place])
        found.append((np.inf, np.inf) if ground is None else (near(ground, pair), far(ground, pair)))
    return found
