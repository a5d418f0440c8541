"""Several objectives together, and the precision that they are computed in."""

from typing import Any

import pytest
import torch

from reid.losses.config import LossConfig
from tests.losses.cases import CASES, DIMENSION, PEOPLE, Case, built, run, vectors

PERSONS = [0, 0, 0, 1, 1, 2, 2, 3]
by_name = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def weighted(weights: dict[str, float], **more: Any) -> LossConfig:
    return LossConfig.model_validate({"objectives": weights, **more})


def test_the_total_is_the_weighted_sum_of_the_parts() -> None:
    weights = {"triplet": 0.7, "contrastive": 2, "softmax": 0.5, "center": 0.05, "cosface": 1.5}
    batch = vectors(8, seed=0), vectors(8, seed=1), torch.tensor(PERSONS)
    losses = built(weighted(weights))(*batch)
    assert list(losses.terms) == list(weights)
    assert not any(term.requires_grad for term in losses.terms.values())
    expected = sum(weights[name] * term.item() for name, term in losses.terms.items())
    assert losses.total.item() == pytest.approx(expected, rel=1e-12)
    for name in ("triplet", "contrastive"):  # no first weights, so that alone they are the same
        alone = built(weighted({name: 1}))(*batch)
        assert losses.terms[name].item() == alone.total.item()
    assert losses.active.item() == built(weighted({"triplet": 1}))(*batch).active.item()


def test_the_gradient_is_the_weighted_sum_of_the_parts() -> None:
    weights = {"triplet": 0.7, "contrastive": 2.0, "n-pair": 0.3}

    def gradient(weights: dict[str, float]) -> torch.Tensor:
        batch = vectors(8, seed=0).requires_grad_()
        built(weighted(weights))(batch, batch.detach(), torch.tensor(PERSONS)).total.backward()
        return batch.grad

    parts = [weight * gradient({name: 1}) for name, weight in weights.items()]
    torch.testing.assert_close(gradient(weights), torch.stack(parts).sum(dim=0))


def test_a_weight_of_0_builds_nothing() -> None:
    with_zeros = weighted({"softmax": 1, "arcface": 0, "proxy-nca": 0, "center": 0, "triplet": 0})
    assert [tuple(each.shape) for each in built(with_zeros).parameters()] == [(PEOPLE, DIMENSION)]
    assert list(built(with_zeros).buffers()) == []
    losses = built(with_zeros)(vectors(8, seed=0), vectors(8, seed=1), torch.tensor(PERSONS))
    assert list(losses.terms) == ["softmax"]
    assert losses.active is None


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["float16", "bfloat16"])
@by_name
def test_half_precision_is_computed_in_float32(case: Case, dtype: torch.dtype) -> None:
    half = vectors(8, seed=0).to(dtype).requires_grad_()
    losses = run(case, built(case.config()).float(), half, PERSONS)
    expected = run(case, built(case.config()).float(), half.detach().float(), PERSONS)
    assert losses.total.dtype == torch.float32
    assert torch.equal(losses.terms[case.objective], expected.terms[case.objective])
    losses.total.backward()
    assert half.grad.dtype == dtype
    assert torch.isfinite(half.grad).all()


@by_name
def test_autocast_changes_nothing(case: Case) -> None:
    batch = vectors(8, seed=0).float()
    expected = run(case, built(case.config()).float(), batch, PERSONS)
    with torch.autocast("cpu", torch.bfloat16):
        losses = run(case, built(case.config()).float(), batch, PERSONS)
    assert losses.total.dtype == torch.float32
    assert torch.equal(losses.total, expected.total)


@by_name
def test_float32_is_close_to_float64(case: Case) -> None:
    """Nothing is lost where training computes it."""
    batch = vectors(8, seed=0)
    single = run(case, built(case.config()).float(), batch.float(), PERSONS).total
    double = run(case, built(case.config()), batch, PERSONS).total
    assert single.item() == pytest.approx(double.item(), rel=1e-5)


@by_name
def test_first_weights_are_the_generators(case: Case) -> None:
    first, same, other = (list(built(case.config(), seed=seed).parameters()) for seed in (1, 1, 2))
    for ours, theirs, different in zip(first, same, other, strict=True):
        assert torch.equal(ours, theirs)
        assert not torch.equal(ours, different)
