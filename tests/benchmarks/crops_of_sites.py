"""Crops of sites in several cameras, with queries and a gallery: what camera normalisation is measured on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.retrieval.measure import joined
from reid.datasets.crops import named
from reid.datasets.open import as_kind, open_data_set

PEOPLE_OF_SITE = 12

Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crops:
    """Crops of one or more sites; a camera belongs to one site."""

    name: str
    paths: Sequence[Path]
    persons: Labels  # (N,)
    cameras: Labels  # (N,)
    tracklets: Labels  # (N,)
    sites: Labels  # (N,)
    queries: NDArray[np.bool_]  # (N,)
    gallery: NDArray[np.bool_]  # (N,)


def of_set(name: str, root: Path, people: int | None) -> Crops:
    """A data set with queries and a gallery; the first `people` of it. An image may be in both."""
    data = open_data_set(as_kind("market1501"), root)
    asked = {path.name for path in data.query.paths}
    offered = {path.name for path in data.gallery.paths}
    shared = np.array([path.name in offered for path in data.query.paths], np.bool_)
    both = joined(data.gallery, data.query.select(~shared))
    both = both.select(np.isin(both.persons, np.unique(both.persons[both.persons >= 0])[:people]))
    return Crops(
        name=name,
        paths=both.paths,
        persons=both.persons,
        cameras=both.cameras,
        tracklets=both.tracklets,
        sites=np.zeros(len(both), np.int64),
        queries=np.array([path.name in asked for path in both.paths], np.bool_),
        gallery=np.array([path.name in offered for path in both.paths], np.bool_),
    )


def of_sites(name: str, root: Path, people: int | None) -> Crops:
    """Crops of many small sites; the first `people` of them."""
    split = named(root)
    split = split.select(np.isin(split.persons, np.unique(split.persons)[:people]))
    _, order = np.unique(split.persons, return_inverse=True)
    sites = order // PEOPLE_OF_SITE
    every = np.ones(len(split), np.bool_)
    return Crops(
        name=name,
        paths=split.paths,
        persons=split.persons,
        cameras=sites * len(split.camera_names) + split.cameras,
        tracklets=split.tracklets,
        sites=sites,
        queries=every,
        gallery=every,
    )
