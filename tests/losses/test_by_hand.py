"""Vectors at known angles on the circle, and what they cost worked out on paper."""

from math import exp, log, radians, sin, sqrt
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from tests.losses.cases import built, config_of

# Two people, each seen at two angles 60 degrees apart. From every image the other one is 120 and 180 away.
OPPOSITE = (0, 60, 180, 240)
# From 0 and from 150 the other one is 90 and 150 away; from 60 and from 90, 30 and 90.
BESIDE = (0, 60, 90, 150)


HARD: dict[str, Any] = {"mining": "batch-hard", "distance": "euclidean"}


class Paper(NamedTuple):
    objective: str
    settings: dict[str, Any]
    angles_deg: tuple[int, ...]
    cost: float
    persons: tuple[int, ...] = (0, 0, 1, 1)


PAPER = {  # a chord over 60, 120, 180 degrees is 1, sqrt(3), 2 long; the distances 1 - cosine are 0.5, 1.5, 2
    "triplet-euclidean": Paper("triplet", HARD | {"margin": 1}, OPPOSITE, 1 - sqrt(3) + 1),
    "triplet-cosine": Paper(
        "triplet", HARD | {"margin": 1.2, "distance": "cosine"}, OPPOSITE, 0.5 - 1.5 + 1.2
    ),
    "triplet-soft-margin": Paper("triplet", HARD | {"margin": None}, OPPOSITE, log(1 + exp(1 - sqrt(3)))),
    "triplet-all": Paper(  # those at 180 degrees cost nothing and do not count
        "triplet", {"margin": 0.9, "mining": "all"}, OPPOSITE, 1 - sqrt(3) + 0.9
    ),
    "triplet-semi-hard": Paper(  # of 30, 90 and 150 degrees only 90 is beyond the positive and within the margin
        "triplet", {"margin": 0.75, "distance": "cosine", "mining": "semi-hard"}, BESIDE, 0.5 - 1 + 0.75
    ),
    "triplet-informative-positive": Paper(
        # 0: not 180, beyond the other person at 90, but 60; 60 and 180 have nobody nearer than 90 and take their
        # nearest, 0 and 60
        "triplet",
        {"margin": 1, "mining": "informative-positive"},
        (0, 60, 180, 90),
        ((1 - sqrt(2) + 1) + (1 - 2 * sin(radians(15)) + 1) + (sqrt(3) - sqrt(2) + 1)) / 3,
        (0, 0, 0, 1),
    ),
    "contrastive": Paper("contrastive", {"margin": 1.8}, OPPOSITE, 1 + (1.8 - sqrt(3)) ** 2 / 2),
    "contrastive-far-enough": Paper("contrastive", {"margin": 1.5}, OPPOSITE, 1),
    "quadruplet": Paper(  # 0 and 60 are anchors, 120 their nearest negative, 120 and 180 the two others
        "quadruplet",
        {"margin": 1, "margin_of_others": 0.5},
        (0, 60, 120, 180),
        (1 - sqrt(3) + 1 + 1 - 1 + 1) / 2 + (1 - 1 + 0.5),
        (0, 0, 1, 2),
    ),
    "n-pair": Paper("n-pair", {"l2": 0.1}, (0, 0, 90, 90), log(1 + exp(0 - 1)) + 0.1),
    "multi-similarity": Paper(
        "multi-similarity",
        {"alpha": 2, "beta": 4, "mining": False},
        OPPOSITE,
        log(1 + exp(0)) / 2 + log(1 + exp(4 * -1) + exp(4 * -1.5)) / 4,
    ),
    "circle-far-enough": Paper(  # cosines of -1 and -1/2 are below -m, so their weight is 0
        "circle", {"margin": 0.25, "scale": 4}, OPPOSITE, log(1 + exp(4 * 0.75 * 0.25) * (exp(0) + exp(0)))
    ),
    "circle": Paper(  # weight times distance from the goal: 3/4 - 1/16 for 30 degrees, -1/16 for 90, 0 for 150
        "circle",
        {"margin": 0.25, "scale": 16},
        BESIDE,
        (log(1 + exp(3) * (exp(-1) + exp(0))) + log(1 + exp(3) * (exp(11) + exp(-1)))) / 2,
    ),
}


def on_circle(angles_deg: tuple[int, ...]) -> Tensor:
    angles = torch.deg2rad(torch.tensor(angles_deg, dtype=torch.float64))
    return torch.stack([angles.cos(), angles.sin()], dim=1)


@pytest.mark.parametrize("paper", PAPER.values(), ids=PAPER)
def test_known_angles(paper: Paper) -> None:
    objectives = built(config_of(paper.objective, paper.settings), dimension=2, people=3)
    batch = on_circle(paper.angles_deg)
    total = objectives(batch, batch, torch.tensor(paper.persons)).total
    assert total.item() == pytest.approx(paper.cost, rel=1e-12)


def test_n_pair_does_not_normalise() -> None:
    objectives = built(config_of("n-pair", {"l2": 0.1}), dimension=2, people=2)
    batch = 2 * on_circle((0, 0, 90, 90))
    total = objectives(batch, batch, torch.tensor([0, 0, 1, 1])).total
    assert total.item() == pytest.approx(log(1 + exp(0 - 4)) + 0.1 * 4, rel=1e-12)


# One image at 60 degrees of the first of two people, whose learned vectors point to 0 and 90 degrees.
NEAR, FAR = 0.5, sqrt(3) / 2
LEARNED = {
    "softmax": ("softmax", {"smoothing": 0}, log(1 + exp(FAR - NEAR))),
    "softmax-smoothed": (
        "softmax",
        {"smoothing": 0.2},
        0.9 * log(1 + exp(FAR - NEAR)) + 0.1 * log(1 + exp(NEAR - FAR)),
    ),
    "cosface": ("cosface", {"margin": 0.1, "scale": 2}, log(1 + exp(2 * (FAR - (NEAR - 0.1))))),
    "arcface": ("arcface", {"margin": radians(30), "scale": 2}, log(1 + exp(2 * (FAR - 0)))),  # cosine of 90
    "proxy-nca": ("proxy-nca", {"scale": 3}, log(1 + exp(3 * ((2 - 2 * NEAR) - (2 - 2 * FAR))))),
    "proxy-anchor": (
        "proxy-anchor",
        {"margin": 0.1, "scale": 2},
        log(1 + exp(-2 * (NEAR - 0.1))) + log(1 + exp(2 * (FAR + 0.1))) / 2,
    ),
}


@pytest.mark.parametrize(("objective", "settings", "cost"), LEARNED.values(), ids=LEARNED)
def test_known_angles_from_learned_vectors(objective: str, settings: dict[str, Any], cost: float) -> None:
    objectives = built(config_of(objective, settings), dimension=2, people=2)
    (parameter,) = objectives.parameters()
    with torch.no_grad():
        parameter.copy_(torch.eye(2))
    batch = on_circle((60,))
    assert objectives(batch, batch, torch.tensor([0])).total.item() == pytest.approx(cost, rel=1e-12)


def test_center_begins_at_zero_and_goes_half_of_the_way_to_one_image() -> None:
    objectives = built(config_of("center", {"learning_rate": 1}), dimension=2, people=2)
    batch, persons = 4 * on_circle((0,)), torch.tensor([0])
    costs = [objectives(batch, batch, persons).terms["center"].item() for _ in range(3)]
    assert costs == pytest.approx([0.5 * 4**2, 0.5 * 2**2, 0.5 * 1**2])
