"""What distances come to, person by person, against loops over pairs and galleries."""

import itertools

import numpy as np
import pytest

from reid.distance import unit
from reid.evaluation.calibration import counts as counting
from reid.evaluation.calibration.counts import EDGES, count, measure, site_weight
from reid.evaluation.calibration.labelled import DISTRACTOR, Items
from reid.evaluation.retrieval.distances import CosineRows
from tests.evaluation.calibration import reference
from tests.evaluation.calibration.worlds import items

LIMITS = (0, 50, 150, 250, 400, 700, 1000)  # positions in EDGES
WORLDS = {
    "plain": items(0, 6, 24),
    "distractors": items(1, 5, 18, extra=6),
    "one camera": items(2, 4, 12, cameras=1),
    "two people": items(3, 2, 7),
    "far apart": items(4, 5, 20, spread=0.05),
}


def distances_of(own: Items) -> np.ndarray:
    return CosineRows(own.vectors, own.vectors).rows(0, len(own.vectors))


@pytest.mark.parametrize("own", WORLDS.values(), ids=WORLDS)
def test_pairs_are_those_of_a_double_loop(own: Items) -> None:
    found, distances = count(own, 3), distances_of(own)
    weight = site_weight(len(own.people), 3)
    for row, person in enumerate(own.people.tolist()):
        for edge in LIMITS:
            slow = reference.pairs(own, distances, EDGES[edge], person)
            assert found.genuine[row, edge] == slow.genuine
            assert found.genuine_total[row] == slow.genuine_total
            assert found.impostor[row, edge] == pytest.approx(slow.impostor * weight)
            assert found.impostor_total[row] == pytest.approx(slow.impostor_total * weight)


@pytest.mark.parametrize("own", WORLDS.values(), ids=WORLDS)
def test_truncated_average_precision_is_that_of_a_loop(own: Items) -> None:
    noise = np.random.default_rng(9).normal(size=own.vectors.shape).astype(np.float32)
    vectors = unit(own.vectors + 1e-4 * noise)  # no ties, about which sorts may differ
    own = Items(vectors=vectors, persons=own.persons, cameras=own.cameras)
    found, distances = count(own, 3), distances_of(own)
    for row, person in enumerate(own.people.tolist()):
        queries = np.flatnonzero(own.persons == person)
        for edge in LIMITS:
            slow = [reference.truncated_ap(own, distances, int(q), float(EDGES[edge])) for q in queries]
            scored = [ap for ap in slow if ap is not None]
            assert found.searches[row] == len(scored)
            assert found.precisions[row, edge] == pytest.approx(sum(scored))


@pytest.mark.parametrize("people", [2, 3, 9])
@pytest.mark.parametrize("own", [WORLDS["plain"], WORLDS["distractors"], WORLDS["two people"]])
def test_open_set_rates_are_means_over_all_galleries(own: Items, people: int) -> None:
    found, distances = count(own, people), distances_of(own)
    for row, person in enumerate(own.people.tolist()):
        queries = np.flatnonzero(own.persons == person)
        assert found.strangers[row] == len(queries)
        for edge in LIMITS:
            slow = [reference.open_set(own, distances, int(q), EDGES[edge], people) for q in queries]
            assert found.alarms[row, edge] == pytest.approx(sum(alarm for alarm, _ in slow))
            assert found.found[row, edge] == pytest.approx(sum(find for _, find in slow if find is not None))


def test_weights_give_the_proportions_of_sites_drawn_at_random() -> None:
    own, distances = WORLDS["plain"], distances_of(WORLDS["plain"])
    genuine, impostor = 0, 0
    for site in itertools.combinations(own.people, 3):
        there = np.isin(own.persons, site)
        part = Items(vectors=own.vectors[there], persons=own.persons[there], cameras=own.cameras[there])
        slow = reference.pairs(part, distances[np.ix_(there, there)], 0.8)
        genuine, impostor = genuine + slow.genuine, impostor + slow.impostor
    found = count(own, 3)
    ours = found.impostor[:, 400].sum() / found.genuine[:, 400].sum()
    assert EDGES[400] == np.float32(0.8)
    assert ours == pytest.approx(impostor / genuine)


@pytest.mark.parametrize("own", WORLDS.values(), ids=WORLDS)
def test_distinct_pairs(own: Items) -> None:
    sample = measure([own], 3)
    genuine = impostor = 0
    for i, j in itertools.combinations(range(len(own.persons)), 2):
        same = own.persons[i] == own.persons[j]
        genuine += bool(same and own.persons[i] != DISTRACTOR and own.cameras[i] != own.cameras[j])
        impostor += not same
    assert (sample.genuine_pairs, sample.impostor_pairs) == (genuine, impostor)
    assert sample.effective_impostors == pytest.approx(impostor)


def test_sets_count_alike_whatever_their_size() -> None:
    small, large = items(5, 4, 16), items(6, 40, 160)
    both = measure([small, large], 3)
    alone = [measure([own], 3).counts for own in (small, large)]
    per_person = [own.genuine.sum(axis=0) / len(own.searches) for own in alone]
    expected = np.mean(per_person, axis=0) * len(both.strata)
    np.testing.assert_allclose(both.counts.genuine.sum(axis=0), expected)
    assert both.strata.tolist() == [0] * 4 + [1] * 40
    assert both.effective_impostors < both.impostor_pairs, "pairs of the small set weigh more"


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    own = WORLDS["distractors"]
    whole = count(own, 3)
    monkeypatch.setattr(counting, "BLOCK_MIB", 4 * 4 * len(own.persons) / 2**20)
    parts = count(own, 3)  # four queries at a time
    for name in ("genuine", "impostor", "precisions", "alarms", "found", "searches"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), atol=1e-12)
