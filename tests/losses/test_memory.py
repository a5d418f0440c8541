"""Cross-batch memory against brute force: a list of the last images, kept by hand."""

import io
from collections import deque
from typing import Any

import pytest
import torch
from torch import Tensor

from reid.losses.config import WITH_MEMORY, LossConfig
from reid.losses.memory import CrossBatchMemory
from reid.losses.objectives import Objectives
from tests.losses.cases import CASES, PAIR_CASES, Case, built, run, vectors
from tests.losses.reference import Images

BATCHES = [
    [0, 0, 1, 1],
    [1, 2, 2, 3, 3],
    [0, 0, 0],
    [4, 0, 2],
    [5],
    [5, 5, 1, 1, 2, 2],
    [0, 1, 2, 3],
    [3, 3, 3, 3],
]
CASES_WITH_MEMORY = {name: case for name, case in PAIR_CASES.items() if case.objective in WITH_MEMORY}
by_name = pytest.mark.parametrize("case", CASES_WITH_MEMORY.values(), ids=CASES_WITH_MEMORY)


@pytest.mark.parametrize("from_step", [0, 3], ids=["from-the-start", "from-step-3"])
@pytest.mark.parametrize("size", [3, 7, 100], ids=["less-than-a-batch", "some-batches", "never-full"])
@by_name
def test_equals_the_formula_over_the_last_images(case: Case, size: int, from_step: int) -> None:
    objectives = built(case.config(memory=size, memory_from_step=from_step))
    last: deque[tuple[list[float], int]] = deque(maxlen=size)
    for step, persons in enumerate(BATCHES):
        batch = vectors(len(persons), seed=step)
        now = list(zip(batch.tolist(), persons, strict=True))
        compared = [*now, *(last if step >= from_step else [])]
        seen = Images(vectors=[v for v, _ in compared], persons=[p for _, p in compared], anchors=len(now))
        expected, losses = case.value(seen), run(case, objectives, batch, persons)
        assert losses.total.item() == pytest.approx(expected.loss, rel=1e-9, abs=1e-12), step
        assert losses.active is not None
        assert losses.active.item() == pytest.approx(expected.active, rel=1e-6), step
        last.extend(now)


@by_name
def test_equals_the_formula_where_the_same_images_come_again(case: Case) -> None:
    """What is remembered of an image is another image of its person, at a distance of 0."""
    objectives, persons = built(case.config(memory=4, memory_from_step=0)), [0, 0, 1, 2]
    batch = (
        torch.eye(5, dtype=torch.float64)[[0, 1, 2, 3]] * 2
    )  # exact, so that no rounding decides what is mined
    for _ in range(2):
        losses = run(case, objectives, batch, persons)
    expected = case.value(Images(vectors=[*batch.tolist()] * 2, persons=persons * 2, anchors=4))
    assert losses.total.item() == pytest.approx(expected.loss, rel=1e-9, abs=1e-12)


def test_gradients_go_to_the_batch_alone() -> None:
    """A graph that has been used up, that of the batch before, is not needed again."""
    objectives = built(CASES["triplet-all-euclidean"].config(memory=9, memory_from_step=0))
    network = vectors(5, seed=0).requires_grad_()
    for step in range(3):
        total = run(
            CASES["triplet-all-euclidean"], objectives, vectors(4, seed=step) @ network, [0, 0, 1, 1]
        ).total
        total.backward()
    assert not any(buffer.requires_grad for buffer in objectives.buffers())


def test_a_backward_pass_may_come_after_the_next_batch() -> None:
    gradients = []
    for late in (False, True):
        objectives = built(CASES["circle"].config(memory=4, memory_from_step=0))
        run(CASES["circle"], objectives, vectors(4, seed=0), [0, 0, 1, 1])
        batch = vectors(4, seed=1).requires_grad_()
        total = run(CASES["circle"], objectives, batch, [0, 1, 1, 2]).total
        if late:
            run(CASES["circle"], objectives, vectors(4, seed=2), [0, 0, 1, 1])
        total.backward()
        gradients.append(batch.grad)
    assert torch.equal(*gradients)


