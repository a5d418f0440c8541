"""What a calibration says of a search: false finds, detections and probabilities at a distance."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from reid.linking.calibration import checked
from reid.linking.calibration_file import CalibrationFile, MeasuredPairs, read_file

Floats = NDArray[np.float64]
Basis = Literal["searches", "images"]  # what the rates were measured on, see `SearchRates.of`

# That the person of a photo is among the people searched: even odds, as a photo says nothing about it.
PRESENT = 0.5
# With no event in n pairs, a rate is under 3 / n with 95 % (the rule of three)
UNSEEN = 3.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SearchRates:
    """Rates at ascending distances of photos to sightings, measured on labelled people."""

    basis: Basis
    distances: Floats  # (K,)
    genuine: Floats  # (K,) share of sightings of the photo's person within the distance
    impostor: Floats  # (K,) share of sightings of other people within it; never under `least`
    least: float  # the smallest rate of other people that the data can tell

    @classmethod
    def of(cls, file: CalibrationFile) -> "SearchRates | None":
        """The rates of a calibration; None: it was made without labels, or says nothing of single images.

        Photos compared with sightings (`searches`) where those were measured; else single images with single images
        (`images`), among which fewer of a person's are near.
        """
        evidence = file.evidence
        named: tuple[tuple[Basis, MeasuredPairs | None], ...] = ()
        if evidence is not None:
            named = (("searches", evidence.searches), ("images", evidence.images))
        for basis, unit in named:
            if unit is not None and unit.curves is not None and unit.impostor_pairs:
                least = UNSEEN / unit.impostor_pairs
                return cls(
                    basis=basis,
                    distances=np.array(unit.curves.distance),
                    genuine=np.array(unit.curves.genuine_rate),
                    impostor=np.maximum(np.array(unit.curves.impostor_rate), least),
                    least=least,
                )
        return None

    def false_finds(self, distance: float, sightings: int) -> float:
        """Expected number of `sightings` of other people within a distance."""
        return sightings * float(np.interp(distance, self.distances, self.impostor))

    def limit(self, false_finds: float, sightings: int) -> float | None:
        """The largest distance with at most so many expected false finds; None: the data cannot tell any.

        Nor is there one for no sightings.
        """
        if not sightings:
            return None
        within = self.impostor * sightings <= false_finds
        if not within[0]:
            return None
        last = len(within) - 1 if within.all() else int(np.argmin(within)) - 1
        if last == len(within) - 1:
            return float(self.distances[last])
        # straight between two distances, as `false_finds` is
        low, high = self.impostor[last : last + 2]
        share = (false_finds / sightings - low) / (high - low)
        return float(self.distances[last] + share * (self.distances[last + 1] - self.distances[last]))

    def detection(self, limit: float | None) -> float:
        """Share of a person's sightings within `limit`."""
        return 0.0 if limit is None else float(np.interp(limit, self.distances, self.genuine))

    def probability(self, distance: NDArray[np.floating], people: int) -> Floats:
        """Probability that a sighting at each distance shows the person of the photo.

        By Bayes' rule from how many sightings of the person and of others lie at that distance, never rising with it
        (isotonic regression), with PRESENT for the person to be one of the `people`.
        """
        there = PRESENT / max(people, 1)
        near = there * np.diff(self.genuine, prepend=0.0)
        others = (1 - there) * np.diff(self.impostor, prepend=0.0)
        weight = near + others
        filled = weight > 0
        if not filled.any():
            return np.full(np.shape(distance), there)
        steps = isotonic_regression(near[filled] / weight[filled], weights=weight[filled], increasing=False).x
        # each stretch between two distances by its middle
        middles = (self.distances - np.diff(self.distances, prepend=0.0) / 2)[filled]
        return np.asarray(np.interp(distance, middles, steps), dtype=np.float64)


def rates_of(path: Path | None, encoder_id: str) -> SearchRates | None:
    """The rates of a calibration file, which must be of the encoder in use; None: there are none.

    Raises:
        InputError: the file is missing or damaged, or is one of another encoder.
    """
    if path is None:
        return None
    file, calibration = read_file(path)
    checked(calibration, path, encoder_id, None)
    return SearchRates.of(file)
