"""Labelled crops, and the tracklets they make: what a calibration is measured on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.distance import unit
from reid.embedding.normalisation import shifts
from reid.types import Array

Labels = NDArray[np.int64]
DISTRACTOR = -1  # never searched for: an impostor to every person, compared with no other distractor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledCrops:
    """Vectors of one data set's crops, with person, camera and tracklet of each."""

    name: str
    vectors: Array  # (N, D) unit vectors of single crops
    persons: Labels  # (N,) DISTRACTOR or from 0
    cameras: Labels  # (N,) positions in `camera_names`
    tracklets: Labels  # (N,) equal: one passage of one person through one camera
    camera_names: tuple[str, ...]
    camera_sites: tuple[str, ...] = ()  # site of each camera; none: all are at one

    def __post_init__(self) -> None:
        if len(self.camera_sites) not in (0, len(self.camera_names)):
            raise ValueError(f"LabelledCrops.camera_sites must name the site of each of {self.camera_names}")
        people = len(np.unique(self.persons[self.persons != DISTRACTOR]))
        if people < 2:
            raise ValueError(f"{self.name} has crops of {people} people, at least 2 are needed")

    @property
    def people_in_two_cameras(self) -> int:
        """Number of people seen by two cameras or more: those who can be linked."""
        seen = np.unique(np.stack([self.persons, self.cameras])[:, self.persons != DISTRACTOR], axis=1)
        return int((np.unique(seen[0], return_counts=True)[1] > 1).sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Items:
    """Vectors that are compared: tracklets or single crops of one data set."""

    vectors: Array  # (N, D) unit length
    persons: Labels  # (N,) DISTRACTOR or from 0
    cameras: Labels  # (N,)

    def of(self, people: Labels) -> "Items":
        """The items that show `people`."""
        rows = np.isin(self.persons, people)
        return Items(vectors=self.vectors[rows], persons=self.persons[rows], cameras=self.cameras[rows])

    @property
    def people(self) -> Labels:
        """Persons shown, ascending, without distractors."""
        return np.unique(self.persons[self.persons != DISTRACTOR])


def centre_of(sets: Sequence[LabelledCrops]) -> Array:
    """(D,) mean vector of people; data sets count alike, whatever their sizes."""
    means = np.stack([crops.vectors.mean(axis=0) for crops in sets])
    return np.asarray(means.mean(axis=0), dtype=np.float32)


def images(crops: LabelledCrops) -> Items:
    """Single crops, compared as a benchmark does: plain cosine, without camera normalisation."""
    return Items(vectors=crops.vectors, persons=crops.persons, cameras=crops.cameras)


def sites(crops: LabelledCrops, size: int) -> Iterator[NDArray[np.bool_]]:
    """Masks (N,) of the crops at simulated sites of `size` people with successive ids, all in one of them.

    People of a data set often come in groups that share places, so successive ids are better company than
    people drawn at random. Sites are a little larger where the number of people is no multiple of `size`.
    Distractors are dealt out evenly.
    """
    people = np.unique(crops.persons[crops.persons != DISTRACTOR])
    count = max(1, len(people) // size)
    strangers = np.array_split(np.flatnonzero(crops.persons == DISTRACTOR), count)
    for own, extra in zip(np.array_split(people, count), strangers, strict=True):
        mask = np.isin(crops.persons, own)
        mask[extra] = True
        yield mask


def tracklets(crops: LabelledCrops, centre: Array, people_per_site: int) -> list[Items]:
    """Mean vectors of passages, site by site, as linking compares them: camera normalisation applied, from `centre`.

    Distractors are moved by the shift of their camera but have no part in its estimate: who is no person says
    nothing about what the camera does to people.
    """
    return [_site(crops, mask, centre) for mask in sites(crops, people_per_site)]


def sightings(crops: LabelledCrops, centre: Array, people_per_site: int) -> Items:
    """Mean vectors of passages as a gallery keeps them: the same, not taken from `centre`."""
    return joined([_site(crops, mask, centre, centred=False) for mask in sites(crops, people_per_site)])


def joined(parts: Sequence[Items]) -> Items:
    """The items of several sites of one data set."""
    return Items(
        vectors=np.concatenate([part.vectors for part in parts]),
        persons=np.concatenate([part.persons for part in parts]),
        cameras=np.concatenate([part.cameras for part in parts]),
    )


def _site(crops: LabelledCrops, mask: NDArray[np.bool_], centre: Array, *, centred: bool = True) -> Items:
    inside = np.flatnonzero(mask)
    _, first, rows = np.unique(crops.tracklets[inside], return_index=True, return_inverse=True)
    order = np.argsort(rows, kind="stable")
    passages = np.split(crops.vectors[inside[order]], np.cumsum(np.bincount(rows))[:-1])
    persons, cameras = crops.persons[inside[first]], crops.cameras[inside[first]]
    known = np.flatnonzero(persons != DISTRACTOR)
    found = shifts([passages[i] for i in known], [str(cameras[i]) for i in known], centre)
    means = []
    for own, camera in zip(passages, cameras.tolist(), strict=True):
        moved = unit(own - found[str(camera)]) if str(camera) in found else own
        means.append((unit(moved - centre) if centred else moved).mean(axis=0))
    return Items(vectors=unit(np.stack(means)), persons=persons, cameras=cameras)
