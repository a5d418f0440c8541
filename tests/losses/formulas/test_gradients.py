"""Gradients of every objective: right in double precision, finite where vectors are the same, and downhill."""

import pytest
import torch
from torch import Tensor
from torch.func import functional_call

from tests.losses.formulas import reference
from tests.losses.formulas.cases import BATCHES, CASES, build, drawn, listed, loss_config

SMALL = drawn([0, 0, 0, 1, 1, 2, 2, 3], dimension=3, seed=7)


@pytest.mark.parametrize("case", [case for case in CASES if case != "circle"])
def test_gradcheck(case: str) -> None:
    """Of the vectors, and of proxies and classifiers."""
    pooled, final, persons = SMALL
    objectives = build(loss_config(case), 3).eval()
    names = [name for name, _ in objectives.named_parameters()]
    own = [parameter.detach().clone().requires_grad_() for parameter in objectives.parameters()]

    def total(pooled: Tensor, final: Tensor, *parameters: Tensor) -> Tensor:
        learned = dict(zip(names, parameters, strict=True))
        return functional_call(objectives, learned, (pooled, final, persons)).total

    inputs = (pooled.clone().requires_grad_(), final.clone().requires_grad_(), *own)
    assert total(*inputs).item() > 0
    assert torch.autograd.gradcheck(total, inputs)


def test_gradient_circle() -> None:
    """Its pairs' weights are constants to the gradient: differences of the reference with the weights held."""
    pooled, final, persons = SMALL
    config = loss_config("circle", circle={"scale": 8.0})
    moving = pooled.clone().requires_grad_()
    build(config, 3)(moving, final, persons).total.backward()
    batch, step = listed(pooled, persons), 1e-5

    def beside(row: int, column: int, off: float) -> float:
        moved = pooled.clone()
        moved[row, column] += off
        return reference.circle(listed(moved, persons), [], config.circle, weighted_at=batch)[0]

    wanted = [
        [(beside(row, column, step) - beside(row, column, -step)) / (2 * step) for column in range(3)]
        for row in range(len(persons))
    ]
    torch.testing.assert_close(moving.grad, torch.tensor(wanted, dtype=torch.float64), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("shown", ["identical", "two-pictures-of-one", "two-pictures-of-two", "one-person"])
@pytest.mark.parametrize("case", CASES)
def test_finite_gradient(case: str, shown: str) -> None:
    pooled, final, persons = BATCHES[shown]
    pooled, final = (vectors.float().requires_grad_() for vectors in (pooled, final))
    objectives = build(loss_config(case), pooled.shape[1]).float()
    objectives(pooled, final, persons).total.backward()
    assert pooled.grad is not None
    for vectors in (pooled, final, *objectives.parameters()):
        assert vectors.grad is None or bool(vectors.grad.isfinite().all())


@pytest.mark.parametrize("case", ["arcface", "cosface", "proxy-nca", "proxy-anchor"])
@pytest.mark.parametrize("sign", [1, -1], ids=["same", "opposite"])
def test_finite_gradient_on_the_persons_own_direction(case: str, sign: int) -> None:
    """Where a cosine is exactly 1 or -1, the angle has no slope."""
    objectives = build(loss_config(case), 7).float()
    (weights,) = objectives.parameters()
    with torch.no_grad():
        weights.copy_(sign * torch.eye(7))
    vectors = torch.eye(7).requires_grad_()
    objectives(vectors, vectors, torch.arange(7)).total.backward()
    assert bool(vectors.grad.isfinite().all())
    assert bool(weights.grad.isfinite().all())


@pytest.mark.parametrize("case", CASES)
def test_descent(case: str) -> None:
    """A linear model learns to tell people apart whose pictures differ in much else."""
    inputs, _, persons = drawn([0] * 4 + [1] * 4 + [2] * 4 + [3] * 4, dimension=12, seed=3)
    objectives = build(loss_config(case), 6)
    weight = torch.randn(6, 12, generator=torch.Generator().manual_seed(1), dtype=torch.float64) / 12**0.5
    weight.requires_grad_()
    optimiser = torch.optim.Adam([weight, *objectives.parameters()], lr=0.02)
    values = []
    for _ in range(60):
        vectors = inputs @ weight.T
        total = objectives(vectors, vectors, persons).total
        values.append(total.item())
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
    assert values[-1] < 0.8 * values[0], f"{values[0]:.4f} to {values[-1]:.4f}"
