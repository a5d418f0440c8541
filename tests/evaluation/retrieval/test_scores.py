"""Figures against walks down the lists, scikit-learn, and cases worked out by hand."""

import json
from math import log2

import numpy as np
import pytest
from hypothesis import given

from reid.datasets.records import Labels
from reid.evaluation.retrieval.distances import MatrixRows
from reid.evaluation.retrieval.ranking import rank
from reid.evaluation.retrieval.ranks import Ranking
from reid.evaluation.retrieval.scores import RetrievalScores, per_query, score
from tests.evaluation.retrieval.reference import World, figures, labelled, listed, random_world, worlds

KS = (1, 2, 5, 50)


def ranked(world: World) -> Ranking:
    return rank(MatrixRows(world.matrix), world.query, world.gallery)


def scored(
    ranking: Ranking, persons: Labels | None = None, *, ks: tuple[int, ...] = KS, resamples: int = 0
) -> RetrievalScores:
    """`persons`: None: each query shows another one."""
    persons = np.arange(len(ranking.candidates)) if persons is None else persons
    return score(ranking, persons, ks=ks, rng=np.random.default_rng(0), resamples=resamples)


@pytest.mark.parametrize("which", ["stable", "best", "worst"])
@given(world=worlds())
def test_like_walking_down_the_lists(which: str, world: World) -> None:
    found = per_query(ranked(world), KS, which=which)
    expected, queries = [], []
    for index, row in enumerate(world.matrix):
        items = listed(row, world.query.persons[index], world.query.cameras[index], world.gallery, ties=which)
        own = figures(items, KS)
        if own is not None:
            expected.append(own)
            queries.append(index)
    assert found.queries.tolist() == queries
    for name in ("ap", "ap_trapezoid", "inp", "precision", "recall", "ndcg"):
        values = np.array([getattr(own, name) for own in expected])
        np.testing.assert_allclose(
            getattr(found, name), values.reshape(getattr(found, name).shape), atol=1e-12
        )


def case(matrix: list[list[float]], query: object, gallery: object) -> Ranking:
    return rank(MatrixRows(np.array(matrix, np.float32)), query, gallery)


def test_each_person_once() -> None:
    """Query i is person i; its match, gallery i, is at rank 1, 1, 3, 4 and 1 of 5."""
    rows = [[0, 1, 2, 3, 4], [1, 0, 2, 3, 4], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4], [1, 2, 3, 4, 0]]
    found = scored(case(rows, labelled(range(5), [0] * 5), labelled(range(5), [1] * 5)))
    assert found.cmc[:5] == pytest.approx((0.6, 0.6, 0.8, 1, 1))
    assert found.mAP == pytest.approx((1 + 1 + 1 / 3 + 1 / 4 + 1) / 5)
    assert found.minp == found.mAP  # one match each: R / r_R = 1 / r_1
    # trapezoid: the precision before the only match is 0, or 1 at rank 1
    assert found.map_trapezoid == pytest.approx((1 + 1 + 1 / 6 + 1 / 8 + 1) / 5)


def test_each_person_twice() -> None:
    """All lists are gallery 0, 1, 2, 3. Person 0 is at ranks 1 and 2, person 1 at 3 and 4."""
    found = scored(case([[0, 1, 2, 3]] * 4, labelled([0, 0, 1, 1], [0] * 4), labelled([0, 0, 1, 1], [1] * 4)))
    assert found.cmc[:4] == pytest.approx((0.5, 0.5, 1, 1))
    assert found.mAP == pytest.approx((1 + (1 / 3 + 2 / 4) / 2) / 2)
    assert found.minp == pytest.approx((1 + 2 / 4) / 2)
    # person 1: (1/3 + 0/2) / 2 and (2/4 + 1/3) / 2
    assert found.map_trapezoid == pytest.approx((1 + (1 / 6 + 5 / 12) / 2) / 2)


def test_same_camera_is_removed() -> None:
    """Gallery 0 is person 0 in the query's camera, so it drops out of the lists of person 0: ranks 1, 2 of 4.

    It stays for person 1, who is at ranks 4 and 5.
    """
    query, gallery = labelled([0, 0, 0, 1, 1], [0] * 5), labelled([0, 0, 0, 1, 1], [0, 1, 1, 1, 1])
    ranking = case([[0, 1, 2, 3, 4]] * 5, query, gallery)
    found = scored(ranking)
    assert ranking.candidates.tolist() == [4, 4, 4, 5, 5]
    assert found.cmc[:5] == pytest.approx((0.6, 0.6, 0.6, 1, 1))
    assert found.mAP == pytest.approx((3 * 1 + 2 * (1 / 4 + 2 / 5) / 2) / 5)  # .73
    assert found.map_trapezoid == pytest.approx((3 + 2 * (1 / 8 + (2 / 5 + 1 / 4) / 2) / 2) / 5)  # .69
    assert found.minp == pytest.approx((3 + 2 * 2 / 5) / 5)  # .76


