"""Which weights decay, and how fast each group learns."""

from collections.abc import Sequence

import pytest
import torch

from reid.embedding.network import ReidNetwork
from reid.embedding.network_config import NetworkConfig
from reid.errors import InputError
from reid.losses.config import LossConfig
from reid.losses.objectives import Objectives
from reid.training.config import OptimiserConfig
from reid.training.learner import Learner
from reid.training.optimiser import build_optimiser, set_rate

OBJECTIVES = {"triplet": 1.0, "softmax": 1.0, "proxy-nca": 0.5, "center": 0.1}


def learner(*, frozen: Sequence[str] = (), **network: object) -> Learner:
    torch.manual_seed(0)
    made = ReidNetwork(NetworkConfig.model_validate({"dimension": 8, "pooling": "gem", **network}))
    loss = LossConfig.model_validate({"objectives": OBJECTIVES})
    objectives = Objectives(loss, dimension=8, people=4, generator=torch.Generator().manual_seed(0))
    return Learner(made, objectives, frozen=frozen)


def config(**settings: object) -> OptimiserConfig:
    return OptimiserConfig.model_validate({"learning_rate": 0.1, "weight_decay": 0.01, **settings})


@pytest.mark.parametrize("kind", ["adam", "adamw", "sgd", "rmsprop"])
def test_every_weight_is_in_one_group_and_only_matrices_decay(kind: str) -> None:
    made = learner()
    optimiser = build_optimiser(made, config(kind=kind, backbone_factor=0.5))
    names = {id(parameter): name for name, parameter in made.named_parameters()}
    found = {
        names[id(parameter)]: (group["lr"], group["weight_decay"])
        for group in optimiser.param_groups
        for parameter in group["params"]
    }
    assert sum(len(group["params"]) for group in optimiser.param_groups) == len(found)
    assert set(found) == set(names.values()) - {"network.neck.bias"}  # which stays 0
    for name, (rate, decay) in found.items():
        parameter = made.get_parameter(name)
        plain = name.endswith(".bias") or ".bn" in name or ".neck" in name or "power" in name
        assert decay == (0.0 if plain or parameter.ndim == 1 else 0.01), name
        assert rate == pytest.approx(0.05 if name.startswith("network.backbone.") else 0.1), name


def test_the_schedule_keeps_the_groups_apart() -> None:
    optimiser = build_optimiser(learner(), config(backbone_factor=0.1))
    set_rate(optimiser, 0.02)
    assert {(g["name"], round(g["lr"], 6)) for g in optimiser.param_groups} == {
        ("backbone", 0.002),
        ("rest", 0.02),
    }


def test_a_frozen_backbone_does_not_move_and_its_statistics_neither() -> None:
    made = learner()
    optimiser = build_optimiser(made, config(kind="adamw"))
    made.train()
    made.freeze_backbone(True)
    before = {key: value.clone() for key, value in made.state_dict().items()}
    images, persons = torch.randn(4, 3, 64, 32), torch.tensor([0, 0, 1, 1])
    made(images, persons).total.backward()
    optimiser.step()
    optimiser.zero_grad()
    after = made.state_dict()
    moved = {key for key in before if not torch.equal(before[key], after[key])}
    assert not [key for key in moved if key.startswith("network.backbone.")]
    assert "network.embedding.weight" in moved
    made.train()
    made.freeze_backbone(False)
    made(images, persons).total.backward()
    optimiser.step()
    moved = {key for key, value in made.state_dict().items() if not torch.equal(before[key], value)}
    assert "network.backbone.conv1.conv.weight" in moved
    assert "network.backbone.conv1.bn.running_mean" in moved


@pytest.mark.parametrize("all_of_it", [False, True])
def test_parts_that_never_change(all_of_it: bool) -> None:
    made = learner(frozen=("conv1", "conv2.0"))
    optimiser = build_optimiser(made, config(kind="adamw"))
    made.train()
    made.freeze_backbone(all_of_it)
    made.freeze_backbone(False)  # as after epochs in which all of it was frozen
    before = {key: value.clone() for key, value in made.state_dict().items()}
    images, persons = torch.randn(4, 3, 64, 32), torch.tensor([0, 0, 1, 1])
    made(images, persons).total.backward()
    optimiser.step()
    moved = {key for key, value in made.state_dict().items() if not torch.equal(before[key], value)}
    assert not [
        key for key in moved if key.startswith(("network.backbone.conv1.", "network.backbone.conv2.0."))
    ]
    assert [key for key in moved if key.startswith("network.backbone.conv2.1.")]
    assert "network.backbone.conv3.0.conv1.conv.weight" in moved


@pytest.mark.parametrize("name", ["conv9", "conv1.x", ""])
def test_a_part_that_is_not_there(name: str) -> None:
    with pytest.raises(InputError, match=r"no part called .*made of conv1, maxpool, conv2"):
        learner(frozen=(name,))
