"""Gradients in double precision against finite differences, and descent along them."""

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from tests.losses import reference
from tests.losses.cases import CASES, Case, built, images, run, vectors

PERSONS = [0, 0, 0, 1, 1, 2, 2, 3]  # 3 is alone, the others are not in the batch
STEP = 1e-6  # of the finite differences
by_name = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
# The gradient of circle is not that of its value.
SMOOTH = {name: case for name, case in CASES.items() if name != "circle"}
LEARNED = {name: case for name, case in CASES.items() if case.kind != "pairs" and name != "center"}


@pytest.mark.parametrize("case", SMOOTH.values(), ids=SMOOTH)
def test_gradients_are_those_of_finite_differences(case: Case) -> None:
    objectives = built(case.config()).eval()  # centres rest
    batch = vectors(len(PERSONS), seed=3).requires_grad_()
    assert run(case, objectives, batch, PERSONS).total.item() > 0

    def total(batch: Tensor, *_: Tensor) -> Tensor:
        return run(case, objectives, batch, PERSONS).total

    assert gradcheck(total, (batch, *objectives.parameters()), eps=STEP, atol=1e-6)


def test_gradients_of_circle_hold_its_weights_constant() -> None:
    """Its weights say how fast a similarity is to change, and are not themselves minimised."""
    case = CASES["circle"]
    batch = vectors(len(PERSONS), seed=3).requires_grad_()
    run(case, built(case.config()), batch, PERSONS).total.backward()
    here = images(batch.detach(), PERSONS)

    def moved(row: int, column: int, step: float) -> float:
        there = batch.detach().clone()
        there[row, column] += step
        return reference.circle(images(there, PERSONS), case.config().circle, weighted=here).loss

    rows, columns = batch.shape
    expected = [
        [(moved(i, j, STEP) - moved(i, j, -STEP)) / (2 * STEP) for j in range(columns)] for i in range(rows)
    ]
    torch.testing.assert_close(batch.grad, torch.tensor(expected, dtype=torch.float64), rtol=1e-5, atol=1e-6)


@by_name
def test_gradients_go_where_the_objective_looks(case: Case) -> None:
    """Classifiers look at what comes out of the neck, everything else at what goes into it."""
    pooled, final = (vectors(len(PERSONS), seed=seed).requires_grad_() for seed in (1, 2))
    both = case.config(objectives={"softmax": 1e-9, case.objective: 1})  # center does not go alone
    built(both)(pooled, final, torch.tensor(PERSONS)).total.backward()
    meant, other = (final, pooled) if case.kind == "classifier" else (pooled, final)
    assert meant.grad.abs().max() > 1e-4
    assert other.grad.abs().max() < 1e-7


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@by_name
def test_gradients_are_finite_where_all_vectors_are_the_same(case: Case, dtype: torch.dtype) -> None:
    objectives = built(case.config()).to(dtype)
    batch = vectors(1, seed=5).to(dtype).repeat(len(PERSONS), 1).requires_grad_()
    run(case, objectives, batch, PERSONS).total.backward()
    assert torch.isfinite(batch.grad).all()
    assert all(torch.isfinite(each.grad).all() for each in objectives.parameters())


@pytest.mark.parametrize("sign", [1, -1], ids=["along", "against"])
@pytest.mark.parametrize("case", LEARNED.values(), ids=LEARNED)
def test_gradients_are_finite_along_and_against_learned_vectors(case: Case, sign: int) -> None:
    """Angles of 0 and 180 degrees, where the arc cosine has no slope."""
    objectives = built(case.config()).float()
    (weights,) = objectives.parameters()
    with torch.no_grad():
        weights[:5, :5] = torch.eye(5)  # of the first five people, whichever way round they are kept
    batch = (sign * torch.eye(5)).requires_grad_()
    run(case, objectives, batch, [0, 1, 2, 3, 4]).total.backward()
    assert torch.isfinite(batch.grad).all()
    assert torch.isfinite(weights.grad).all()


@by_name
def test_descent_lowers_the_loss(case: Case) -> None:
    """A linear network on fixed images."""
    objectives, pixels = built(case.config()), vectors(len(PERSONS), seed=7, dimension=12)
    network = vectors(12, seed=8).requires_grad_()
    optimiser = torch.optim.SGD([network, *objectives.parameters()], lr=1e-3)
    losses = []
    for _ in range(10):
        loss = run(case, objectives, pixels @ network, PERSONS).total
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[0] > losses[4] > losses[9]
