"""The protocol with the real labels of Market-1501, with random and with planted vectors."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from reid.distance import unit
from reid.evaluation.retrieval.distances import CosineRows
from reid.evaluation.retrieval.labels import Labelled
from reid.evaluation.retrieval.pairs import pair_counts
from reid.evaluation.retrieval.ranking import rank
from reid.evaluation.retrieval.ranks import Ranking
from reid.evaluation.retrieval.scores import per_query, score
from reid.types import Array
from tests.evaluation.retrieval.reference import check, figures, labelled, listed
from tests.shared import shared

pytestmark = pytest.mark.shared
SAMPLE = range(0, 3368, 673)
JUNK = -1


@dataclass(frozen=True)
class Market:
    query: Labelled
    persons: Any  # (19732,) as the file names have them: -1 junk, 0 distractor
    cameras: Any
    query_vectors: Array
    vectors: Array

    def ranked(self, gallery_rows: Any, **how: bool) -> Ranking:
        persons = self.persons[gallery_rows]
        gallery = labelled(np.where(persons > 0, persons, -1), self.cameras[gallery_rows])
        return rank(CosineRows(self.query_vectors, self.vectors[gallery_rows]), self.query, gallery, **how)

    def mean(self, gallery_rows: Any, **how: bool) -> float:
        return float(per_query(self.ranked(gallery_rows, **how)).ap.mean())


def market(width: int, noise: float) -> Market:
    """Vectors near a direction of their person, nearer to those of the same camera; the rest near somebody.

    Junk and distractors are bad boxes of people who were there, so they look a little like one of them.
    """
    with np.load(shared("fixtures/market1501_labels.npz")) as file:
        labels = {name: file[name].astype(np.int64) for name in file.files}
    rng = np.random.default_rng(0)
    people = rng.standard_normal((1502, width)).astype(np.float32)
    places = rng.standard_normal((1502, 7, width)).astype(np.float32)

    def drawn(persons: Any, cameras: Any) -> Array:
        somebody = np.where(persons > 0, persons, rng.integers(1, 1502, len(persons)))
        scatter = rng.standard_normal((len(persons), width)).astype(np.float32)
        scatter[persons <= 0] *= 2.2
        return unit(people[somebody] + noise * (scatter + places[somebody, cameras]))

    query = labels["query_pids"], labels["query_camids"]
    gallery = labels["gallery_pids"], labels["gallery_camids"]
    return Market(labelled(*query), *gallery, drawn(*query), drawn(*gallery))


def with_random_vectors(world: Market) -> Market:
    rng = np.random.default_rng(1)
    query, gallery = (
        unit(rng.standard_normal(like.shape).astype(np.float32))
        for like in (world.query_vectors, world.vectors)
    )
    return replace(world, query_vectors=query, vectors=gallery)


@pytest.fixture(scope="module")
def planted() -> Market:
    return market(width=32, noise=0.45)


def test_counts(planted: Market) -> None:
    kept = planted.persons != JUNK
    assert kept.sum() == 15_913
    gallery = labelled(np.where(planted.persons > 0, planted.persons, -1)[kept], planted.cameras[kept])
    rows = CosineRows(planted.query_vectors, planted.vectors[kept])
    pairs = pair_counts(rows, planted.query, gallery, edges=np.array([0.3, 2], np.float32))
    matches = pairs.genuine_total
    assert (matches.min(), matches.max(), round(matches.mean(), 2)) == (1, 68, 14.74)
    assert matches.sum() == pairs.genuine[:, 1].sum() == 49_649
    assert pairs.impostor_total.sum() == pairs.impostor[:, 1].sum(dtype=np.int64) == 53_532_220
    assert pairs.genuine[:, 0].sum() / 49_649 > 100 * pairs.impostor[:, 0].sum() / 53_532_220


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["planted", "random"])
def test_like_sorted_lists(kind: str, planted: Market) -> None:
    world = planted if kind == "planted" else with_random_vectors(planted)
    kept = world.persons != JUNK
    found = world.ranked(kept)
    gallery = labelled(np.where(world.persons > 0, world.persons, -1)[kept], world.cameras[kept])
    matrix = CosineRows(world.query_vectors, world.vectors[kept]).rows(0, 3368)
    check(found, matrix, world.query, gallery, rows=SAMPLE)
    scores = per_query(found, (1, 10))
    for index in SAMPLE:
        items = listed(matrix[index], world.query.persons[index], world.query.cameras[index], gallery)
        own = figures(items, (1, 10))
        assert own is not None
        assert scores.ap[index] == pytest.approx(own.ap)
        assert scores.ap_trapezoid[index] == pytest.approx(own.ap_trapezoid)
        assert scores.inp[index] == pytest.approx(own.inp)
        assert scores.ndcg[index] == pytest.approx(own.ndcg)


@pytest.mark.slow
def test_mistakes_of_protocol_move_the_mean_as_known(planted: Market) -> None:
    """Junk kept costs, distractors dropped and the same camera kept flatter, by some points."""
    kept = planted.persons != JUNK
    right = planted.mean(kept)
    assert 0.88 < right < 0.94
    with_junk = planted.mean(np.ones(len(kept), bool))
    without_distractors = planted.mean(planted.persons > 0)
    with_same_camera = planted.mean(kept, keep_same_camera=True)
    assert right - 0.06 < with_junk < right - 0.002
    assert right + 0.002 < without_distractors < right + 0.06
    assert right + 0.002 < with_same_camera < right + 0.06


def test_hits_exceed_the_trapezoid_as_known(planted: Market) -> None:
    found = score(
        planted.ranked(planted.persons != JUNK),
        planted.query.persons,
        rng=np.random.default_rng(0),
        resamples=100,
    )
    assert (found.queries, found.skipped) == (3368, 0)
    assert 0.003 < found.mAP - found.map_trapezoid < 0.009
    assert found.minp < found.mAP < found.rank(1)
