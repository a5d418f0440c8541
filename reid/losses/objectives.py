"""Weighted sum of a training's objectives, which is minimised."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from reid.losses.compared import UNLABELLED, compare
from reid.losses.config import DISTILLATION, OBJECTIVES, LossConfig
from reid.losses.distillation import Distillation
from reid.losses.memory import CrossBatchMemory
from reid.losses.objective import Cost


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Losses:
    """Losses of one batch."""

    total: Tensor  # the weighted sum, scalar, with a graph
    terms: dict[str, Tensor]  # each objective's value before its weight, without one
    # share of what the first objective of pairs mined that costs something; None: no such
    active: Tensor | None


class Objectives(nn.Module):
    """The objectives of a config. Parameters: classifiers and proxies. Buffers: centres and the memory.

    Pairs, proxies and centres see the vectors before the neck, classifiers those behind it (Luo et al. 2019, section
    3.5), and so does distillation, because they are what is searched by. Images without a label count for
    distillation only. Everything is computed in float32, whatever the network computes in.

    Args:
        dimension: length of the vectors.
        people: in training; persons are 0 to `people` - 1.
        generator: of the first weights.
        teachers: lengths of the vectors of those that distillation agrees with.
    """

    def __init__(
        self,
        config: LossConfig,
        *,
        dimension: int,
        people: int,
        generator: torch.Generator,
        teachers: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self._weights = {name: weight for name, weight in config.objectives.items() if weight > 0}
        made = {
            name: _build(name, config, dimension=dimension, people=people, generator=generator)
            for name in self._weights
            if name != DISTILLATION
        }
        self.objectives = nn.ModuleDict(made)
        self.distillation = None
        if DISTILLATION in self._weights:
            self.distillation = Distillation(
                config.distillation, dimension=dimension, teachers=teachers, generator=generator
            )
        self.memory = None
        self._sees = {name: OBJECTIVES[name].sees for name in self._weights}
        if config.memory and config.pairs():
            self.memory = CrossBatchMemory(
                config.memory, dimension=dimension, from_step=config.memory_from_step
            )

    def forward(
        self, pooled: Tensor, final: Tensor, persons: Tensor, targets: Sequence[Tensor] = ()
    ) -> Losses:
        """Losses of a batch.

        Args:
            pooled: vectors before the neck (B, D).
            final: vectors behind it (B, D).
            persons: (B,) int64; UNLABELLED: not known.
            targets: each teacher's vectors (B, T).
        """
        with torch.autocast(pooled.device.type, enabled=False):
            pooled, final = _at_least_float32(pooled), _at_least_float32(final)
            # of both, so that every parameter has a gradient: several processes wait for all of them
            total = (pooled.sum() + final.sum()) * 0
            known = persons != UNLABELLED
            total, terms, active = self._identities(total, pooled[known], final[known], persons[known])
            if self.distillation is not None:
                loss = self.distillation(final, targets).loss
                total = total + self._weights[DISTILLATION] * loss
                terms[DISTILLATION] = loss.detach()
            return Losses(total=total, terms=terms, active=active)

    def _identities(
        self, total: Tensor, pooled: Tensor, final: Tensor, persons: Tensor
    ) -> tuple[Tensor, dict[str, Tensor], Tensor | None]:
        """The total with the objectives of labelled images added, their terms, and the active share."""
        if not len(persons):  # every parameter still has a gradient
            return total + sum((p.sum() * 0 for p in self.objectives.parameters()), start=total * 0), {}, None
        compared = compare(pooled, persons, None if self.memory is None else self.memory.remembered())
        terms: dict[str, Tensor] = {}
        active = None
        for name, objective in self.objectives.items():
            sees = self._sees[name]
            if sees == "pairs":
                cost: Cost = objective(compared)
                active = cost.active if active is None else active
            else:
                cost = objective(final if sees == "classifier" else pooled, persons)
            total = total + self._weights[name] * cost.loss
            terms[name] = cost.loss.detach()
        if self.memory is not None and self.training:
            self.memory.add(pooled, persons)
        return total, terms, active


def _build(
    name: str, config: LossConfig, *, dimension: int, people: int, generator: torch.Generator
) -> nn.Module:
    size = {"dimension": dimension, "people": people, "generator": generator}
    given = {} if OBJECTIVES[name].sees == "pairs" else size
    return OBJECTIVES.make(name, nn.Module, config.settings_of(name), **given)


def _at_least_float32(features: Tensor) -> Tensor:
    return features.float() if features.dtype in (torch.float16, torch.bfloat16) else features
