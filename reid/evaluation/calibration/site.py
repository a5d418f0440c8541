"""A site's calibration as a file: what unlabelled pairs came to, on top of what labelled crops said."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from reid.calibration_record import Calibration, ProbabilityMap, SameCamera, UnseenSite
from reid.evaluation.calibration.points import OperatingPoint
from reid.evaluation.calibration.unlabelled import (
    GRID,
    PRIOR_HALVES,
    PRIOR_MEETINGS,
    Corrected,
    Proven,
    rates,
)
from reid.types import Array

EVERY = 5  # of GRID, in the file: steps of 0.01


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Base:
    """Start of a site's threshold: labelled crops of the encoder, or what is usual for encoders."""

    name: str
    calibration: Calibration | None
    relation: SameCamera
    centre: Array
    distance: float  # at the operating point

    def moved_by(self, shift: float) -> float:
        """The threshold of a site, as it stands in the file."""
        return round(float(np.clip(self.distance + shift, GRID[0], GRID[-1])), 3)


def calibration(
    encoder_id: str,
    people: int,
    base: Base,
    site: Proven,
    found: Corrected,
    point: OperatingPoint,
) -> Calibration:
    """The site's own; `people` are about how many are there."""
    distance = base.moved_by(found.shift)
    at = np.array([distance])
    return Calibration(
        encoder_id=encoder_id,
        max_distance=distance,
        centre=base.centre,
        data_set=f"the site itself, without labels ({len(site.halves)} genuine and {len(site.meetings)} impostor "
        f"pairs), on {base.name}",
        operating_point=f"{point}, site of {people} people, {base.distance:.3f} moved by {found.shift:+.3f}",
        genuine_rate=float(rates(found.genuine, at)[0]),
        impostor_rate=float(rates(found.impostor, at)[0]),
        probability=_probability(base, found, people),
        unseen_site=_unseen(base, found),
    )


def _unseen(base: Base, found: Corrected) -> UnseenSite | None:
    """The rates to expect of labelled sites, moved by what this site's looks move the threshold by."""
    known = base.calibration.unseen_site if base.calibration else None
    return None if known is None else known.moved(found.shift_of_looks)


def _probability(base: Base, found: Corrected, people: int) -> ProbabilityMap | None:
    """The labelled map, moved by what this site's looks move the threshold by, at the odds of its people."""
    known = base.calibration.probability if base.calibration else None
    if known is None:
        return None
    distances = np.unique(np.clip(known.distances + found.shift_of_looks, 0, 2))
    probabilities = known(distances - found.shift_of_looks)
    odds = probabilities / np.maximum(1 - probabilities, 1e-12) * (known.people - 1) / (people - 1)
    return ProbabilityMap(distances=distances, probabilities=odds / (1 + odds), people=people)


def evidence(
    people: int, base: Base, site: Proven, found: Corrected, point: OperatingPoint
) -> dict[str, Any]:
    """Evidence for the site's threshold; `tracklets` as in a calibration on labelled crops."""
    low, high = map(base.moved_by, found.interval)
    grid = GRID[::EVERY]
    return {
        "site": {
            "base": base.name,
            "base_distance": round(base.distance, 4),
            "shift": round(found.shift, 4),
            "uncorrected_distance": found.uncorrected,
            "people": people,
            "cameras": {name: {"genuine": g, "impostor": i} for name, (g, i) in site.per_camera.items()},
            "trust": {
                "genuine": round(len(site.halves) / (len(site.halves) + PRIOR_HALVES), 4),
                "impostor": round(len(site.meetings) / (len(site.meetings) + PRIOR_MEETINGS), 4),
            },
        },
        "tracklets": {
            "items": site.tracklets,
            "genuine_pairs": len(site.halves),
            "impostor_pairs": len(site.meetings),
            "points": {str(point): {"distance": [base.moved_by(found.shift), low, high]}},
            "curves": {
                "distance": grid.tolist(),
                "genuine_rate": rates(found.genuine, grid).round(5).tolist(),
                "impostor_rate": rates(found.impostor, grid).round(5).tolist(),
            },
        },
    }
