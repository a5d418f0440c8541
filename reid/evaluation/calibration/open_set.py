"""Open-set search, whose person may not be in the gallery: rates of false alarms and of finds."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from reid.evaluation.retrieval.distances import DistanceRows
from reid.types import Array

Floats = NDArray[np.float64]
BLOCK_MIB = 256


class OpenSet:
    """Expected false alarms and finds of queries in galleries of P people, drawn at random from a data set.

    Instead of drawing galleries, their average is computed. If k of the N - 1 others have some image within
    t of a query, then a gallery of P of them holds none of these k with probability
    C(N - 1 - k, P) / C(N - 1, P). Distractors belong to no person; each is in the gallery with probability
    P / N, like the images of people. Rates are those of Grother and Ngan (NIST FRVT 1:N):

    - FPIR, person not in the gallery: the chance that the nearest of P strangers is within t;
    - TPIR, person in the gallery: the chance that the person's nearest match is within t and nearer than every
      image of the P - 1 others.

    Fewer than P others: all of them are in the gallery.
    """

    def __init__(self, persons: NDArray[np.int64], people: int) -> None:
        """`persons` (G,) of the gallery must ascend, distractors (negative) first; `people` is P."""
        self._distractors = int((persons < 0).sum())
        self._people, self._starts = np.unique(persons[self._distractors :], return_index=True)
        others = len(self._people) - 1
        self._absent = _none_of(others, min(people, others))
        self._present = _none_of(others, min(people - 1, others))
        # chance that a distractor is not in the gallery
        self._skip = 1 - min(1.0, people / len(self._people))

    def expected(
        self, distances: DistanceRows, persons: NDArray[np.int64], nearest: Array, edges: Array
    ) -> tuple[Floats, Floats]:
        """False alarms and finds (Q, E) of each query at each distance.

        Args:
            distances: of all Q queries to all G items.
            persons: (Q,) of the queries.
            nearest: (Q,) distance of the nearest counting match, inf where there is none.
        """
        queries, gallery = distances.shape
        alarms, found = np.zeros((queries, len(edges))), np.zeros((queries, len(edges)))
        step = max(1, BLOCK_MIB * 2**20 // (4 * max(gallery, 1)))
        for start in range(0, queries, step):
            stop = min(start + step, queries)
            rows = distances.rows(start, stop)
            gap = np.minimum.reduceat(rows[:, self._distractors :], self._starts, axis=1)
            gap[np.arange(stop - start), np.searchsorted(self._people, persons[start:stop])] = np.inf
            strangers = rows[:, : self._distractors]
            people_within, distractors_within = _within(gap, edges), _within(strangers, edges)
            alarms[start:stop] = 1 - self._absent[people_within] * self._skip**distractors_within
            own = nearest[start:stop, None]
            there = np.isfinite(own)
            ahead = (gap <= own) & there, (strangers <= own) & there  # a tie counts against the query
            first = self._present[ahead[0].sum(axis=1)] * self._skip ** ahead[1].sum(axis=1)
            found[start:stop] = first[:, None] * (own <= edges)
        return alarms, found


def _none_of(others: int, drawn: int) -> Floats:
    """(others + 1,) chance that none of k is among `drawn` of `others` people, for k = 0 .. others."""
    k = np.arange(others + 1)
    free = others - k
    with np.errstate(invalid="ignore"):
        log = (
            gammaln(free + 1) - gammaln(free - drawn + 1) - gammaln(others + 1) + gammaln(others - drawn + 1)
        )
    return np.where(free >= drawn, np.exp(log), 0.0)


def _within(distances: Array, edges: Array) -> NDArray[np.int64]:
    """(Q, E) how many of each row lie within each edge; those beyond the last are in none."""
    rows, size = len(distances), len(edges) + 1
    place = np.searchsorted(edges, distances.ravel()).reshape(distances.shape)
    flat = (place + np.arange(rows)[:, None] * size).ravel()
    counted = np.bincount(flat, minlength=rows * size).reshape(rows, size)
    return np.cumsum(counted[:, :-1], axis=1)