def test_memory_rests_in_evaluation() -> None:
    case = CASES["contrastive-euclidean"]
    objectives = built(case.config(memory=4, memory_from_step=0))
    run(case, objectives, vectors(4, seed=0), [0, 0, 1, 1])
    before = {name: value.clone() for name, value in objectives.state_dict().items()}
    run(case, objectives.eval(), vectors(4, seed=1), [2, 2, 3, 3])
    assert all(torch.equal(value, before[name]) for name, value in objectives.state_dict().items())


def shown(memory: CrossBatchMemory) -> list[tuple[float, int]]:
    """What is in the memory, without its empty places, in any order."""
    remembered = memory.remembered()
    assert remembered is not None
    places = zip(remembered[0][:, 0].tolist(), remembered[1].tolist(), strict=True)
    return sorted((value, person) for value, person in places if person >= 0)


def test_the_oldest_are_overwritten() -> None:
    memory = CrossBatchMemory(5, dimension=1, from_step=0)
    assert shown(memory) == []
    memory.add(torch.tensor([[1.0], [2.0]]), torch.tensor([10, 20]))
    assert shown(memory) == [(1, 10), (2, 20)]
    memory.add(torch.tensor([[3.0], [4.0], [5.0], [6.0]]), torch.tensor([30, 40, 50, 60]))
    assert shown(memory) == [(2, 20), (3, 30), (4, 40), (5, 50), (6, 60)]
    memory.add(torch.arange(7.0, 14)[:, None], torch.arange(70, 77))
    assert shown(memory) == [(9, 72), (10, 73), (11, 74), (12, 75), (13, 76)]


def test_what_was_handed_out_does_not_change() -> None:
    memory = CrossBatchMemory(2, dimension=1, from_step=0)
    memory.add(torch.tensor([[1.0], [2.0]]), torch.tensor([10, 20]))
    handed_out, persons = memory.remembered() or pytest.fail("nothing is remembered")
    memory.add(torch.tensor([[3.0]]), torch.tensor([30]))
    assert handed_out.flatten().tolist() == [1, 2]
    assert persons.tolist() == [10, 20]


def test_nothing_is_remembered_before_its_step() -> None:
    memory = CrossBatchMemory(2, dimension=1, from_step=2)
    for step in range(2):
        assert memory.remembered() is None
        memory.add(torch.tensor([[float(step)]]), torch.tensor([step]))
    assert shown(memory) == [(0, 0), (1, 1)]


def trained(objectives: Objectives, steps: range) -> list[Tensor]:
    """Totals of some steps of gradient descent in single precision."""
    optimiser = torch.optim.SGD(objectives.parameters(), lr=0.1)
    totals = []
    for step in steps:
        pooled, final = (vectors(len(BATCHES[step]), seed=seed).float() for seed in (step, 50 + step))
        total = objectives(pooled, final, torch.tensor(BATCHES[step])).total
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        totals.append(total.detach())
    return totals


@pytest.mark.parametrize(
    "weights",
    [
        {"triplet": 1, "contrastive": 1, "circle": 0.1, "center": 0.1, "softmax": 1},
        {"multi-similarity": 1, "proxy-nca": 1, "proxy-anchor": 1, "arcface": 1, "cosface": 1},
    ],
    ids=["pairs-center-softmax", "pairs-proxies-margins"],
)
def test_a_saved_state_goes_on_bit_for_bit(weights: dict[str, Any]) -> None:
    config = LossConfig.model_validate({"objectives": weights, "memory": 7, "memory_from_step": 2})
    whole, first, second = (built(config, seed=seed).float() for seed in (0, 0, 1))
    expected = trained(whole, range(8))
    file = io.BytesIO()
    begun = trained(first, range(4))
    torch.save(first.state_dict(), file)
    file.seek(0)
    second.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(torch.stack([*begun, *trained(second, range(4, 8))]), torch.stack(expected))
