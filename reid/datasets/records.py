"""Labelled images of people: the one record type that every data set is read into."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]

DISTRACTOR = -1  # the person of images whose person no query shows: always wrong, never equal to each other


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """Images in a stable order, with person, camera and tracklet of each. Junk images are left out."""

    name: str
    paths: tuple[Path, ...]
    persons: Labels  # (N,) DISTRACTOR or from 0
    cameras: Labels  # (N,) positions in `camera_names`
    tracklets: Labels  # (N,) equal: one passage of one person through one camera
    camera_names: tuple[str, ...]
    camera_sites: tuple[str, ...] = ()  # site of each camera; none: all are at one
    person_names: Mapping[int, str] = field(default_factory=dict)  # where it is another text than the number

    def __post_init__(self) -> None:
        for name in ("persons", "cameras", "tracklets"):
            shape = getattr(self, name).shape
            if shape != (len(self.paths),):
                raise ValueError(f"Split.{name} must have shape ({len(self.paths)},), got {shape}")
        if len(self.camera_sites) not in (0, len(self.camera_names)):
            raise ValueError(f"Split.camera_sites must name the site of each of {self.camera_names}")
        if len(self.cameras) and not 0 <= self.cameras.min() <= self.cameras.max() < len(self.camera_names):
            raise ValueError(f"Split.cameras must be positions in {self.camera_names}")

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def people(self) -> int:
        """Number of people shown, distractors not counted."""
        return len(np.unique(self.persons[self.persons != DISTRACTOR]))

    def select(self, rows: Sequence[int] | NDArray[np.bool_] | Labels) -> "Split":
        """Select images by positions or mask."""
        positions = np.arange(len(self))[np.asarray(rows)]
        return replace(
            self,
            paths=tuple(self.paths[row] for row in positions.tolist()),
            persons=self.persons[positions],
            cameras=self.cameras[positions],
            tracklets=self.tracklets[positions],
        )

    def person_name(self, person: int) -> str:
        """Name of one of `persons` in the data set."""
        return self.person_names.get(person, str(person))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DataSet:
    """A benchmark: queries, the gallery that is searched, and notes, by the rule of person re-identification.

    The rule: images of the query's person in the query's camera do not count, neither as right nor as wrong.
    """

    name: str
    query: Split
    gallery: Split
    train: Split | None = None
    multi_query: Split | None = None  # more images of the query people in the query cameras
    distractors: Split | None = None  # a large extra gallery of DISTRACTORs
    notes: tuple[
        str, ...
    ] = ()  # what the check of the data set found worth saying: "3,819 junk images left out"
