"""Every objective equals its formula, written out in reference.py and reference_people.py."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reid.losses.config import OBJECTIVES
from tests.losses.cases import (
    CASES,
    DIMENSION,
    PAIR_CASES,
    PEOPLE,
    Case,
    built,
    images,
    learned,
    run,
    vectors,
)

EVEN = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
UNEVEN = [4, 2, 4, 6, 2, 4, 0, 4, 6, 5, 4]  # 5, 2, 2, 1 and 1 images, mixed
LITTLE = {
    "one-person": [3, 3, 3, 3],
    "everybody-alone": [0, 1, 2, 3, 4],
    "two-images-of-one": [6, 6],
    "two-images-of-two": [1, 5],
    "one-image": [2],
}
BOTH_KINDS = ("triplet", "quadruplet", "circle", "n-pair")  # others learn from pairs of one kind too
by_name = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def check(case: Case, batch: Tensor, persons: list[int]) -> None:
    objectives = built(case.config(), dimension=batch.shape[1])
    expected = case.value(images(batch, persons), learned(objectives, case))
    losses = run(case, objectives, batch, persons)
    assert losses.terms[case.objective].item() == pytest.approx(expected.loss, rel=1e-9, abs=1e-12)
    if expected.active is None:
        assert losses.active is None
    else:
        assert losses.active is not None
        assert losses.active.item() == pytest.approx(expected.active, rel=1e-6)


def test_every_objective_is_tested() -> None:
    by_itself = {"distillation"}  # test_distillation.py: it takes teachers in place of persons
    assert {case.objective for case in CASES.values()} == set(OBJECTIVES) - by_itself


@by_name
def test_equals_the_formula(case: Case) -> None:
    for seed in range(4):
        check(case, vectors(len(EVEN), seed=seed), EVEN)
        check(case, vectors(len(UNEVEN), seed=seed), UNEVEN)


@pytest.mark.parametrize("persons", LITTLE.values(), ids=LITTLE)
@by_name
def test_equals_the_formula_where_little_can_be_compared(case: Case, persons: list[int]) -> None:
    check(case, vectors(len(persons), seed=0), persons)


@by_name
def test_equals_the_formula_where_all_vectors_are_the_same(case: Case) -> None:
    check(case, torch.tensor([[2.0, 0, 0, 0, 0]], dtype=torch.float64).repeat(len(EVEN), 1), EVEN)


@pytest.mark.slow
@given(
    case=st.sampled_from(list(CASES.values())),
    persons=st.lists(st.integers(0, PEOPLE - 1), min_size=1, max_size=9),
    dimension=st.integers(2, 6),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=150)
def test_equals_the_formula_on_any_batch(case: Case, persons: list[int], dimension: int, seed: int) -> None:
    check(case, vectors(len(persons), seed=seed, dimension=dimension), persons)


@pytest.mark.parametrize("persons", LITTLE.values(), ids=LITTLE)
@pytest.mark.parametrize(
    "case",
    [case for case in PAIR_CASES.values() if case.objective in BOTH_KINDS],
    ids=[name for name, case in PAIR_CASES.items() if case.objective in BOTH_KINDS],
)
def test_nothing_to_compare_costs_nothing(case: Case, persons: list[int]) -> None:
    check_nothing(case, persons)


@pytest.mark.parametrize("case", PAIR_CASES.values(), ids=PAIR_CASES)
def test_one_image_costs_nothing(case: Case) -> None:
    check_nothing(case, [2])


def check_nothing(case: Case, persons: list[int]) -> None:
    batch = vectors(len(persons), seed=1).requires_grad_()
    losses = run(case, built(case.config()), batch, persons)
    losses.total.backward()
    assert losses.total.item() == 0
    assert losses.active is not None
    assert losses.active.item() == 0
    assert torch.equal(batch.grad, torch.zeros_like(batch))


@pytest.mark.parametrize("persons", [[0, 0, 1, 2], [0, 0, 1, 1]], ids=["one-negative", "both"])
def test_a_single_pair_that_mining_leaves_counts(persons: list[int]) -> None:
    """As few as that are left late in training, and where a memory has no place for more."""
    angles = torch.deg2rad(torch.tensor([0, 50, 58, 150], dtype=torch.float64))
    batch = torch.zeros(4, DIMENSION, dtype=torch.float64)
    batch[:, 0], batch[:, 1] = angles.cos(), angles.sin()
    case = CASES["multi-similarity-mined"]
    assert case.value(images(batch, persons)).loss > 0.1
    check(case, batch, persons)


def test_proxies_may_be_steep() -> None:
    """An image at another person's proxy is the dearest there is, not one that is left out."""
    case = replace(CASES["proxy-nca"], settings={"scale": 60})
    objectives = built(case.config()).float()
    (proxies,) = objectives.parameters()
    batch = -proxies.detach()[:3]
    losses = run(case, objectives, batch, [0, 1, 2])
    expected = case.value(images(batch, [0, 1, 2]), learned(objectives, case))
    assert expected.loss > 100
    assert losses.total.item() == pytest.approx(expected.loss, rel=1e-5)
