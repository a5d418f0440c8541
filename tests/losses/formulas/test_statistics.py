"""Distances of all pairs of a batch, against loops."""

import pytest
import torch

from reid.losses.distances import distances
from reid.losses.statistics import pair_distances
from tests.losses.formulas import reference
from tests.losses.formulas.cases import BATCHES, listed


@pytest.mark.parametrize("shown", BATCHES)
def test_pair_distances(shown: str) -> None:
    vectors, _, persons = BATCHES[shown]
    found = pair_distances(vectors.requires_grad_(), persons)
    batch = listed(vectors, persons)
    pairs = [(one, other) for place, one in enumerate(batch) for other in batch[place + 1 :]]
    for same, values in ((True, found.positive), (False, found.negative)):
        wanted = [1 - reference.cosine(v, w) for (v, p), (w, q) in pairs if (p == q) is same]
        assert values.tolist() == pytest.approx(wanted, abs=1e-6)
        assert not values.requires_grad


@pytest.mark.parametrize("metric", ["euclidean", "unit-euclidean", "cosine"])
def test_distances(metric: reference.config.Metric) -> None:
    first, second = BATCHES["random"][0].detach(), BATCHES["unbalanced"][0].detach()
    wanted = [[reference.DISTANCES[metric](a, b) for b in second.tolist()] for a in first.tolist()]
    torch.testing.assert_close(distances(first, second, metric), torch.tensor(wanted, dtype=torch.float64))


@pytest.mark.parametrize("metric", ["euclidean", "unit-euclidean"])
def test_small_distances_are_not_rounded_away(metric: reference.config.Metric) -> None:
    """Not even in single precision, between more vectors than a matrix product would be taken for."""
    vectors = torch.full((40, 8), 8**-0.5)
    vectors[1, 0] += 1e-5
    vectors = torch.cat([vectors, vectors])
    wanted = distances(vectors.double(), vectors.double(), metric)[0, 1].item()
    assert distances(vectors, vectors, metric)[0, 1].item() == pytest.approx(wanted, rel=0.02)
    assert distances(vectors, vectors, metric)[0, 2].item() == 0
