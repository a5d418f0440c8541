"""IDF1: how many boxes bear the right identity, when every person is given one result id for good."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from reid.evaluation.overlap import Overlaps, kinds


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Identities:
    """Counts of Ristani et al. (2016), and the one-to-one choice of ids behind them."""

    true_positives: int
    false_positives: int
    false_negatives: int
    partner: dict[int, int]  # true id -> its result id; a true id that none is left for is missing

    @property
    def idf1(self) -> float:
        both = 2 * self.true_positives + self.false_positives + self.false_negatives
        return 2 * self.true_positives / max(2, both)

    @property
    def precision(self) -> float:
        return self.true_positives / max(1, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float:
        return self.true_positives / max(1, self.true_positives + self.false_negatives)


def identities(found: Overlaps, *, iou: float) -> Identities:
    """ID measures of Ristani et al. (2016): the one-to-one choice of ids with the most boxes in common.

    Boxes are common to a true id and a result id where they overlap by `iou` or more. The paper (section 3)
    minimises false positives plus false negatives; both fall by one with each box in common, so the choice is
    the same.
    """
    truth, result, kind = kinds(found, np.flatnonzero(found.iou >= iou))
    people, row = np.unique(truth, return_inverse=True)
    ids, column = np.unique(result, return_inverse=True)
    matrix = np.zeros((len(people), len(ids)))
    matrix[row, column] = np.bincount(kind)
    rows, columns = linear_sum_assignment(matrix, maximize=True)
    right = int(matrix[rows, columns].sum())
    return Identities(
        true_positives=right,
        false_positives=len(found.result_ids) - right,
        false_negatives=len(found.truth_ids) - right,
        partner={int(people[r]): int(ids[c]) for r, c in zip(rows, columns, strict=True) if matrix[r, c] > 0},
    )
