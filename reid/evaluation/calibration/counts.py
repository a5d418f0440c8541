"""Counts of a data set's pairs by distance and person: small enough to be resampled a thousand times."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from reid.evaluation.calibration.labelled import DISTRACTOR, Items
from reid.evaluation.calibration.open_set import OpenSet
from reid.evaluation.retrieval.distances import CosineRows, MatrixRows
from reid.evaluation.retrieval.labels import Labelled
from reid.evaluation.retrieval.pairs import pair_counts
from reid.evaluation.retrieval.ranking import rank
from reid.evaluation.retrieval.ranks import Ranking

Floats = NDArray[np.float64]
EDGES = np.round(np.arange(1001) * 0.002, 3).astype(np.float32)  # thresholds: all distances lie in [0, 2]
TOTALS = {"genuine_total", "impostor_total", "searches", "strangers"}  # one number a person, no curve
BLOCK_MIB = 256  # of distances at a time


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QueryCounts:
    """Sums over the queries of each person (N people, E edges), in the proportions of a site.

    Every labelled item is a query against all other items, without those of its person in its camera. So a
    pair of people counts from both sides, a pair with a distractor from one.
    """

    genuine: Floats  # (N, E) genuine pairs within each of EDGES
    genuine_total: Floats  # (N,)
    impostor: Floats  # (N, E) impostor pairs, weighted: see `site_weight`
    impostor_total: Floats  # (N,)
    precisions: Floats  # (N, E) sums of the average precision when matches beyond the edge are cut
    searches: Floats  # (N,) queries that have a match
    found: Floats  # (N, E) of them expected to find their person first and within the edge, see `OpenSet`
    strangers: Floats  # (N,) all queries, whose person is then taken out of the gallery
    alarms: Floats  # (N, E) of them expected to find another person within the edge all the same


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """The counts of one or several data sets. The people of each together count alike, whatever their number.

    Within that, a person who is seen more often has more pairs, and so has a data set of such people.
    """

    counts: QueryCounts  # people of all sets; each person weighs as the inverse of the size of their set
    strata: NDArray[np.int64]  # (N,) set of each person: people are resampled within theirs
    genuine_pairs: int  # distinct pairs of items, as counted in the data
    impostor_pairs: int
    effective_impostors: float  # so many equally weighted pairs would be as good (Kish 1965)


def site_weight(people: int, people_per_site: int) -> float:
    """Weight of an impostor pair where a genuine pair weighs 1: (P - 1) / (N - 1).

    Of N labelled people, P drawn at random are at a site. A genuine pair is there when its person is, with
    probability P / N; a pair of two people with P (P - 1) / (N (N - 1)). The quotient is the weight. Without it
    the impostors of a whole data set, whose number grows with the square of its people, would drown the genuine
    pairs, and precision would be that of a site of N people. Distractors are thinned out alike.
    """
    return (people_per_site - 1) / (people - 1)


def measure(sets: Sequence[Items], people_per_site: int) -> Sample:
    """The sample of data sets, each compared all against all with itself."""
    found = [count(items, people_per_site) for items in sets]
    sizes = [len(counts.searches) for counts in found]
    # the mean over all people is 1, so that sums stay of the size of what was counted
    shares = [sum(sizes) / (len(sizes) * size) for size in sizes]
    pooled = {
        field.name: np.concatenate(
            [share * getattr(counts, field.name) for share, counts in zip(shares, found, strict=True)]
        )
        for field in fields(QueryCounts)
    }
    genuine = [round(float(counts.genuine_total.sum()) / 2) for counts in found]
    impostor = [_impostor_pairs(items) for items in sets]
    mass = [share * float(counts.impostor_total.sum()) for share, counts in zip(shares, found, strict=True)]
    spread = sum(own**2 / max(pairs, 1) for own, pairs in zip(mass, impostor, strict=True))
    return Sample(
        counts=QueryCounts(**pooled),
        strata=np.repeat(np.arange(len(sizes)), sizes),
        genuine_pairs=sum(genuine),
        impostor_pairs=sum(impostor),
        effective_impostors=sum(mass) ** 2 / spread if spread else 0.0,
    )


def count(items: Items, people_per_site: int) -> QueryCounts:
    """The counts of one data set."""
    order = np.argsort(items.persons, kind="stable")
    persons, cameras, vectors = items.persons[order], items.cameras[order], items.vectors[order]
    gallery = Labelled(persons=persons, cameras=cameras)
    number = len(items.people)
    weight = site_weight(number, people_per_site)
    open_set = OpenSet(persons, people_per_site)
    sums = {
        f.name: np.zeros(number if f.name in TOTALS else (number, len(EDGES))) for f in fields(QueryCounts)
    }
    everything = CosineRows(vectors, vectors)
    step = max(1, int(BLOCK_MIB * 2**20 / (4 * len(vectors))))
    for start in range(int((persons == DISTRACTOR).sum()), len(persons), step):
        rows = slice(start, min(start + step, len(persons)))
        query = Labelled(persons=persons[rows], cameras=cameras[rows])
        # multiplied once, looked at three times
        distances = MatrixRows(everything.rows(rows.start, rows.stop))
        ranking = rank(distances, query, gallery)
        pairs = pair_counts(distances, query, gallery, edges=EDGES)
        has_match = pairs.genuine_total > 0
        alarms, found = open_set.expected(distances, query.persons, pairs.nearest_genuine, EDGES)
        own = np.searchsorted(items.people, query.persons)
        for name, values in (
            ("genuine", pairs.genuine),
            ("genuine_total", pairs.genuine_total),
            ("impostor", pairs.impostor * weight),
            ("impostor_total", pairs.impostor_total * weight),
            ("precisions", truncated_ap(ranking)),
            ("searches", has_match),
            ("found", found),
            ("strangers", np.ones(len(own))),
            ("alarms", alarms),
        ):
            starts = np.flatnonzero(np.diff(own, prepend=-1))  # queries of one person lie side by side
            sums[name][own[starts]] += np.add.reduceat(values.astype(np.float64), starts, axis=0)
    return QueryCounts(**sums)


def truncated_ap(ranking: Ranking) -> Floats:
    """Average precision (Q, E) of each query when matches beyond each edge are cut: sum of k / r_k / R over d <= t.

    The sum goes over all R matches, so a match that was cut adds 0 as if it never came; at the last edge it
    is the usual average precision. Queries without a match have 0.
    """
    relevant = np.diff(ranking.offsets)
    queries = np.repeat(np.arange(len(relevant)), relevant)
    k = np.arange(1, len(queries) + 1) - ranking.offsets[queries]
    edge = np.searchsorted(EDGES, np.minimum(ranking.distances, EDGES[-1]))
    shape = (len(relevant), len(EDGES))
    gains = np.bincount(
        queries * len(EDGES) + edge,
        weights=k / ranking.ranks / relevant[queries],
        minlength=shape[0] * shape[1],
    )
    return np.cumsum(gains.reshape(shape), axis=1)


def _impostor_pairs(items: Items) -> int:
    """Distinct pairs of items of two people, or of a person and a distractor."""
    known = items.persons[items.persons != DISTRACTOR]
    each = np.unique(known, return_counts=True)[1]
    pairs = (len(known) ** 2 - int((each**2).sum())) // 2
    return pairs + len(known) * (len(items.persons) - len(known))
