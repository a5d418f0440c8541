"""All sightings as columns, for a search: where and when each was, and the mean of its vectors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.types import Array, TrackletKey
from reid.wall_clock import WallClock

Numbers = NDArray[np.int64]
NO_PERSON = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SightingTable:
    """S sightings as columns, and V unit mean vectors; a row a sighting, also of those without vectors."""

    encoder_id: str
    persons: Numbers  # (S,) NO_PERSON: linked with no person
    runs: Numbers  # (S,) positions in `run_ids`
    cameras: Numbers  # (S,) positions in `camera_ids`
    tracks: Numbers  # (S,)
    starts_s: NDArray[np.float64]  # (S,) on the run's clock
    ends_s: NDArray[np.float64]  # (S,)
    rows: Numbers  # (S,) row in `vectors`; -1: no vector of it is kept
    vectors: Array  # (V, D)
    run_ids: tuple[str, ...]
    clocks: tuple[WallClock | None, ...]  # of each run; None: it is not known when its second 0 was
    camera_ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.persons)

    def key(self, at: int) -> TrackletKey:
        """Name of the tracklet at position `at`, within its run."""
        return TrackletKey(camera_id=self.camera_ids[self.cameras[at]], track_id=int(self.tracks[at]))


class Means:
    """Unit mean vectors of sightings in the making, from blocks of vectors in any order.

    Args:
        sightings: number of them.
        most: of those, at most so many have vectors.
        dimension: length of the vectors.
    """

    def __init__(self, sightings: int, most: int, dimension: int) -> None:
        self._rows = np.full(sightings, -1, dtype=np.int64)
        self._sums = np.zeros((most, dimension), dtype=np.float32)
        self._used = 0

    def add(self, places: Numbers, vectors: Array) -> None:
        """Add `vectors` (N, D) of the sightings at `places` (N,)."""
        order = np.argsort(places, kind="stable")
        different, starts = np.unique(places[order], return_index=True)
        fresh = different[self._rows[different] < 0]
        self._rows[fresh] = np.arange(self._used, self._used + len(fresh))
        self._used += len(fresh)
        ordered = vectors[order]
        alone = len(different) == len(places)
        sums = (
            ordered if alone else np.add.reduceat(ordered, starts, axis=0)
        )  # np.add.at takes ten times as long
        self._sums[self._rows[different]] += sums

    def finish(self) -> tuple[Numbers, Array]:
        """Rows (S,) and unit vectors (V, D)."""
        sums = self._sums[: self._used]
        norms = np.sqrt(np.einsum("ij,ij->i", sums, sums))[:, None]
        np.divide(sums, norms, out=sums, where=norms > 0)  # those that cancel out are far from everything
        return self._rows, sums


def positions(values: Sequence[str]) -> tuple[Numbers, tuple[str, ...]]:
    """Each value as its position among the different ones, and these in the order that they come."""
    known: dict[str, int] = {}
    found = np.fromiter((known.setdefault(one, len(known)) for one in values), np.int64, len(values))
    return found, tuple(known)
