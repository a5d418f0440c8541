"""Distillation against its papers' formulas, written out over lists of pairs."""

import math
from typing import Any

import pytest
import torch

from reid.losses.compared import UNLABELLED
from reid.losses.config import DistillationConfig, LossConfig
from reid.losses.distillation import Distillation
from reid.losses.objectives import Objectives
from tests.losses.cases import vectors

STUDENT, TEACHER = 5, 3
Rows = list[list[float]]


def unit(rows: Rows) -> Rows:
    return [[one / math.sqrt(sum(x * x for x in row)) for one in row] for row in rows]


def cosine(first: list[float], second: list[float]) -> float:
    return sum(a * b for a, b in zip(*unit([first, second]), strict=True))


def vector_term(student: Rows, teacher: Rows, weights: Rows) -> float:
    costs = []
    for own, wanted in zip(student, teacher, strict=True):
        mapped = [sum(w * x for w, x in zip(row, own, strict=True)) for row in weights]
        costs.append(1 - cosine(mapped, wanted))
    return sum(costs) / len(costs)


def rkd(student: Rows, teacher: Rows) -> float:
    def relative(rows: Rows) -> list[float]:
        pairs = [(i, j) for i in range(len(rows)) for j in range(i + 1, len(rows))]
        distances = [math.dist(unit(rows)[i], unit(rows)[j]) for i, j in pairs]
        mean = sum(distances) / len(distances)
        return [one / mean for one in distances]

    def huber(x: float) -> float:
        return 0.5 * x * x if abs(x) < 1 else abs(x) - 0.5

    own, wanted = relative(student), relative(teacher)
    return sum(huber(a - b) for a, b in zip(own, wanted, strict=True)) / len(own)


def pkt(student: Rows, teacher: Rows) -> float:
    def chances(rows: Rows, i: int) -> dict[int, float]:
        kernel = {j: (1 + cosine(rows[i], rows[j])) / 2 for j in range(len(rows)) if j != i}
        return {j: value / sum(kernel.values()) for j, value in kernel.items()}

    costs = []
    for i in range(len(student)):
        wanted, given = chances(teacher, i), chances(student, i)
        costs.append(sum(p * math.log(p / given[j]) for j, p in wanted.items()))
    return sum(costs) / len(costs)


def built(teachers: int = 1, **settings: Any) -> Distillation:
    generator = torch.Generator().manual_seed(0)
    config = DistillationConfig.model_validate(settings)
    made = Distillation(
        config, dimension=STUDENT, teachers=[TEACHER + k for k in range(teachers)], generator=generator
    )
    return made.double()


@pytest.mark.parametrize("relation", ["rkd", "pkt"])
@pytest.mark.parametrize(("vector_weight", "relation_weight"), [(1.0, 0.0), (0.0, 1.0), (0.5, 2.0)], ids=str)
@pytest.mark.parametrize("teachers", [1, 2])
def test_equals_the_formula(
    relation: str, vector_weight: float, relation_weight: float, teachers: int
) -> None:
    loss = built(teachers, vectors=vector_weight, relations=relation_weight, relation=relation)
    student = vectors(7, seed=1, dimension=STUDENT)
    targets = [vectors(7, seed=2 + k, dimension=TEACHER + k) for k in range(teachers)]
    formula = {"rkd": rkd, "pkt": pkt}[relation]
    expected = [
        vector_weight * vector_term(student.tolist(), target.tolist(), loss.maps[k].tolist())
        + relation_weight * formula(student.tolist(), target.tolist())
        for k, target in enumerate(targets)
    ]
    assert loss(student, targets).loss.item() == pytest.approx(sum(expected) / teachers, abs=1e-9)


@pytest.mark.parametrize("relation", ["rkd", "pkt"])
def test_a_student_who_is_the_teacher_costs_nothing(relation: str) -> None:
    loss = built(relation=relation, vectors=0.0)
    same = vectors(6, seed=3, dimension=TEACHER)
    turned = torch.linalg.qr(vectors(STUDENT, seed=4, dimension=STUDENT)).Q[:TEACHER]
    assert loss(same @ turned, [same]).loss.item() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("relation", ["rkd", "pkt"])
def test_gradients(relation: str) -> None:
    loss = built(relation=relation)
    student = vectors(5, seed=5, dimension=STUDENT).requires_grad_()
    target = vectors(5, seed=6, dimension=TEACHER)
    assert torch.autograd.gradcheck(lambda x: loss(x, [target]).loss, student)


@pytest.mark.parametrize("relation", ["rkd", "pkt"])
def test_degenerate_batches_are_finite(relation: str) -> None:
    """One image; and images whose vectors are all equal, to both."""
    loss = built(relation=relation)
    for count in (1, 4):
        student = torch.ones(count, STUDENT, dtype=torch.float64, requires_grad=True)
        cost = loss(student, [torch.ones(count, TEACHER, dtype=torch.float64)]).loss
        cost.backward()
        assert math.isfinite(cost.item())
        assert student.grad is not None
        assert torch.isfinite(student.grad).all()


def test_unlabelled_images_count_for_distillation_only() -> None:
    """The identity objectives of a mixed batch are those of its labelled part."""
    config = LossConfig.model_validate({"objectives": {"triplet": 1.0, "softmax": 1.0, "distillation": 0.5}})
    made = Objectives(
        config, dimension=STUDENT, people=4, generator=torch.Generator().manual_seed(0), teachers=[TEACHER]
    ).double()
    pooled, final = (vectors(10, seed=seed, dimension=STUDENT) for seed in (7, 8))
    target = vectors(10, seed=9, dimension=TEACHER)
    persons = torch.tensor([0, 0, 1, 1, 2, 2] + [UNLABELLED] * 4)
    whole, labelled = (
        made(pooled, final, persons, [target]),
        made(pooled[:6], final[:6], persons[:6], [target[:6]]),
    )
    for name in ("triplet", "softmax"):
        assert whole.terms[name] == labelled.terms[name]
    assert whole.terms["distillation"] != labelled.terms["distillation"]
    expected = whole.terms["triplet"] + whole.terms["softmax"] + 0.5 * whole.terms["distillation"]
    assert whole.total.item() == pytest.approx(expected.item())


def test_a_batch_without_labels_gives_every_parameter_a_gradient() -> None:
    config = LossConfig.model_validate({"objectives": {"softmax": 1.0, "distillation": 1.0}})
    made = Objectives(
        config, dimension=STUDENT, people=4, generator=torch.Generator().manual_seed(0), teachers=[TEACHER]
    ).double()
    batch, target = vectors(4, seed=1, dimension=STUDENT), vectors(4, seed=2, dimension=TEACHER)
    losses = made(batch, batch, torch.full((4,), UNLABELLED), [target])
    losses.total.backward()
    assert set(losses.terms) == {"distillation"}
    assert all(parameter.grad is not None for parameter in made.parameters())


def test_teachers_and_targets_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="2 teachers need as many targets, got 1"):
        built(2)(vectors(3, seed=0, dimension=STUDENT), [vectors(3, seed=1, dimension=TEACHER)])
    with pytest.raises(ValueError, match="needs a teacher"):
        built(0)


def test_settings_that_compare_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="compares nothing"):
        DistillationConfig(vectors=0.0, relations=0.0)
