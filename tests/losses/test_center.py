"""Centres move by the paper's rule, against the formula batch after batch."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from reid.losses.objectives import Objectives
from tests.losses import reference_people
from tests.losses.cases import CASES, DIMENSION, PEOPLE, built, images, run, vectors
from tests.losses.reference_people import Learned

BATCHES = [[0, 0, 0, 1, 1, 2], [4, 2, 4, 6, 2, 4, 0], [3], [3, 3, 3, 3], [0, 1, 2, 3, 4, 5, 6, 7]]


def centers(objectives: Objectives) -> Tensor:
    (found,) = objectives.buffers()
    return found.clone()


@pytest.mark.parametrize("rate", [0.5, 1.0, 1.7])
def test_centers_follow_the_papers_rule(rate: float) -> None:
    case = replace(CASES["center"], settings={"learning_rate": rate})
    objectives, expected = built(case.config()), centers_at_zero()
    for step, persons in enumerate(BATCHES):
        batch = vectors(len(persons), seed=step)
        cost = run(case, objectives, batch, persons).terms["center"].item()
        assert cost == pytest.approx(case.value(images(batch, persons), expected).loss, rel=1e-12)
        expected = reference_people.moved_centers(images(batch, persons), expected, case.config().center)
        torch.testing.assert_close(centers(objectives), torch.tensor(expected, dtype=torch.float64))


def centers_at_zero() -> Learned:
    return [[0.0] * DIMENSION for _ in range(PEOPLE)]


def test_centers_of_people_who_are_not_in_the_batch_rest() -> None:
    objectives = built(CASES["center"].config())
    run(CASES["center"], objectives, vectors(4, seed=0), [0, 1, 2, 3])
    before = centers(objectives)
    run(CASES["center"], objectives, vectors(3, seed=1), [0, 1, 1])
    moved = (centers(objectives) != before).any(dim=1)
    assert moved.tolist() == [True, True] + [False] * (PEOPLE - 2)


def test_centers_rest_in_evaluation() -> None:
    objectives = built(CASES["center"].config())
    run(CASES["center"], objectives, vectors(4, seed=0), [0, 1, 2, 3])
    before = centers(objectives)
    run(CASES["center"], objectives.eval(), vectors(4, seed=1), [0, 1, 2, 3])
    assert torch.equal(centers(objectives), before)


def test_the_gradient_is_that_of_the_centers_before_they_move() -> None:
    objectives = built(CASES["center"].config())
    run(CASES["center"], objectives, vectors(3, seed=0), [0, 1, 1])
    before = centers(objectives)
    batch = vectors(3, seed=1).requires_grad_()
    run(CASES["center"], objectives, batch, [1, 1, 0]).total.backward()
    torch.testing.assert_close(batch.grad, (batch.detach() - before[[1, 1, 0]]) / 3)


def test_centers_are_no_business_of_the_optimiser() -> None:
    shapes = [tuple(each.shape) for each in built(CASES["center"].config()).parameters()]
    assert shapes == [(PEOPLE, DIMENSION)]  # the weights of the softmax beside it
