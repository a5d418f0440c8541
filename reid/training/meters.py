"""Means over the steps of an epoch, kept on the device until they are read: reading makes a GPU wait."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from reid.training.figures import EDGES, TOTAL, DistanceHistogram, StepFigures
from reid.training.learner import Learned

BINS = len(EDGES) - 1


class Meters:
    """Sums over the steps of one epoch."""

    def __init__(self) -> None:
        self._pending: list[tuple[int, int, float, dict[str, Tensor]]] = []
        self._sums: dict[str, float] = {}
        self._steps = 0
        self._positive = torch.zeros(BINS, dtype=torch.float64)
        self._negative = torch.zeros(BINS, dtype=torch.float64)

    def add(
        self, parts: list[Learned], *, step: int, epoch: int, learning_rate: float, grad_norm: Tensor
    ) -> None:
        """Add one step, made of the batches whose gradients it added up."""
        values = {name: _mean([part.terms[name] for part in parts]) for name in parts[0].terms}
        values[TOTAL] = _mean([part.total.detach() for part in parts])
        values["grad_norm"] = grad_norm.detach()
        if (shares := [part.active for part in parts if part.active is not None]) != []:
            values["active"] = _mean(shares)
        self._pending.append((step, epoch, learning_rate, values))
        for part in parts:
            self._positive = self._positive.to(part.positive.device) + _histogram(part.positive)
            self._negative = self._negative.to(part.negative.device) + _histogram(part.negative)

    def flush(self) -> list[StepFigures]:
        """The steps since the last time, in order."""
        steps = []
        for step, epoch, learning_rate, values in self._pending:
            numbers = {name: float(value) for name, value in values.items()}
            for name, number in numbers.items():
                self._sums[name] = self._sums.get(name, 0.0) + number
            self._steps += 1
            grad_norm, active = numbers.pop("grad_norm"), numbers.pop("active", None)
            steps.append(
                StepFigures(
                    step=step,
                    epoch=epoch,
                    learning_rate=learning_rate,
                    losses=numbers,
                    active=active,
                    grad_norm=grad_norm,
                )
            )
        self._pending.clear()
        return steps

    def means(self) -> dict[str, float]:
        """Over the steps that were flushed: every loss, `grad_norm`, and `active` where there is one."""
        return {name: total / self._steps for name, total in self._sums.items()}

    def distances(self, epoch: int) -> DistanceHistogram:
        """The histograms of the epoch."""
        positive, negative = (counts.cpu().long().numpy() for counts in (self._positive, self._negative))
        return DistanceHistogram(epoch=epoch, positive=positive, negative=negative)

    def state(self) -> dict[str, Any]:
        """State for `restore`; all steps must have been flushed."""
        assert not self._pending
        return {
            "sums": dict(self._sums),
            "steps": self._steps,
            "positive": self._positive.cpu(),
            "negative": self._negative.cpu(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where `state` was taken."""
        self._sums, self._steps = dict(state["sums"]), state["steps"]
        self._positive, self._negative = state["positive"].clone(), state["negative"].clone()


def _mean(values: list[Tensor]) -> Tensor:
    return torch.stack(values).mean() if len(values) > 1 else values[0]


def _histogram(distances: Tensor) -> Tensor:
    """Histogram (BINS,); rounding puts some distances of 0 just below it."""
    low, high = float(EDGES[0]), float(EDGES[-1])
    return torch.histc(distances.float().clamp(low, high), bins=BINS, min=low, max=high).double()


def to_plain(distances: DistanceHistogram) -> dict[str, Any]:
    """Convert to plain values for a state file; `from_plain` reads them back."""
    return {
        "epoch": distances.epoch,
        "positive": distances.positive.tolist(),
        "negative": distances.negative.tolist(),
    }


def from_plain(values: dict[str, Any]) -> DistanceHistogram:
    """The inverse of `to_plain`."""
    return DistanceHistogram(
        epoch=values["epoch"],
        positive=np.array(values["positive"], dtype=np.int64),
        negative=np.array(values["negative"], dtype=np.int64),
    )
