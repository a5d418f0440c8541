"""The learning rate of every step, against the formulas written out."""

import math
from itertools import pairwise

import pytest

from reid.training.config import OptimiserConfig, ScheduleConfig
from reid.training.schedule import FIRST, Schedule

RATE = 0.02


def schedule(per_epoch: int = 10, **settings: object) -> Schedule:
    config = ScheduleConfig.model_validate({"epochs": 10, "warmup_epochs": 0, **settings})
    return Schedule(config, OptimiserConfig(learning_rate=RATE), steps_per_epoch=per_epoch)


def test_warm_up_rises_in_a_line_from_a_hundredth() -> None:
    rates = [schedule(kind="constant", warmup_epochs=2).rate(step) for step in range(100)]
    assert rates[0] == pytest.approx(RATE * FIRST)
    assert rates[10] == pytest.approx(RATE * (FIRST + (1 - FIRST) * 0.5))
    steps = [b - a for a, b in pairwise(rates[:21])]
    assert all(step == pytest.approx(steps[0]) for step in steps)
    assert set(rates[20:]) == {RATE}


def test_step_falls_at_shares_of_all_steps() -> None:
    made = schedule(kind="step", steps=(0.3, 0.7), factor=0.5)
    wanted = [RATE if n < 30 else RATE / 2 if n < 70 else RATE / 4 for n in range(100)]
    assert [made.rate(step) for step in range(100)] == pytest.approx(wanted)


@pytest.mark.parametrize("warmup", [0.0, 2.5])
def test_cosine_goes_from_the_rate_to_its_least_share(warmup: float) -> None:
    made = schedule(kind="cosine", warmup_epochs=warmup, least=0.05)
    begin = warmup * 10
    for step in range(math.ceil(begin), 101):
        turn = math.pi * (step - begin) / (100 - begin)
        assert made.rate(step) == pytest.approx(RATE * (0.05 + 0.95 * (1 + math.cos(turn)) / 2))
    assert made.rate(100) == pytest.approx(RATE * 0.05)


def test_plateau_falls_where_nothing_gets_better_and_remembers() -> None:
    made = schedule(kind="plateau", patience=2, factor=0.1)
    told = [0.1, 0.2, 0.2, 0.19, 0.21, 0.2, 0.2, 0.2, 0.2]
    rates = []
    for at, value in enumerate(told):
        made.told(value)
        rates.append(made.rate(at))
        again = schedule(kind="plateau", patience=2, factor=0.1)
        again.restore(made.state())
        made = again
    drops = [0, 0, 0, 1, 1, 1, 2, 2, 3]  # two evaluations without a better one, each time
    assert rates == pytest.approx([RATE * 0.1**drop for drop in drops])
