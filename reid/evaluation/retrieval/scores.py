"""The figures of a ranking: mAP, CMC, mINP, precision, recall and NDCG at K, with intervals and tie bounds."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reid.datasets.records import Labels
from reid.evaluation.retrieval.intervals import intervals
from reid.evaluation.retrieval.ranks import Ranking

Floats = NDArray[np.float64]
Which = Literal["stable", "best", "worst"]
KS = (1, 5, 10, 20)
CMC_RANKS = 50


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PerQuery:
    """The figures of the Q' queries that have a match, each in [0, 1] but `first`.

    Of R matches at ranks r_1 < ... < r_R:
    """

    queries: Labels  # (Q',) which they are
    ap: Floats  # (Q',) average precision over hits: mean of k / r_k (torchreid, fast-reid, most papers)
    ap_trapezoid: (
        Floats  # (Q',) mean of (k / r_k + (k - 1) / (r_k - 1)) / 2: the MATLAB code of Zheng et al. 2015
    )
    inp: Floats  # (Q',) inverse negative penalty R / r_R (Ye et al. 2021, equation 2)
    first: Labels  # (Q',) r_1
    ks: tuple[int, ...]
    precision: Floats  # (Q', K) share of right ones among the first k; a shorter list counts as k
    recall: Floats  # (Q', K) share of the R that are among the first k
    ndcg: Floats  # (Q', K) sum of 1 / log2(1 + r) over r <= k, by the same of a perfect list (Jarvelin 2002)


def per_query(ranking: Ranking, ks: Sequence[int] = KS, *, which: Which = "stable") -> PerQuery:
    """The figures of every query that has a match.

    Args:
        which: the order of equal distances: that of the gallery, or the best or worst for the query.

    Raises:
        ValueError: a k is not positive, or `which` is none of these.
    """
    if min(ks, default=1) < 1:
        raise ValueError(f"ks must be positive, got {tuple(ks)}")
    if which not in ("stable", "best", "worst"):
        raise ValueError(f"which must be stable, best or worst, got {which!r}")
    ranks = {"stable": ranking.ranks, "best": ranking.best, "worst": ranking.worst}[which]
    relevant = ranking.relevant
    queries = np.flatnonzero(relevant)
    total = relevant[queries]
    owner = np.repeat(np.arange(len(queries)), total)  # (M,)
    starts = ranking.offsets[queries]
    place = np.arange(len(ranks)) - starts[owner]  # matches before this one
    hits = (place + 1) / ranks
    earlier = np.where(ranks > 1, place / np.maximum(ranks - 1, 1), 1.0)

    found, ndcg = _among_first(ranks, owner, total, ks)
    return PerQuery(
        queries=queries,
        ap=_sums(hits, owner, total) / total,
        ap_trapezoid=_sums((hits + earlier) / 2, owner, total) / total,
        inp=total / ranks[starts + total - 1],
        first=ranks[starts],
        ks=tuple(ks),
        precision=found / np.array(ks, np.float64),
        recall=found / total[:, None],
        ndcg=ndcg,
    )


def _among_first(ranks: Labels, owner: Labels, total: Labels, ks: Sequence[int]) -> tuple[Floats, Floats]:
    """Matches among the first k (Q', K), and the NDCG there (Q', K)."""
    gains = 1 / np.log2(1 + ranks)
    found = np.zeros((len(total), len(ks)))
    gained, ideal = np.zeros_like(found), np.zeros_like(found)
    for column, k in enumerate(ks):
        within = ranks <= k
        found[:, column] = _sums(within.astype(np.float64), owner, total)
        gained[:, column] = _sums(np.where(within, gains, 0), owner, total)
        perfect = np.cumsum(1 / np.log2(2 + np.arange(k)))
        ideal[:, column] = perfect[np.minimum(total, k) - 1]
    return found, gained / ideal


def _sums(values: Floats, owner: Labels, total: Labels) -> Floats:
    """Sums (Q',) of what belongs to the matches (M,) of each query."""
    return np.bincount(owner, values, minlength=len(total)).astype(np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalScores:
    """Means over the queries that have a match; all shares in [0, 1]."""

    queries: int  # that have a match
    skipped: int  # that have none, and count nowhere
    mAP: float
    map_trapezoid: float
    minp: float
    cmc: tuple[float, ...]  # share of queries with a match among the first 1, 2, ... CMC_RANKS
    precision: dict[int, float]  # by k
    recall: dict[int, float]
    ndcg: dict[int, float]
    map_best: float  # ties decided for the query
    map_worst: float  # ties decided against it
    rank1_best: float
    rank1_worst: float
    intervals: dict[
        str, tuple[float, float]
    ]  # 95 %: mAP, trapezoid, mINP, rank-k, precision@k, recall@k, NDCG@k

    def rank(self, k: int) -> float:
        """Share of queries with a match among the first k.

        Raises:
            ValueError: k is not among the ranks that were counted.
        """
        if not 1 <= k <= len(self.cmc):
            raise ValueError(f"rank-{k} was not counted, only rank-1 to rank-{len(self.cmc)}")
        return self.cmc[k - 1]

    def as_dict(self) -> dict[str, Any]:
        """Scores for JSON: keys are text, sequences are lists."""
        found = asdict(self)
        for name in ("precision", "recall", "ndcg"):
            found[name] = {str(k): value for k, value in found[name].items()}
        found["intervals"] = {name: list(bounds) for name, bounds in self.intervals.items()}
        return found | {"cmc": list(self.cmc)}


def score(
    ranking: Ranking,
    persons: Labels,
    *,
    ks: Sequence[int] = KS,
    rng: np.random.Generator,
    resamples: int = 1000,
) -> RetrievalScores:
    """Means over queries, and what ties leave open.

    Args:
        persons: (Q,) who each query shows.
        ks: of precision, recall and NDCG at K, and of the intervals of rank-k.
        resamples: for the intervals, see `reid.evaluation.retrieval.intervals`: how the figure would vary with
            other people of the same kind, in this gallery and by this network. 0 leaves them out.

    Raises:
        ValueError: no query has a match, or a k is not positive.
    """
    own = per_query(ranking, ks)
    if not len(own.queries):
        raise ValueError(
            f"none of {len(ranking.candidates)} queries has a match in the gallery; nothing can be scored"
        )
    best, worst = (per_query(ranking, ks, which="best"), per_query(ranking, ks, which="worst"))
    columns = {"mAP": own.ap, "trapezoid": own.ap_trapezoid, "mINP": own.inp}
    columns |= {f"rank-{k}": (own.first <= k).astype(np.float64) for k in ks}
    for name, values in (("precision", own.precision), ("recall", own.recall), ("NDCG", own.ndcg)):
        columns |= {f"{name}@{k}": values[:, column] for column, k in enumerate(ks)}
    return RetrievalScores(
        queries=len(own.queries),
        skipped=len(ranking.candidates) - len(own.queries),
        mAP=float(own.ap.mean()),
        map_trapezoid=float(own.ap_trapezoid.mean()),
        minp=float(own.inp.mean()),
        cmc=tuple(float((own.first <= k).mean()) for k in range(1, CMC_RANKS + 1)),
        precision=_by_k(own.ks, own.precision),
        recall=_by_k(own.ks, own.recall),
        ndcg=_by_k(own.ks, own.ndcg),
        map_best=float(best.ap.mean()),
        map_worst=float(worst.ap.mean()),
        rank1_best=float((best.first == 1).mean()),
        rank1_worst=float((worst.first == 1).mean()),
        intervals=dict(intervals(columns, persons[own.queries], rng, resamples)),
    )


def _by_k(ks: Sequence[int], values: Floats) -> dict[int, float]:
    return {k: float(mean) for k, mean in zip(ks, values.mean(axis=0), strict=True)}