def test_who_counts() -> None:
    """Right, wrong, distractor, removed and nobody: what torchreid's Market-1501 loop keeps and drops.

    Query 0 (person 7, camera 0) sees, by distance: distractor, 7 in camera 1, 8, [7 in camera 0: removed],
    7 in camera 2. So its matches are at ranks 2 and 4 of 4. Query 1 (person 9) has no match and counts nowhere.
    """
    gallery = labelled([8, 7, -1, 7, 7], [0, 1, 0, 2, 0])
    rows = [[0.3, 0.2, 0.1, 0.5, 0.4], [0.1, 0.2, 0.3, 0.4, 0.5]]
    found = scored(case(rows, labelled([7, 9], [0, 0]), gallery))
    assert (found.queries, found.skipped) == (1, 1)
    assert found.mAP == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert found.cmc[:3] == (0, 1, 1)
    assert found.minp == pytest.approx(2 / 4)
    assert found.precision == pytest.approx({1: 0, 2: 1 / 2, 5: 2 / 5, 50: 2 / 50})
    assert found.recall == pytest.approx({1: 0, 2: 1 / 2, 5: 1, 50: 1})
    perfect = 1 + 1 / log2(3)
    assert found.ndcg == pytest.approx(
        {
            1: 0,
            2: (1 / log2(3)) / perfect,
            5: (1 / log2(3) + 1 / log2(5)) / perfect,
            50: (1 / log2(3) + 1 / log2(5)) / perfect,
        }
    )


def test_tie_bounds() -> None:
    """Two right among three equals: ranks 1, 2 at best, 2, 3 at worst, 1, 3 in the order of the gallery."""
    ranking = case([[0.5, 0.5, 0.5, 0.9]], labelled([1], [0]), labelled([1, 2, 1, 3], [1] * 4))
    found = scored(ranking)
    assert ranking.ranks.tolist() == [1, 3]
    assert found.map_best == 1
    assert found.mAP == pytest.approx((1 + 2 / 3) / 2)
    assert found.map_worst == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert (found.rank1_best, found.rank(1), found.rank1_worst) == (1, 1, 0)


@given(world=worlds())
def test_bounds_enclose(world: World) -> None:
    ranking = ranked(world)
    if not len(ranking.ranks):
        with pytest.raises(ValueError, match="has a match in the gallery"):
            scored(ranking)
        return
    found = scored(ranking)
    assert found.map_worst <= found.mAP + 1e-12 <= found.map_best + 2e-12
    assert found.rank1_worst <= found.rank(1) <= found.rank1_best
    tied = np.any(ranking.best != ranking.worst)
    assert tied or found.map_worst == found.map_best


def test_like_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    world = random_world(30, 200, 8, seed=5)
    found = per_query(ranked(world), (1, 5, 20, 300))
    assert len(found.queries) == 30
    for index, row in enumerate(world.matrix):
        right = world.gallery.persons == world.query.persons[index]
        kept = ~(right & (world.gallery.cameras == world.query.cameras[index]))
        right, closeness = right[kept], -row[kept]
        assert found.ap[index] == pytest.approx(metrics.average_precision_score(right, closeness), abs=1e-6)
        for column, k in enumerate(found.ks):
            expected = metrics.ndcg_score([right.astype(float)], [closeness], k=k)
            assert found.ndcg[index, column] == pytest.approx(expected)


def test_intervals() -> None:
    """They hold the mean, are as wide as theory says of independent queries, and repeat with the seed."""
    ranking = ranked(random_world(400, 60, 8, seed=6))
    found = scored(ranking, resamples=1000)
    ap = per_query(ranking).ap
    low, high = found.intervals["mAP"]
    assert low < found.mAP < high
    assert high - low == pytest.approx(2 * 1.96 * ap.std() / np.sqrt(len(ap)), rel=0.1)
    assert scored(ranking, resamples=1000) == found
    assert set(found.intervals) == {"mAP", "trapezoid", "mINP"} | {
        f"{name}{k}" for name in ("rank-", "precision@", "recall@", "NDCG@") for k in KS
    }
    low, high = found.intervals["rank-50"]
    assert low <= found.rank(50) <= high


def test_one_person_has_no_interval() -> None:
    found = scored(case([[1, 0]], labelled([1], [0]), labelled([1, 2], [1, 1])), resamples=50)
    assert found.intervals == {}


def test_queries_of_one_person_are_drawn_together() -> None:
    """Each query four times over says no more than once, so its interval is no narrower."""
    world = random_world(60, 80, 30, seed=11)
    once = ranked(world)
    fourfold = rank(
        MatrixRows(np.repeat(world.matrix, 4, axis=0)),
        labelled(np.repeat(world.query.persons, 4), np.repeat(world.query.cameras, 4)),
        world.gallery,
    )
    low, high = scored(once, world.query.persons, resamples=1000).intervals["mAP"]
    same = scored(fourfold, np.repeat(world.query.persons, 4), resamples=1000).intervals["mAP"]
    assert same == pytest.approx((low, high), abs=1e-9)
    narrow = scored(fourfold, resamples=1000).intervals["mAP"]
    assert narrow[1] - narrow[0] < 0.8 * (high - low)


def test_json() -> None:
    found = scored(ranked(random_world(9, 60, 3, seed=7)), resamples=20)
    document = found.as_dict()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["precision"]["5"] == found.precision[5]
    assert document["mAP"] == found.mAP


def test_bad_input() -> None:
    ranking = ranked(random_world(9, 60, 3, seed=7))
    with pytest.raises(ValueError, match=r"ks must be positive, got \(5, 0\)"):
        per_query(ranking, (5, 0))
    with pytest.raises(ValueError, match="got 'mean'"):
        per_query(ranking, which="mean")
    with pytest.raises(ValueError, match="rank-51 was not counted"):
        scored(ranking).rank(51)
    nobody = rank(MatrixRows(np.zeros((2, 1))), labelled([1, 2], [0, 0]), labelled([3], [0]))
    with pytest.raises(ValueError, match="none of 2 queries has a match"):
        scored(nobody)
