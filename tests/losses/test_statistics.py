"""Where the pairs of a batch lie, against loops."""

from itertools import combinations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reid.losses.statistics import pair_distances
from tests.losses.cases import vectors
from tests.losses.reference import distance


@given(persons=st.lists(st.integers(0, 3), max_size=8), seed=st.integers(0, 2**31))
def test_each_pair_once(persons: list[int], seed: int) -> None:
    batch = vectors(len(persons), seed=seed)
    found = pair_distances(batch, torch.tensor(persons, dtype=torch.int64))
    pairs = list(combinations(zip(batch.tolist(), persons, strict=True), 2))
    same = [distance(a, b, "cosine") for (a, p), (b, q) in pairs if p == q]
    other = [distance(a, b, "cosine") for (a, p), (b, q) in pairs if p != q]
    assert sorted(found.positive.tolist()) == pytest.approx(sorted(same), abs=1e-6)
    assert sorted(found.negative.tolist()) == pytest.approx(sorted(other), abs=1e-6)


def test_takes_half_precision_and_no_gradient() -> None:
    batch = torch.tensor([[1.0, 0], [0, 2], [-3, 0]], dtype=torch.bfloat16, requires_grad=True)
    found = pair_distances(batch, torch.tensor([4, 4, 1]))
    assert found.positive.tolist() == [1]
    assert sorted(found.negative.tolist()) == [1, 2]
    assert found.positive.dtype == torch.float32
    assert not found.positive.requires_grad
