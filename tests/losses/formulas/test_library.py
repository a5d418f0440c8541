"""Mining and losses that are our own against pytorch-metric-learning's, where both mean the same."""

import math

import pytest
import torch
from pytorch_metric_learning import losses as pml
from pytorch_metric_learning import miners as pml_miners
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.utils.loss_and_miner_utils import get_all_triplets_indices

from reid.losses.compared import compare
from reid.losses.distances import distances
from reid.losses.library import over_pairs
from reid.losses.miners import batch_hard, every_triplet, informative_positive, semi_hard
from tests.losses.formulas import reference
from tests.losses.formulas.cases import BATCHES, build, loss_config

PLAIN = LpDistance(normalize_embeddings=False)
Rows = set[tuple[int, ...]]


def rows(triplets: torch.Tensor) -> Rows:
    found = [tuple(row) for row in triplets.tolist()]
    assert len(set(found)) == len(found)
    return set(found)


@pytest.mark.parametrize("shown", ["random", "unbalanced", "known-angles", "one-person", "everybody-alone"])
def test_miners(shown: str) -> None:
    vectors, _, persons = BATCHES[shown]
    compared, apart = compare(vectors, persons), distances(vectors, vectors, "euclidean")
    every = get_all_triplets_indices(persons)
    assert rows(every_triplet(compared)) == rows(torch.stack(every, dim=1))
    hard = pml_miners.BatchHardMiner(distance=PLAIN)(vectors, persons)
    assert rows(batch_hard(apart, compared)) == rows(torch.stack(hard, dim=1))
    between = pml_miners.TripletMarginMiner(margin=0.8, type_of_triplets="semihard", distance=PLAIN)
    assert rows(semi_hard(apart, compared, 0.8)) == rows(torch.stack(between(vectors, persons), dim=1))
    easier = pml_miners.BatchEasyHardMiner(pos_strategy="semihard", neg_strategy="hard", distance=PLAIN)
    anchors, positives, _, negatives = easier(vectors, persons)
    informative = rows(informative_positive(apart, compared))
    assert rows(torch.stack([anchors, positives, negatives], dim=1)) == {
        # the library leaves out anchors of which no positive is nearer than the nearest negative
        (a, p, n)
        for a, p, n in informative
        if apart[a, p] < apart[a, n]
    }
    assert {a for a, _, _ in informative} == {a for a, _, _ in rows(batch_hard(apart, compared))}


@pytest.mark.parametrize("shown", ["random", "unbalanced", "known-angles"])
def test_losses(shown: str) -> None:
    vectors, final, persons = BATCHES[shown]
    dimension = vectors.shape[1]

    def ours(case: str, **settings: object) -> torch.Tensor:
        return build(loss_config(case, **settings), dimension)(vectors, final, persons).total

    every = pml.TripletMarginLoss(margin=0.3, distance=PLAIN)  # over those that cost something
    torch.testing.assert_close(ours("triplet-all"), every(vectors, persons))
    mined = pml_miners.MultiSimilarityMiner(epsilon=0.1)(vectors, persons)
    theirs = pml.MultiSimilarityLoss(alpha=2, beta=50, base=0.5)(vectors, persons, mined)
    torch.testing.assert_close(ours("multi-similarity"), theirs)
    objectives = build(loss_config("proxy-nca"), dimension)
    nca = pml.ProxyNCALoss(7, dimension, softmax_scale=8)
    nca.proxies = next(objectives.parameters())
    torch.testing.assert_close(objectives(vectors, final, persons).total, nca(vectors, persons))


def test_one_pair_of_each_kind_is_not_none() -> None:
    """The library takes it for none."""
    vectors = BATCHES["random"][0][:3]
    compared = compare(vectors, torch.tensor([0, 0, 1]))
    one = (torch.tensor([0]), torch.tensor([1]), torch.tensor([0]), torch.tensor([2]))
    loss = pml.MultiSimilarityLoss(alpha=2, beta=50, base=0.5)
    near, far = (reference.cosine(vectors[0].tolist(), vectors[other].tolist()) for other in (1, 2))
    wanted = math.log1p(math.exp(-2 * (near - 0.5))) / 2 + math.log1p(math.exp(50 * (far - 0.5))) / 50
    assert over_pairs(loss, compared, one).item() == pytest.approx(wanted / 3)
