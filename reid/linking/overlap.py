"""Cameras that see the same ground: learned from certain links, then held against every two people seen at once.

A relation counts only where links that it was not learned from obey it. Then two tracklets that stand far apart on
the common ground are two people, whatever they look like, and two that stand together are rather one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.linking.certain import (
    LEAST_MOMENTS,
    MOST_PAIRS,
    OBEYS,
    Key,
    certain_links,
    grown,
    held_out,
    simultaneous,
)
from reid.linking.feet import Feet, Floats
from reid.linking.ground import Ground, Together, far, fit, near, outline, together

SEEDS = 4  # certain links to begin with
ENOUGH_PAIRS = 5  # of tracklets that obey a relation they were not learned from
AGREEING = 0.6  # of the certain links, at least
ABOVE_CHANCE = 3  # times as many agree as would by chance
SPREAD = 0.15  # body heights that foot points spread in their narrower direction, at least
LEAST_FAR = 0.5  # body heights; nearer people are never kept apart
FAR_FACTOR = 3.0  # times what nine of ten certain links stay below
GREATEST_CHANGE = 0.2  # of the linking distance, that standing together or not may change a distance
FULL_EVIDENCE = 2.0  # decimal logarithm of the likelihood ratio at which that is reached
LEAST_LOG_SPREAD = 0.4  # of distances on the ground, so that few samples do not look sharper than they are
USUAL_NEAR, USUAL_FAR = (
    0.25,
    3.0,
)  # body heights, where a relation is given and too little is seen to measure them
OFFSETS_S = np.arange(-8.0, 8.01, 0.5)  # tried where nothing fits


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overlap:
    """Evidence on the common ground of two cameras."""

    ground: Ground | None  # None: not known
    why: str  # a sentence
    certain: int = 0  # links that it could be learned from
    agreeing: int = 0  # of these, held out, that obey it
    apart: float = float("nan")  # body heights, the median of those
    far: float = float("nan")  # body heights from which on two people cannot be one
    refused: frozenset[Key] = frozenset()
    changes: Mapping[Key, float] | None = None  # of distances, by pair of tracklets


def overlap(
    rows: Sequence[int],
    columns: Sequence[int],
    feet: Sequence[Feet],
    distances: NDArray[np.float64],
    max_distance: float,
    clicked: Floats | None = None,
) -> Overlap:
    """What two cameras' simultaneous tracklets say of their ground, and it of them.

    Args:
        rows, columns: the tracklets of the first and of the second camera, as rows of `distances`.
        feet: foot points of all tracklets.
        distances: (N, N) between the looks of tracklets.
        clicked: (K, 4) points `x1, y1, x2, y2` of the ground in both frames, set by hand; None: learn it.
    """
    pairs = simultaneous(rows, columns, feet)
    certain = certain_links(pairs, distances, max_distance)
    if len(certain) > MOST_PAIRS:
        certain = [certain[i] for i in np.linspace(0, len(certain) - 1, MOST_PAIRS).astype(int)]
    if clicked is not None:
        return _given(clicked, pairs, certain, max_distance)
    if len(certain) < SEEDS:
        why = f"{len(certain)} certain links at the same time, {SEEDS} needed"
        return Overlap(ground=None, certain=len(certain), why=why)
    return _learned(pairs, certain, feet, distances, max_distance)


def _learned(
    pairs: Mapping[Key, Together],
    certain: Sequence[Key],
    feet: Sequence[Feet],
    distances: NDArray[np.float64],
    max_distance: float,
) -> Overlap:
    """A relation from enough certain links, where links that were held out obey it."""
    within = [key for key in pairs if distances[key] <= max_distance]
    used = grown(fit([pairs[key] for key in certain]), within, pairs)
    held = dict(zip(used, held_out([pairs[key] for key in used]), strict=True))
    agreeing = [key for key in used if held[key][0] <= OBEYS]
    sure = len(set(certain).intersection(agreeing))
    if len(agreeing) < ENOUGH_PAIRS or sure < AGREEING * len(certain):
        why = f"only {sure} of {len(certain)} certain links agree on a common ground"
        why += _better_clock(certain, feet)
        return Overlap(ground=None, certain=len(certain), agreeing=len(agreeing), why=why)
    learned = [pairs[key] for key in agreeing]
    ground = fit(learned)
    if ground is None or min(_spread(learned)) < SPREAD:
        why = "the people of the certain links all walk along one line"
        return Overlap(ground=None, certain=len(certain), agreeing=len(agreeing), why=why)
    chance = _by_chance(ground, [pairs[key] for key in pairs if distances[key] > max_distance])
    if len(agreeing) < ABOVE_CHANCE * chance * len(within):
        why = f"{chance:.0%} of people who look different stand together too, so that says nothing"
        return Overlap(ground=None, certain=len(certain), agreeing=len(agreeing), why=why)
    likely = len(agreeing) - sure
    more = f" and {likely} likely {'one' if likely == 1 else 'ones'}" if likely else ""
    why = f"{sure} of {len(certain)} certain links{more}, each held out in turn, agree"
    return _judged(ground, why, pairs, agreeing, len(certain), [held[key] for key in agreeing], max_distance)


def _by_chance(ground: Ground, strangers: Sequence[Together]) -> float:
    """Share of pairs that look different and yet stand together."""
    closest = np.array([near(ground, pair) for pair in strangers])
    known = closest[~np.isnan(closest)]
    return float((known <= OBEYS).mean()) if len(known) else 0.0


def _spread(pairs: Sequence[Together]) -> tuple[float, float]:
    """Standard deviation of foot points in their narrower direction, body heights, in both frames."""
    found = []
    for side in ("a", "b"):
        points = np.concatenate([getattr(pair, side) for pair in pairs])
        height = np.median(np.concatenate([getattr(pair, f"height_{side}") for pair in pairs]))
        found.append(float(np.sqrt(max(np.linalg.eigvalsh(np.cov(points.T))[0], 0.0)) / height))
    return found[0], found[1]


def _judged(
    ground: Ground,
    why: str,
    pairs: Mapping[Key, Together],
    agreeing: Sequence[Key],
    certain: int,
    held: Sequence[tuple[float, float]],
    max_distance: float,
) -> Overlap:
    """Hold every simultaneous pair against a relation; `held` is what the agreeing ones keep to."""
    closest = {key: near(ground, pair) for key, pair in pairs.items()}
    least = {key: far(ground, pair) for key, pair in pairs.items()}
    own = [close for close, _ in held] or [USUAL_NEAR]
    limit = max(
        LEAST_FAR, FAR_FACTOR * float(np.quantile([close for close, _ in held] or [LEAST_FAR / 2], 0.9))
    )
    known = set(agreeing)
    others = [c for key, c in closest.items() if key not in known and np.isfinite(c)]
    refused = frozenset(key for key, value in least.items() if value > limit)
    changes = {
        key: -GREATEST_CHANGE * max_distance * evidence(value, own, others)
        for key, value in closest.items()
        if key not in refused and not np.isnan(value)
    }
    return Overlap(
        ground=ground,
        why=why,
        certain=certain,
        agreeing=len(held),
        apart=float(np.median(own)),
        far=limit,
        refused=refused,
        changes=changes,
    )


def evidence(value: float, own: Sequence[float], others: Sequence[float]) -> float:
    """How much a distance on the ground speaks for one person, -1 to 1: logarithm of the likelihood ratio, bounded.

    Both likelihoods are log-normal, `own` those of certain links that were held out, `others` those of further
    tracklets seen at once, most of which show two people. Closer than most certain links is no further evidence.
    """
    (middle, spread), (far_middle, far_spread) = _log_normal(own, USUAL_NEAR), _log_normal(others, USUAL_FAR)
    if not np.isfinite(value):
        return -1.0
    at = max(np.log(max(value, 1e-6)), middle)
    ratio = -np.log(spread) - ((at - middle) / spread) ** 2 / 2
    ratio -= -np.log(far_spread) - ((at - far_middle) / far_spread) ** 2 / 2
    return float(np.clip(ratio / np.log(10) / FULL_EVIDENCE, -1, 1))


def _log_normal(values: Sequence[float], usual: float) -> tuple[float, float]:
    known = np.log(np.maximum([v for v in values if np.isfinite(v)], 0.02))
    if len(known) < ENOUGH_PAIRS:
        return float(np.log(usual)), 1.0
    return float(np.median(known)), max(float(known.std()), LEAST_LOG_SPREAD)


def _given(
    clicked: Floats, pairs: Mapping[Key, Together], certain: Sequence[Key], max_distance: float
) -> Overlap:
    """As `overlap` with points set by hand, unless the certain links plainly contradict them."""
    ground = from_points(clicked)
    held = {key: (near(ground, pairs[key]), far(ground, pairs[key])) for key in certain}
    judged = [key for key in certain if np.isfinite(held[key][0])]
    agreeing = [key for key in judged if held[key][0] <= OBEYS]
    if len(judged) >= ENOUGH_PAIRS and len(agreeing) < (1 - AGREEING) * len(judged):
        why = (
            f"not used: {len(judged) - len(agreeing)} of {len(judged)} certain links contradict the points of "
            "linking.same_ground"
        )
        return Overlap(ground=None, certain=len(certain), agreeing=len(agreeing), why=why)
    why = "points set by hand, linking.same_ground"
    return _judged(ground, why, pairs, agreeing, len(certain), [held[k] for k in agreeing], max_distance)


def from_points(clicked: Floats) -> Ground:
    """The relation through points set by hand (K, 4), in the least squares.

    Raises:
        ValueError: they determine none: three of four lie on one line.
    """
    matrix, _ = cv2.findHomography(clicked[:, :2], clicked[:, 2:], 0)
    flat = [len(c) for c in (outline(clicked[:, :2]), outline(clicked[:, 2:]))]
    if matrix is None or not np.all(np.isfinite(matrix)) or min(flat) < 4:
        raise ValueError(
            "the points must be the corners of a four-sided area in both frames, no three on one line"
        )
    return Ground(
        matrix=np.asarray(matrix, dtype=np.float64),
        seen_a=outline(clicked[:, :2]),
        seen_b=outline(clicked[:, 2:]),
    )


def _better_clock(certain: Sequence[Key], feet: Sequence[Feet]) -> str:
    """Half a sentence on the clock offset at which certain links would agree; empty where there is none."""
    best: tuple[float, float, list[Together]] | None = None
    for offset in OFFSETS_S.tolist():
        pairs = [together(feet[a], feet[b], offset) for a, b in certain]
        pairs = [pair for pair in pairs if len(pair) >= LEAST_MOMENTS]
        ground = fit(pairs) if len(pairs) >= ENOUGH_PAIRS else None
        if ground is not None:
            middle = float(np.nanmedian([near(ground, pair) for pair in pairs]))
            if best is None or middle < best[0]:
                best = middle, offset, pairs
    if best is None or best[1] == 0:
        return ""
    agreeing = sum(close <= OBEYS for close, _ in held_out(best[2]))
    if agreeing < max(ENOUGH_PAIRS, AGREEING * len(best[2])):
        return ""
    return f"; they would with {best[1]:+g} s on the second camera's clock (source.offset_s)"
