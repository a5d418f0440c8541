"""Mining and losses that are our own against pytorch-metric-learning's, where both mean the same."""

import pytest
import torch
from pytorch_metric_learning import losses as pml
from pytorch_metric_learning import miners as pml_miners
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.utils.loss_and_miner_utils import get_all_triplets_indices

from reid.losses.compared import compare
from reid.losses.config import LossConfig
from reid.losses.distances import distances
from reid.losses.library import over_pairs
from reid.losses.miners import batch_hard, every_triplet, informative_positive, semi_hard
from reid.losses.objectives import Objectives
from tests.losses.cases import DIMENSION, PEOPLE, vectors

PLAIN = LpDistance(normalize_embeddings=False)
SHOWN = {
    "even": [0, 0, 1, 1, 2, 2, 3, 3],
    "uneven": [0, 0, 0, 0, 1, 1, 2, 3],
    "one person": [0, 0, 0],
    "everybody alone": [0, 1, 2, 3],
}
Rows = set[tuple[int, ...]]


def rows(triplets: torch.Tensor) -> Rows:
    found = [tuple(row) for row in triplets.tolist()]
    assert len(set(found)) == len(found)
    return set(found)


@pytest.mark.parametrize("shown", SHOWN)
def test_miners(shown: str) -> None:
    persons = torch.tensor(SHOWN[shown])
    batch = vectors(len(persons), seed=3)
    compared, apart = compare(batch, persons), distances(batch, batch, "euclidean")
    every = get_all_triplets_indices(persons)
    assert rows(every_triplet(compared)) == rows(torch.stack(every, dim=1))
    hard = pml_miners.BatchHardMiner(distance=PLAIN)(batch, persons)
    assert rows(batch_hard(apart, compared)) == rows(torch.stack(hard, dim=1))
    between = pml_miners.TripletMarginMiner(margin=0.8, type_of_triplets="semihard", distance=PLAIN)
    assert rows(semi_hard(apart, compared, 0.8)) == rows(torch.stack(between(batch, persons), dim=1))
    easier = pml_miners.BatchEasyHardMiner(pos_strategy="semihard", neg_strategy="hard", distance=PLAIN)
    anchors, positives, _, negatives = easier(batch, persons)
    informative = rows(informative_positive(apart, compared))
    # the library leaves out anchors of which no positive is nearer than the nearest negative
    assert rows(torch.stack([anchors, positives, negatives], dim=1)) == {
        (a, p, n) for a, p, n in informative if apart[a, p] < apart[a, n]
    }
    assert {a for a, _, _ in informative} == {a for a, _, _ in rows(batch_hard(apart, compared))}


@pytest.mark.parametrize("shown", ["even", "uneven"])
def test_losses(shown: str) -> None:
    persons = torch.tensor(SHOWN[shown])
    batch = vectors(len(persons), seed=4)

    def made(objective: str, **settings: object) -> Objectives:
        config = LossConfig.model_validate({"objectives": {objective: 1}, **settings})
        generator = torch.Generator().manual_seed(0)
        return Objectives(config, dimension=DIMENSION, people=PEOPLE, generator=generator).double()

    every = pml.TripletMarginLoss(margin=0.3, distance=PLAIN)  # over those that cost something
    ours = made("triplet", triplet={"mining": "all", "distance": "euclidean"})(batch, batch, persons).total
    torch.testing.assert_close(ours, every(batch, persons))
    mined = pml_miners.MultiSimilarityMiner(epsilon=0.1)(batch, persons)
    theirs = pml.MultiSimilarityLoss(alpha=2, beta=50, base=0.5)(batch, persons, mined)
    torch.testing.assert_close(made("multi-similarity")(batch, batch, persons).total, theirs)
    objectives = made("proxy-nca")
    nca = pml.ProxyNCALoss(PEOPLE, DIMENSION, softmax_scale=8)
    nca.proxies = next(objectives.parameters())
    torch.testing.assert_close(objectives(batch, batch, persons).total, nca(batch, persons))


def test_one_pair_of_each_kind_is_not_none() -> None:
    """The library takes it for none."""
    batch = vectors(3, seed=5)
    compared = compare(batch, torch.tensor([0, 0, 1]))
    one = (torch.tensor([0]), torch.tensor([1]), torch.tensor([0]), torch.tensor([2]))
    loss = pml.MultiSimilarityLoss(alpha=2, beta=50, base=0.5)
    near, far = (torch.cosine_similarity(batch[0], batch[other], dim=0) for other in (1, 2))
    wanted = torch.log1p(torch.exp(-2 * (near - 0.5))) / 2 + torch.log1p(torch.exp(50 * (far - 0.5))) / 50
    torch.testing.assert_close(over_pairs(loss, compared, one), wanted / 3)
