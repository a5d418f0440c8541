"""Ranks of every query's matches: while they are counted, and all of them."""

from dataclasses import dataclass

import numpy as np

from reid.datasets.records import Labels
from reid.evaluation.retrieval.labels import Columns
from reid.evaluation.retrieval.ties import bounds, stable_ranks
from reid.types import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranking:
    """Ranks of the M matches of Q queries in their lists; a list leaves out what the protocol removes.

    Ranks begin at 1 and ascend within a query; those of query q are `ranks[offsets[q] : offsets[q + 1]]`.
    """

    offsets: Labels  # (Q + 1,)
    ranks: Labels  # (M,) equal distances in the order of the gallery
    best: Labels  # (M,) all ties decided for the query
    worst: Labels  # (M,) all ties decided against it
    distances: Array  # (M,)
    matches: Labels  # (M,) gallery rows in the order of `ranks`
    candidates: Labels  # (Q,) lengths of the lists

    def __post_init__(self) -> None:
        if len(self.offsets) != len(self.candidates) + 1 or self.offsets[-1] != len(self.ranks):
            raise ValueError(
                f"{len(self.offsets)} offsets do not fit {len(self.candidates)} queries, {len(self.ranks)} matches"
            )

    @property
    def relevant(self) -> Labels:
        """Number of matches (Q,) of each query."""
        return np.diff(self.offsets)


@dataclass(kw_only=True, eq=False)
class MatchRanks:
    """Ranks of matches while they are counted, query by query."""

    matches: Columns  # ascending gallery rows; put into the order of distance as queries are added
    distances: Array
    ranks: Labels
    below: Labels  # candidates closer than each match
    within: Labels  # candidates closer or as close, the match included

    @classmethod
    def of(cls, matches: Columns) -> "MatchRanks":
        size = len(matches.values)
        return cls(
            matches=Columns(offsets=matches.offsets, values=matches.values.copy()),
            distances=np.empty(size, np.float32),
            ranks=np.empty(size, np.int64),
            below=np.empty(size, np.int64),
            within=np.empty(size, np.int64),
        )

    def add(self, query: int, row: Array, removed: Labels) -> None:
        """Rank the matches of one query in its row of distances (G,), which is overwritten."""
        own = slice(self.matches.offsets[query], self.matches.offsets[query + 1])
        columns = self.matches.values[own]
        if not len(columns):
            return
        values = row[columns]
        order = np.argsort(values, kind="stable")
        columns[:], values = columns[order], values[order]
        row[removed] = np.nan  # neither smaller than a distance nor equal to one, not even to infinity
        below, within = _counts(row, values)
        self.distances[own], self.below[own], self.within[own] = values, below, within
        tied = within - below > 1
        self.ranks[own] = stable_ranks(row, values, columns, below) if tied.any() else within

    def ranking(self, candidates: Labels) -> Ranking:
        """The ranking, once all queries were added."""
        limits = bounds(self.matches.offsets, self.distances, self.below, self.within)
        return Ranking(
            offsets=self.matches.offsets,
            ranks=self.ranks,
            best=limits.best,
            worst=limits.worst,
            distances=self.distances,
            matches=self.matches.values,
            candidates=candidates,
        )


def _counts(row: Array, values: Array) -> tuple[Labels, Labels]:
    """Number of `row` that are smaller than each of the ascending `values` (R,), and number not larger.

    Only what is within the last match needs a look; with a good encoder that is a hundredth of the gallery.
    Sorting that is faster than counting for each match, unless it is long and the matches are few: both sides
    of the condition are times in nanoseconds, measured.
    """
    near = row[row <= values[-1]]
    if len(values) * (2400 + 0.3 * len(near)) < 14 * len(near):
        pairs = [(np.count_nonzero(near < value), np.count_nonzero(near <= value)) for value in values]
        below, within = np.array(pairs, np.int64).T
        return below, within
    near.sort()
    return near.searchsorted(values), near.searchsorted(values, side="right")
