"""Every objective against its formula, written out in plain Python over lists of pairs, triplets and quadruplets."""

import math

import pytest
import torch

from reid.losses.config import PAIRS
from tests.losses.formulas import reference
from tests.losses.formulas.cases import (
    BATCHES,
    CASES,
    PAIR_CASES,
    at_angles,
    build,
    drawn,
    expected,
    learned,
    listed,
    loss_config,
)

NEED_BOTH = [
    case for case in PAIR_CASES if "contrastive" not in case and case != "multi-similarity-all-pairs"
]


@pytest.mark.parametrize("shown", BATCHES)
@pytest.mark.parametrize("case", CASES)
def test_value(case: str, shown: str) -> None:
    batch, config = BATCHES[shown], loss_config(case)
    objectives = build(config, batch[0].shape[1])
    wanted = expected(objectives, config, batch, remembered=[])
    found = objectives(*batch)
    assert {name: value.item() for name, value in found.terms.items()} == pytest.approx(
        {name: loss for name, (loss, _) in wanted.items()}, rel=1e-9, abs=1e-12
    )
    assert found.total.item() == pytest.approx(sum(loss for loss, _ in wanted.values()), rel=1e-9, abs=1e-12)
    name = CASES[case][0]
    if name in PAIRS:
        assert found.active.item() == pytest.approx(wanted[name][1])
    else:
        assert found.active is None


# Two pictures of a person at 0 and 60 degrees, another person at 180, a third at 270: between them chords of
# 1 and 2, sqrt(3), sqrt(2), and 2 sin(75 degrees).
S3, S2 = math.sqrt(3), math.sqrt(2)
LONG = 2 * math.sin(math.radians(75))


@pytest.mark.parametrize(
    ("case", "settings", "wanted"),
    [
        # nearest negatives at sqrt(2) and sqrt(3)
        ("triplet-batch-hard", {"triplet": {"margin": 1.0}}, ((2 - S2) + (2 - S3)) / 2),
        (
            "triplet-all",
            {"triplet": {"mining": "all", "margin": 1.0}},
            (0 + (2 - S2) + (2 - S3) + (2 - LONG)) / 3,
        ),
        # each pair has two directions; d^2 = 1, (2 - d)^2 over five pairs, of which one costs nothing
        (
            "contrastive",
            {"contrastive": {"margin": 2.0}},
            1 + (2 * (2 - S2) ** 2 + (2 - S3) ** 2 + (2 - LONG) ** 2) / 5,
        ),
        # the two others are sqrt(2) apart
        (
            "quadruplet-hard",
            {"quadruplet": {"margin": 1.0, "margin_of_others": 0.5}},
            ((2 - S2) + (2 - S3)) / 2 + (1.5 - S2),
        ),
    ],
)
def test_value_by_hand(case: str, settings: dict[str, object], wanted: float) -> None:
    batch = at_angles([0, 60, 180, 270], [0, 0, 1, 2])
    found = build(loss_config(case, **settings), 2)(*batch)
    assert found.total.item() == pytest.approx(wanted, rel=1e-12)


def test_circle_by_hand() -> None:
    """Cosines of 1 - m and m, at both their goals, and one below -m, which weighs nothing: log(1 + exp(0)) each."""
    near, far = math.degrees(math.acos(0.75)), math.degrees(math.acos(0.25))
    found = build(loss_config("circle"), 2)(*at_angles([0, near, -far], [0, 0, 1]))
    assert found.total.item() == pytest.approx(math.log(2), rel=1e-12)


@pytest.mark.parametrize("case", NEED_BOTH)
@pytest.mark.parametrize(
    "persons", [[0, 1, 2, 3], [4, 4, 4], [1]], ids=["alone", "one person", "one picture"]
)
def test_nothing_to_compare_costs_0_and_has_a_gradient(case: str, persons: list[int]) -> None:
    pooled, final, people = drawn(persons)
    pooled.requires_grad_()
    found = build(loss_config(case), 5)(pooled, final, people)
    found.total.backward()
    assert found.total.item() == 0
    assert found.active.item() == 0
    assert torch.equal(pooled.grad, torch.zeros_like(pooled))


@pytest.mark.parametrize("case", ["contrastive", "multi-similarity-all-pairs"])
def test_one_picture_costs_0_and_has_a_gradient(case: str) -> None:
    pooled, final, people = drawn([1])
    pooled.requires_grad_()
    found = build(loss_config(case), 5)(pooled, final, people)
    found.total.backward()
    assert (found.total.item(), found.active.item()) == (0, 0)
    assert torch.equal(pooled.grad, torch.zeros_like(pooled))


def test_centers_move_by_the_papers_rule_in_training_only() -> None:
    config = loss_config("center")
    objectives = build(config, 5)
    for step in range(3):
        pooled, final, persons = drawn([0, 0, 0, 2, 2, 5], seed=step)
        before = learned(objectives, "center")
        objectives.eval()(pooled, final, persons)
        assert learned(objectives, "center") == before
        objectives.train()(pooled, final, persons)
        wanted = reference.moved_centers(listed(pooled, persons), before, config.center)
        torch.testing.assert_close(
            torch.tensor(learned(objectives, "center")), torch.tensor(wanted), rtol=1e-5, atol=1e-6
        )
        assert learned(objectives, "center")[1] == [0.0] * 5  # who was not seen
