"""Several objectives together: weights, precision, first weights, devices; and what a config refuses."""

import pytest
import torch
from pydantic import ValidationError

from reid.losses.config import OBJECTIVES, LossConfig
from reid.losses.objectives import Objectives
from tests.losses.formulas.cases import BATCHES, CASES, PEOPLE, build, drawn, loss_config

BATCH = BATCHES["random"]
DIMENSION = BATCH[0].shape[1]


def weighted(weights: dict[str, float], **settings: object) -> LossConfig:
    return LossConfig.model_validate({"objectives": weights, **settings})


def test_every_objective_is_tested() -> None:
    assert {name for name, _ in CASES.values()} == set(OBJECTIVES)


def test_the_total_is_the_weighted_sum_and_terms_are_not_weighted() -> None:
    weights = {"softmax": 0.5, "contrastive": 2.0, "triplet": 0.0, "circle": 0.25}
    found = build(weighted(weights), DIMENSION)(*BATCH)
    alone = {
        name: build(weighted({name: 1.0}), DIMENSION)(*BATCH)
        for name, weight in weights.items()
        if weight > 0
    }
    assert list(found.terms) == ["softmax", "contrastive", "circle"]
    for name, losses in alone.items():
        assert found.terms[name].item() == losses.total.item()
        assert not found.terms[name].requires_grad
    assert found.total.item() == pytest.approx(
        sum(weights[name] * losses.total.item() for name, losses in alone.items()), rel=1e-12
    )
    assert found.active.item() == alone["contrastive"].active.item()
    assert build(weighted({"circle": 1, "contrastive": 1}), DIMENSION)(*BATCH).active.item() == 1


def test_a_weight_of_0_makes_nothing() -> None:
    objectives = build(weighted({"triplet": 1.0, "proxy-nca": 0.0, "softmax": 0.0, "center": 0.0}), DIMENSION)
    assert list(objectives.parameters()) == []
    assert list(objectives.buffers()) == []


def test_pairs_see_the_vectors_before_the_neck_and_classifiers_those_behind_it() -> None:
    pooled, final, persons = (BATCH[0].clone().requires_grad_(), BATCH[1].clone().requires_grad_(), BATCH[2])
    for name in OBJECTIVES:
        objectives = build(weighted({name: 1.0, "softmax": 1.0}), DIMENSION)
        module = objectives.objectives[name]
        seen: list[torch.Tensor] = []
        module.register_forward_pre_hook(lambda _, inputs, seen=seen: seen.append(inputs[0]))
        objectives(pooled, final, persons)
        vectors = getattr(seen[0], "anchors", seen[0])
        assert vectors is (final if name in ("softmax", "arcface", "cosface") else pooled), name


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("case", CASES)
def test_half_precision_is_computed_in_single(case: str, dtype: torch.dtype) -> None:
    pooled, final, persons = BATCH
    pooled, final = pooled.to(dtype), final.to(dtype)
    wanted = build(loss_config(case), DIMENSION).float()(pooled.float(), final.float(), persons)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = build(loss_config(case), DIMENSION).float()(pooled, final, persons)
    assert found.total.dtype == torch.float32
    assert torch.equal(found.total, wanted.total)


@pytest.mark.parametrize("case", CASES)
def test_first_weights_come_from_the_generator_alone(case: str) -> None:
    torch.manual_seed(1)
    first = build(loss_config(case), DIMENSION, seed=5).state_dict()
    torch.manual_seed(2)
    again = build(loss_config(case), DIMENSION, seed=5).state_dict()
    other = build(loss_config(case), DIMENSION, seed=6).state_dict()
    assert all(torch.equal(again[name], value) for name, value in first.items())
    moved = [name for name in first if "center" not in name]
    assert not any(torch.equal(other[name], first[name]) for name in moved)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("case", CASES)
def test_a_gpu_gives_the_same(case: str) -> None:
    found = []
    name = CASES[case][0]
    memory = {"memory": 9, "memory_from_step": 1} if name in ("triplet", "contrastive", "circle") else {}
    for device in ("cpu", "cuda"):
        objectives = build(loss_config(case, **memory), DIMENSION).to(device)
        for step in range(3):
            pooled, final, persons = (part.to(device) for part in drawn([0, 0, 1, 1, 2, 2, 3], seed=step))
            pooled.requires_grad_()
            total = objectives(pooled, final, persons).total
            total.backward()
            found.append(torch.cat([total.detach()[None], pooled.grad.flatten()]).cpu())
    torch.testing.assert_close(torch.stack(found[:3]), torch.stack(found[3:]), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"objectives": {"tripet": 1}}, "'tripet' is no objective; choose from triplet"),
        ({"objectives": {"triplet": 0}}, "weight above 0"),
        ({"objectives": {"triplet": -1}}, "greater than or equal to 0"),
        ({"objectives": {"center": 1}}, "add softmax"),
        ({"objectives": {"quadruplet": 1}, "memory": 64}, "does not go with quadruplet"),
        ({"objectives": {"triplet": 1, "n-pair": 1}, "memory": 64}, "does not go with n-pair"),
        ({"objectives": {"softmax": 1}, "memory": 64}, "needs an objective that uses it: triplet"),
        ({"triplet": {"mining": "semi-hard", "margin": 0}}, "finds nothing with a margin of 0"),
    ],
)
def test_what_a_config_refuses(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        LossConfig.model_validate(settings)


def test_an_unused_quadruplet_does_not_forbid_a_memory() -> None:
    config = weighted({"triplet": 1, "quadruplet": 0}, memory=64)
    made = Objectives(config, dimension=4, people=PEOPLE, generator=torch.Generator().manual_seed(0))
    assert made.get_buffer("memory.vectors").shape == (64, 4)
