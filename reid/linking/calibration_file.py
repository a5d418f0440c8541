"""What a calibration file says, key by key, with the values that each may have."""

from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reid.calibration_record import Calibration, ProbabilityMap, SameCamera, UnseenSite
from reid.errors import InputError
from reid.text_file import first_complaint, read_bytes

MOST_BYTES = 16 * 2**20
ADVICE = "; give another, or --max-distance"

Share = Annotated[float, Field(ge=0, le=1)]
Distance = Annotated[float, Field(ge=0, le=2)]
People = Annotated[int, Field(ge=1, le=10**9)]
Coordinate = Annotated[float, Field(ge=-1, le=1)]  # of a mean of unit vectors


class Part(BaseModel):
    """Keys that a run does not know are for people and other programs."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class Probability(Part):
    """See `ProbabilityMap`."""

    people: People
    distances: tuple[Distance, ...]
    probabilities: tuple[Share, ...]

    def map(self) -> ProbabilityMap:
        """The same as arrays; ValueError where they do not fit each other."""
        return ProbabilityMap(
            distances=np.array(self.distances, dtype=np.float64),
            probabilities=np.array(self.probabilities, dtype=np.float64),
            people=self.people,
        )


class WithinCamera(Part):
    """See `SameCamera`."""

    people: People
    halves: Distance
    meetings_median: Distance
    meetings_spread: Distance
    genuine: tuple[Distance, ...]
    impostor: tuple[Distance, ...]

    def quantiles(self) -> SameCamera:
        """The same as arrays; ValueError where they do not fit each other."""
        return SameCamera(
            people=self.people,
            halves=self.halves,
            meetings_median=self.meetings_median,
            meetings_spread=self.meetings_spread,
            genuine=np.array(self.genuine, dtype=np.float64),
            impostor=np.array(self.impostor, dtype=np.float64),
        )


class SiteToCome(Part):
    """See `UnseenSite`."""

    sites: dict[str, Annotated[int, Field(ge=1)]]
    distances: tuple[Distance, ...]
    false_non_match: tuple[tuple[Share, Share], ...]
    false_match: tuple[tuple[Share, Share], ...]

    def rates(self) -> UnseenSite:
        """The same as arrays; ValueError where they do not fit each other."""
        return UnseenSite(
            sites=self.sites,
            distances=np.array(self.distances, dtype=np.float64),
            false_non_match=np.array(self.false_non_match, dtype=np.float64),
            false_match=np.array(self.false_match, dtype=np.float64),
        )


class Curves(Part):
    """Rates at ascending distances."""

    distance: Annotated[tuple[Distance, ...], Field(min_length=1)]
    genuine_rate: tuple[Share, ...]
    impostor_rate: tuple[Share, ...]

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if not len(self.distance) == len(self.genuine_rate) == len(self.impostor_rate):
            raise ValueError("distance, genuine_rate and impostor_rate must be of one length")
        if np.any(np.diff(self.distance) <= 0):
            raise ValueError("distance must ascend")
        return self


class Point(Part):
    """An operating point: its distance, then the ends of the interval."""

    distance: Annotated[tuple[Distance, ...], Field(min_length=1)]


class Tracklets(Part):
    """What was measured on tracklets."""

    curves: Curves | None = None
    points: dict[str, Point] = {}
    missing: dict[str, str] = {}  # points that are not known, and why


class MeasuredPairs(Part):
    """What was measured on pairs of another kind than tracklets with tracklets."""

    impostor_pairs: Annotated[int, Field(ge=0)] = 0  # of two people
    curves: Curves | None = None


class Evidence(Part):
    """What the calibration was chosen by."""

    tracklets: Tracklets | None = None
    images: MeasuredPairs | None = None  # single images with single images
    searches: MeasuredPairs | None = None  # single images with tracklets; None: an old file
    site: dict[str, Any] | None = None  # of a calibration without labels


class CalibrationFile(Part):
    """The whole file."""

    encoder_id: str
    max_distance: Distance
    centre: Annotated[tuple[Coordinate, ...], Field(min_length=1)]
    data_set: str
    operating_point: str
    genuine_rate: Share
    impostor_rate: Share
    probability: Probability | None = None
    camera_pairs: tuple[tuple[str, str, Distance], ...] = ()
    same_camera: WithinCamera | None = None
    unseen_site: SiteToCome | None = None
    evidence: Evidence | None = None

    def calibration(self) -> Calibration:
        """What a run uses; ValueError where parts do not fit each other."""
        return Calibration(
            encoder_id=self.encoder_id,
            max_distance=self.max_distance,
            centre=np.array(self.centre, dtype=np.float32),
            data_set=self.data_set,
            operating_point=self.operating_point,
            genuine_rate=self.genuine_rate,
            impostor_rate=self.impostor_rate,
            probability=self.probability.map() if self.probability else None,
            camera_pairs={(min(a, b), max(a, b)): distance for a, b, distance in self.camera_pairs},
            same_camera=self.same_camera.quantiles() if self.same_camera else None,
            unseen_site=self.unseen_site.rates() if self.unseen_site else None,
        )

    @property
    def measured(self) -> Tracklets:
        """What was measured on tracklets; nothing where the file is old."""
        return (self.evidence and self.evidence.tracklets) or Tracklets()


def read_file(path: Path) -> tuple[CalibrationFile, Calibration]:
    """A calibration file as it is, and what a run uses of it.

    Raises:
        InputError: the file is missing or damaged.
    """
    content = read_bytes(path, "a calibration file", most=MOST_BYTES, advice=ADVICE)
    try:
        file = CalibrationFile.model_validate_json(content)
        return file, file.calibration()
    except ValidationError as error:
        raise InputError(f"{path}: not a calibration file ({first_complaint(error)}){ADVICE}") from None
    except ValueError as error:
        raise InputError(f"{path}: not a calibration file ({error}){ADVICE}") from None
