"""The learning rate over time."""

import math
from typing import Any

from reid.training.config import OptimiserConfig, ScheduleConfig

FIRST = 0.01  # share of the learning rate that the warm-up begins with


class Schedule:
    """Schedule of the learning rate. Only kind plateau has a state: the mAPs of past evaluations.

    Args:
        steps_per_epoch: of the optimiser.
    """

    def __init__(self, config: ScheduleConfig, optimiser: OptimiserConfig, *, steps_per_epoch: int) -> None:
        self._config = config
        self._rate = optimiser.learning_rate
        self._total = config.epochs * steps_per_epoch
        self._warmup = min(config.warmup_epochs, config.epochs / 2) * steps_per_epoch
        self._best, self._waited, self._drops = -math.inf, 0, 0

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        if step < self._warmup:
            return self._rate * (FIRST + (1 - FIRST) * step / self._warmup)
        return self._rate * self._factor(step)

    def _factor(self, step: int) -> float:
        config = self._config
        match config.kind:
            case "constant":
                return 1.0
            case "step":
                return config.factor ** sum(step >= share * self._total for share in config.steps)
            case "cosine":
                done = (step - self._warmup) / max(1.0, self._total - self._warmup)
                return config.least + (1 - config.least) * (1 + math.cos(math.pi * done)) / 2
            case "plateau":
                return config.factor**self._drops

    def told(self, held_out_map: float) -> None:
        """An evaluation's mAP; of use to kind plateau."""
        if held_out_map > self._best:
            self._best, self._waited = held_out_map, 0
            return
        self._waited += 1
        if self._waited >= self._config.patience:
            self._drops, self._waited = self._drops + 1, 0

    def state(self) -> dict[str, Any]:
        """State for `restore`."""
        return {"best": self._best, "waited": self._waited, "drops": self._drops}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where `state` was taken."""
        self._best, self._waited, self._drops = state["best"], state["waited"], state["drops"]
