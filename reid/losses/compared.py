"""Pairs of a batch, with itself and with the memory of earlier batches."""

from dataclasses import dataclass

import torch
from torch import Tensor

EMPTY = -1  # the person of places in a memory that are still empty
UNLABELLED = -1  # the person of images that show an unknown one


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compared:
    """Anchors, which are a batch, and references, which are the same batch and perhaps more behind it."""

    anchors: Tensor  # (A, D)
    persons: Tensor  # (A,) int64
    references: Tensor  # (R, D), the first A of them are the anchors
    reference_persons: Tensor  # (R,) int64, EMPTY: not to be compared with
    positive: Tensor  # (A, R) bool: the same person, not the same vector
    negative: Tensor  # (A, R) bool: another person

    @property
    def nothing(self) -> Tensor:
        """A loss of 0 that has gradients, for batches without a pair."""
        return self.anchors.sum() * 0

    @property
    def pairs(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Anchors and positives, anchors and negatives, as pytorch-metric-learning takes them."""
        (first, second), (third, fourth) = (torch.where(mask) for mask in (self.positive, self.negative))
        return first, second, third, fourth


def compare(features: Tensor, persons: Tensor, remembered: tuple[Tensor, Tensor] | None = None) -> Compared:
    """A batch (A, D) of persons (A,), with itself and with `remembered` vectors (M, D) and persons (M,)."""
    references, others = features, persons
    if remembered is not None:
        references, others = torch.cat([features, remembered[0]]), torch.cat([persons, remembered[1]])
    same = persons[:, None] == others[None, :]
    itself = torch.zeros_like(same)
    itself[:, : len(persons)].fill_diagonal_(True)
    return Compared(
        anchors=features,
        persons=persons,
        references=references,
        reference_persons=others,
        positive=same & ~itself,
        negative=~same & (others != EMPTY)[None, :],
    )
