"""What a calibration says of an encoder: its threshold, the probability of a distance, and the evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from reid.types import Array, expect_shape

_LONGEST_MEAN = 1.001  # of unit vectors, as rounded in a file


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProbabilityMap:
    """How likely two tracklets that are so far apart are one person, at a site of so many people.

    Straight lines between knots, level beyond the first and the last. More people make the same distance
    less convincing: there are more strangers who may look alike.
    """

    distances: NDArray[np.float64]  # (K,) ascending
    probabilities: NDArray[np.float64]  # (K,) in [0, 1], never ascending
    people: int  # who were at the site that it holds for

    def __post_init__(self) -> None:
        expect_shape("ProbabilityMap.distances", self.distances, (None,))
        expect_shape("ProbabilityMap.probabilities", self.probabilities, (len(self.distances),))
        if not len(self.distances) or np.any(np.diff(self.distances) <= 0):
            raise ValueError("ProbabilityMap.distances must ascend, and be at least one")
        if self.people < 1:
            raise ValueError(f"ProbabilityMap.people must be at least 1, got {self.people}")
        within = np.all((self.probabilities >= 0) & (self.probabilities <= 1))
        if not within or np.any(np.diff(self.probabilities) > 0):
            raise ValueError("ProbabilityMap.probabilities must lie in [0, 1] and never ascend")

    def __call__(self, distance: NDArray[np.floating] | float) -> NDArray[np.float64]:
        """Probabilities, in the shape of `distance`."""
        return np.asarray(np.interp(distance, self.distances, self.probabilities), dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SameCamera:
    """Distances within a camera, which a recording proves, beside those across cameras, which links go by.

    Measured on tracklets of labelled people; see reid/evaluation/calibration/relation.py.
    """

    people: int  # at a site
    halves: float  # mean distance of the first to the second half of a tracklet
    meetings_median: float  # of two people in one camera
    meetings_spread: float  # root mean square below that median
    genuine: NDArray[np.float64]  # (Q,) quantiles at LEVELS, ascending: one person in two cameras
    impostor: NDArray[np.float64]  # (Q,) two people in two cameras

    def __post_init__(self) -> None:
        for name in ("genuine", "impostor"):
            quantiles = getattr(self, name)
            expect_shape(f"SameCamera.{name}", quantiles, (len(self.genuine),))
            if not len(quantiles) or not np.all(np.isfinite(quantiles)) or np.any(np.diff(quantiles) < 0):
                raise ValueError(f"SameCamera.{name} must be finite and never descend")
        if not (np.isfinite([self.halves, self.meetings_median]).all() and self.meetings_spread > 0):
            raise ValueError("SameCamera needs finite distances and a positive meetings_spread")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnseenSite:
    """Rates to expect at a site that the calibration has not seen, see reid/evaluation/calibration/unseen.py.

    The rate of a site is a draw from a beta distribution: its mean, and its spread, the share that its variance
    has of the largest possible one (0: all sites are alike, 1: a site has all errors or none).
    """

    sites: Mapping[str, int]  # number of labelled sites, by data set
    distances: NDArray[np.float64]  # (K,) ascending
    false_non_match: NDArray[np.float64]  # (K, 2) mean and spread of the share of a person's pairs beyond
    false_match: NDArray[np.float64]  # (K, 2) of the share of two people's pairs within

    def __post_init__(self) -> None:
        expect_shape("UnseenSite.distances", self.distances, (None,))
        if not len(self.distances) or np.any(np.diff(self.distances) <= 0):
            raise ValueError("UnseenSite.distances must ascend, and be at least one")
        for name in ("false_non_match", "false_match"):
            rates = getattr(self, name)
            expect_shape(f"UnseenSite.{name}", rates, (len(self.distances), 2))
            if not np.all((rates > 0) & (rates < 1)):
                raise ValueError(f"UnseenSite.{name} must lie between 0 and 1")

    def moved(self, shift: float) -> "UnseenSite":
        """The rates where all distances are larger by `shift`."""
        at = self.distances - shift

        def moved(rates: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.stack([np.interp(at, self.distances, column) for column in rates.T], axis=1)

        return replace(self, false_non_match=moved(self.false_non_match), false_match=moved(self.false_match))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """A distance threshold for one encoder, and the evaluation that chose it."""

    encoder_id: str
    max_distance: float  # between mean vectors of tracklets, taken from `centre`
    centre: Array  # (D,) mean vector of many people: what says "a person" and not who
    data_set: str
    operating_point: str  # how max_distance was chosen
    genuine_rate: float  # share of same-person pairs of tracklets within max_distance
    impostor_rate: float  # share of different-person pairs within max_distance
    probability: ProbabilityMap | None = None  # None: an old file, or too little was known
    # sorted names: own max_distance
    camera_pairs: Mapping[tuple[str, str], float] = field(default_factory=dict)
    same_camera: SameCamera | None = None  # None: an old file, or a site's own without labels
    unseen_site: UnseenSite | None = None  # None: an old file, or too few labelled sites

    def __post_init__(self) -> None:
        expect_shape("Calibration.centre", self.centre, (None,))
        # a mean of unit vectors; what is far longer turns every distance into 0
        if not len(self.centre) or not np.linalg.norm(self.centre.astype(np.float64)) <= _LONGEST_MEAN:
            raise ValueError(
                "Calibration.centre must be finite and at most 1 long, as means of unit vectors are"
            )
        if not 0 <= self.max_distance <= 2:
            raise ValueError(f"Calibration.max_distance must be between 0 and 2, got {self.max_distance}")
        for name in ("genuine_rate", "impostor_rate"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"Calibration.{name} must be between 0 and 1, got {getattr(self, name)}")
