"""Rates from counts, and whether their intervals hold what they promise."""

import numpy as np
import pytest

from reid.evaluation.calibration.counts import EDGES, measure, site_weight
from reid.evaluation.calibration.labelled import Items
from reid.evaluation.calibration.rates import curves, interval, rates_at, resampled
from reid.evaluation.retrieval.distances import CosineRows
from tests.evaluation.calibration import reference
from tests.evaluation.calibration.worlds import items


def test_rates_are_what_their_definitions_say() -> None:
    own = items(0, 6, 24, extra=3)
    distances = CosineRows(own.vectors, own.vectors).rows(0, 27)
    found = curves(measure([own], 4).counts)
    for edge in (0, 150, 300, 450, 1000):
        slow = reference.pairs(own, distances, float(EDGES[edge]))
        strangers = slow.impostor * site_weight(6, 4)
        recall = slow.genuine / slow.genuine_total
        precision = slow.genuine / (slow.genuine + strangers) if slow.genuine + strangers else 1.0
        assert found.genuine_rate[edge] == pytest.approx(recall)
        assert found.impostor_rate[edge] == pytest.approx(slow.impostor / slow.impostor_total)
        assert found.precision[edge] == pytest.approx(precision)
        f1 = 2 * precision * recall / (precision + recall) if recall else 0.0
        assert found.f1[edge] == pytest.approx(f1)
    assert found.genuine_rate[-1] == found.impostor_rate[-1] == found.fpir[-1] == 1


def test_nobody_in_two_cameras_gives_no_rate_but_no_error() -> None:
    found = curves(measure([items(1, 4, 12, cameras=1)], 4).counts)
    assert not found.genuine_rate.any()
    assert not found.kept_map.any()
    assert found.impostor_rate[-1] == 1


def drawn(rng: np.random.Generator, people: int) -> Items:
    """People of whom some look like many others, so that pairs are far from independent."""
    who = rng.normal(size=(people, 6)) * rng.choice([0.4, 1.0], size=(people, 1)) + 0.7
    persons = np.repeat(np.arange(people), 3)
    vectors = who[persons] + 0.35 * rng.normal(size=(len(persons), 6))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cameras = np.tile(np.arange(3), people)
    return Items(vectors=vectors.astype(np.float32), persons=persons, cameras=cameras)


def test_weights_of_people_repeat_them() -> None:
    """Genuine pairs of a person drawn twice count twice; pairs of two people by the product, to first order."""
    rng = np.random.default_rng(0)
    own = drawn(rng, 100)
    sample = measure([own], 4)
    distances = CosineRows(own.vectors, own.vectors).rows(0, 300)
    people = own.people
    different = own.persons[:, None] != own.persons
    edge, exact, ours = 100, [], []
    for weights in rng.multinomial(100, np.full(100, 0.01), size=200):
        each = weights[np.searchsorted(people, own.persons)]
        product = each[:, None] * each
        exact.append((product * different * (distances <= EDGES[edge])).sum() / (product * different).sum())
        ours.append(curves(sample.counts, weights).impostor_rate[edge])
    assert np.corrcoef(exact, ours)[0, 1] > 0.9
    assert np.std(ours) == pytest.approx(np.std(exact), rel=0.2)


@pytest.mark.slow
def test_intervals_cover_the_truth() -> None:
    rng = np.random.default_rng(3)
    truth = curves(measure([drawn(rng, 600)], 10).counts)
    edge = 100
    names = ("genuine_rate", "impostor_rate", "f1")
    covered = dict.fromkeys(names, 0)
    for _ in range(60):
        sample = measure([drawn(rng, 40)], 10)
        samples = resampled(sample, rng, 200)
        for name in names:
            low, high = interval(getattr(samples, name)[:, edge])
            covered[name] += low <= getattr(truth, name)[edge] <= high
    assert all(hits >= 50 for hits in covered.values()), covered  # 95 % of 60 are 57


def test_people_are_resampled_within_their_data_set() -> None:
    sample = measure([items(4, 5, 20), items(5, 40, 160)], 4)
    samples = resampled(sample, np.random.default_rng(0), 50)
    assert samples.f1.shape == (50, len(EDGES))
    value, low, high = rates_at(curves(sample.counts), samples, 200)["genuine_rate"]
    assert 0 <= low < high <= 1
    assert low <= value <= high
