"""What pairs of cameras say of each other: common ground, travel times, and which links these refuse or favour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reid.errors import InputError
from reid.linking.constraints import among
from reid.linking.feet import feet
from reid.linking.overlap import Overlap, from_points, overlap
from reid.linking.travel import Travel, travel
from reid.types import Tracklet

Points = Sequence[Sequence[float]]  # (K, 4): x1, y1, x2, y2
Answer = Literal["overlapping", "apart", "set by hand", "not known"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairDecision:
    """What was decided on two cameras, and on what evidence."""

    cameras: tuple[str, str]
    answer: Answer
    why: tuple[str, ...]  # sentences
    overlap: Overlap | None = None
    travel: Travel | None = None
    refused: int = 0  # pairs of tracklets within the linking distance that cannot be one person
    helped: int = 0  # pairs that came within it by standing together
    hindered: int = 0  # pairs that went out of it by standing apart

    def facts(self) -> dict[str, Any]:
        """The record in run.json."""
        ground, walked = self.overlap, self.travel
        known = ground is not None and ground.ground is not None
        return {
            "cameras": list(self.cameras),
            "answer": self.answer,
            "why": list(self.why),
            "certain_links_at_once": None if ground is None else ground.certain,
            "agreeing_links": None if ground is None else ground.agreeing,
            "apart_body_heights": round(ground.apart, 3) if ground is not None and known else None,
            "refused_from_body_heights": round(ground.far, 3) if ground is not None and known else None,
            "travel_links": None if walked is None else walked.links,
            "travel_s": None
            if walked is None or walked.seconds is None
            else [round(s, 2) for s in walked.seconds],
            "least_travel_s": None if walked is None or walked.least_s is None else round(walked.least_s, 2),
            "links_refused": self.refused,
            "links_helped": self.helped,
            "links_hindered": self.hindered,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Between:
    """What all pairs of cameras say of a site's tracklets."""

    pairs: tuple[PairDecision, ...]
    apart: NDArray[np.bool_]  # (N, N) that cannot be one person
    distances: NDArray[
        np.float64
    ]  # (N, N) with the ground's evidence; below 0 where equal looks stand together


def between_cameras(
    tracklets: Sequence[Tracklet],
    distances: NDArray[np.float64],
    max_distance: float,
    *,
    min_travel_s: Mapping[str, float],
    same_ground: Mapping[str, Points],
    learn: bool,
) -> Between:
    """Learn what pairs of cameras have to do with each other, and hold the tracklets against it.

    Args:
        tracklets: in order of time.
        distances: (N, N) between the looks of tracklets; where nothing is known, they come back as they are.
        min_travel_s: set by hand; of these pairs of cameras nothing is learned.
        same_ground: points set by hand, by `"a-b"`; of cameras that are none any more they count for nothing.
        learn: else only points set by hand count.
    """
    names = sorted({t.camera_id for t in tracklets})
    own = {name: [i for i, t in enumerate(tracklets) if t.camera_id == name] for name in names}
    starts, ends = np.array([t.start_s for t in tracklets]), np.array([t.end_s for t in tracklets])
    apart, changed = np.zeros(distances.shape, dtype=bool), distances.copy()
    standing = feet(tracklets) if len(names) > 1 else []
    pairs = []
    for first, second in [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]:
        if among(min_travel_s, (first, second)):
            why = ("linking.min_travel_s is set for them",)
            pairs.append(PairDecision(cameras=(first, second), answer="set by hand", why=why))
            continue
        points = _points(same_ground, first, second)
        if not learn and points is None:
            continue
        ground = overlap(own[first], own[second], standing, distances, max_distance, points)
        walked = travel(starts, ends, own[first], own[second], distances, max_distance)
        if ground.ground is None and learn and walked.least_s is not None:
            block = np.ix_(own[first], own[second])
            gaps = np.maximum(starts[:, None], starts) - np.minimum(ends[:, None], ends)
            apart[block] |= gaps[block] < walked.least_s
        for key in ground.refused:
            apart[key] = True
        for key, change in (ground.changes or {}).items():
            changed[key] = changed[key[::-1]] = min(distances[key] + change, 2.0)
        pairs.append(_decided((first, second), ground, walked, own, apart, distances, changed, max_distance))
    return Between(pairs=tuple(pairs), apart=apart | apart.T, distances=changed)


def _decided(
    cameras: tuple[str, str],
    ground: Overlap,
    walked: Travel,
    own: Mapping[str, Sequence[int]],
    apart: NDArray[np.bool_],
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    max_distance: float,
) -> PairDecision:
    block = np.ix_(own[cameras[0]], own[cameras[1]])
    near, nearer, refused = before[block] <= max_distance, after[block] <= max_distance, apart[block]
    answer: Answer = "overlapping" if ground.ground is not None else walked.answer
    return PairDecision(
        cameras=cameras,
        answer=answer,
        why=(ground.why,) if ground.ground is not None else (ground.why, walked.why),
        overlap=ground,
        travel=walked,
        refused=int((near & refused).sum()),
        helped=int((~near & nearer & ~refused).sum()),
        hindered=int((near & ~nearer & ~refused).sum()),
    )


def check_same_ground(same_ground: Mapping[str, Points], cameras: Sequence[str]) -> None:
    """Raises InputError where a key names no pair of `cameras`, or points determine no relation of their grounds."""
    for key, points in same_ground.items():
        if not among({key: 0.0}, cameras):
            raise InputError(
                f"linking.same_ground: '{key}' names no pair of cameras; write camera-camera with two of "
                + ", ".join(cameras)
            )
        try:
            from_points(np.asarray(points, dtype=np.float64))
        except ValueError as error:
            raise InputError(f"linking.same_ground: {key}: {error}") from None


def _points(same_ground: Mapping[str, Points], first: str, second: str) -> NDArray[np.float64] | None:
    """Points (K, 4) of two cameras, the first one's first."""
    if f"{first}-{second}" in same_ground:
        return np.asarray(same_ground[f"{first}-{second}"], dtype=np.float64)
    if f"{second}-{first}" in same_ground:
        return np.asarray(same_ground[f"{second}-{first}"], dtype=np.float64)[:, [2, 3, 0, 1]]
    return None
