"""Persons and cameras of images; the gallery rows that match a query, or must not count."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.datasets.records import DISTRACTOR, Labels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labelled:
    """Persons (N,) that images show, and cameras that took them."""

    persons: Labels  # (N,) from 0, or DISTRACTOR, which equals no person, not even another distractor
    cameras: Labels  # (N,)

    def __post_init__(self) -> None:
        for name in ("persons", "cameras"):
            labels = getattr(self, name)
            if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.signedinteger):
                raise ValueError(
                    f"Labelled.{name} must be int64 of shape (N,), got {labels.dtype} {labels.shape}"
                )
        if len(self.persons) != len(self.cameras):
            raise ValueError(f"{len(self.persons)} persons do not go with {len(self.cameras)} cameras")
        if len(self.persons) and self.persons.min() < DISTRACTOR:
            raise ValueError(f"persons are {DISTRACTOR} (a distractor) or from 0, got {self.persons.min()}")

    def __len__(self) -> int:
        return len(self.persons)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """Gallery rows of each of Q queries, ascending."""

    offsets: NDArray[np.int64]  # (Q + 1,): those of query q are values[offsets[q] : offsets[q + 1]]
    values: NDArray[np.int64]

    def of(self, query: int) -> NDArray[np.int64]:
        """Gallery rows of one query."""
        return self.values[self.offsets[query] : self.offsets[query + 1]]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """(Q,)"""
        return np.diff(self.offsets)


def check_labels(shape: tuple[int, int], query: Labelled, gallery: Labelled) -> None:
    """Raise ValueError unless every row and column of a matrix of this shape has a label."""
    if tuple(shape) != (len(query), len(gallery)):
        raise ValueError(
            f"distances {tuple(shape)} do not fit {len(query)} labelled queries and {len(gallery)} in the gallery"
        )


def members(query: Labelled, gallery: Labelled, *, keep_same_camera: bool = False) -> tuple[Columns, Columns]:
    """The right gallery rows of each query, and those that are removed: of the same person and the same camera.

    Raises:
        ValueError: a query shows a distractor, so that nothing could be right.
    """
    distractors = np.flatnonzero(query.persons == DISTRACTOR)
    if len(distractors):
        raise ValueError(
            f"query {distractors[0]} is of person {DISTRACTOR}, a distractor; it cannot be searched for"
        )
    order = np.argsort(gallery.persons, kind="stable")
    persons = gallery.persons[order]
    first = np.searchsorted(persons, query.persons)
    size = np.searchsorted(persons, query.persons, side="right") - first
    owner = np.repeat(np.arange(len(query)), size)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(size) - size, size)
    rows = order[first[owner] + within]
    removed = gallery.cameras[rows] == query.cameras[owner]
    if keep_same_camera:
        removed[:] = False
    return _columns(len(query), owner, rows, ~removed), _columns(len(query), owner, rows, removed)


def _columns(
    queries: int, owner: NDArray[np.int64], rows: NDArray[np.int64], chosen: NDArray[np.bool_]
) -> Columns:
    sizes = np.bincount(owner[chosen], minlength=queries)
    return Columns(offsets=np.concatenate([[0], np.cumsum(sizes)]), values=rows[chosen])
