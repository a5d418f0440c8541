"""Cross-batch memory against a list of the last pictures, and a training that is saved and goes on."""

import io
from collections import deque

import pytest
import torch

from reid.losses.config import WITH_MEMORY
from reid.losses.objectives import Objectives
from tests.losses.formulas.cases import CASES, build, drawn, expected, loss_config

CASES_WITH_MEMORY = [case for case, (name, _) in CASES.items() if name in WITH_MEMORY]
PERSONS = [[0, 0, 1, 1], [1, 2, 2, 3], [0, 0, 0, 4], [3, 3, 1], [1, 1, 2, 2, 4], [0, 1, 2, 3], [5, 5, 0, 0]]


@pytest.mark.parametrize("from_step", [0, 2])
@pytest.mark.parametrize("size", [3, 7, 100], ids=["less than a batch", "two batches", "never full"])
@pytest.mark.parametrize("case", CASES_WITH_MEMORY)
def test_memory_is_the_last_pictures(case: str, size: int, from_step: int) -> None:
    config = loss_config(case, memory=size, memory_from_step=from_step)
    objectives = build(config, 5)
    last: deque[tuple[list[float], int]] = deque(maxlen=size)
    for step, persons in enumerate(PERSONS):
        batch = drawn(persons, seed=step)
        wanted = expected(objectives, config, batch, list(last) if step >= from_step else [])
        found = objectives(*batch)
        ((loss, active),) = wanted.values()
        assert found.total.item() == pytest.approx(loss, rel=1e-9, abs=1e-12), step
        assert found.active.item() == pytest.approx(active), step
        last.extend(zip(batch[0].tolist(), persons, strict=True))


@pytest.mark.parametrize("case", [case for case in CASES_WITH_MEMORY if case != "circle"])
def test_gradcheck_with_memory(case: str) -> None:
    """Gradients flow into the batch, what is remembered stays as it is."""
    objectives = build(loss_config(case, memory=8, memory_from_step=0), 3)
    objectives(*drawn([0, 0, 1, 1, 2], dimension=3, seed=1))
    objectives.eval()
    pooled, final, persons = drawn([0, 0, 1, 2, 2], dimension=3, seed=2)
    moving = pooled.requires_grad_()
    assert torch.autograd.gradcheck(lambda vectors: objectives(vectors, final, persons).total, (moving,))


def test_memory_is_not_filled_while_evaluating() -> None:
    objectives = build(loss_config("triplet-all", memory=8, memory_from_step=0), 5)
    objectives.eval()(*drawn(PERSONS[0]))
    assert bool((objectives.get_buffer("memory.persons") == -1).all())
    objectives.train()(*drawn(PERSONS[0]))
    assert objectives.get_buffer("memory.persons").tolist() == [0, 0, 1, 1, -1, -1, -1, -1]


def test_a_backward_pass_may_come_after_the_next_batch() -> None:
    """The memory changes in place; what the gradient needs of it must not."""
    objectives = build(loss_config("triplet-all", memory=4, memory_from_step=0), 5)
    objectives(*drawn(PERSONS[0], seed=0))
    alone, final, persons = drawn(PERSONS[1], seed=1)
    alone.requires_grad_()
    objectives(alone, final, persons).total.backward()
    again = build(loss_config("triplet-all", memory=4, memory_from_step=0), 5)
    again(*drawn(PERSONS[0], seed=0))
    late = alone.detach().clone().requires_grad_()
    total = again(late, final, persons).total
    again(*drawn(PERSONS[2], seed=2))
    total.backward()
    assert torch.equal(late.grad, alone.grad)


def trained(objectives: Objectives, steps: range) -> list[torch.Tensor]:
    """Totals of some steps of plain gradient descent, in single precision as trainings have it."""
    totals = []
    for step in steps:
        pooled, final, persons = drawn(PERSONS[step], seed=step)
        total = objectives(pooled.float(), final.float(), persons).total
        objectives.zero_grad()
        total.backward()
        with torch.no_grad():
            for parameter in objectives.parameters():
                parameter.sub_(0.1 * parameter.grad)
        totals.append(total.detach())
    return totals


@pytest.mark.parametrize(
    "weights",
    [
        {"triplet": 1, "contrastive": 0.5, "multi-similarity": 1, "circle": 0.1, "center": 0.1, "softmax": 1},
        {"triplet": 1, "proxy-nca": 1, "proxy-anchor": 1, "arcface": 1, "cosface": 1},
    ],
    ids=["memory-center-softmax", "memory-proxies-margins"],
)
def test_a_saved_state_goes_on_bit_for_bit(weights: dict[str, float]) -> None:
    config = loss_config("triplet-all", objectives=weights, memory=7, memory_from_step=2)
    whole, first, second = (build(config, 5, seed=seed).float() for seed in (0, 0, 1))
    wanted = trained(whole, range(7))
    begun = trained(first, range(4))
    saved = io.BytesIO()
    torch.save(first.state_dict(), saved)
    saved.seek(0)
    second.load_state_dict(torch.load(saved, weights_only=True))
    assert torch.equal(torch.stack(begun + trained(second, range(4, 7))), torch.stack(wanted))
    state = second.state_dict()
    assert all(torch.equal(state[name], value) for name, value in whole.state_dict().items())
