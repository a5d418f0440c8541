"""HOTA: detection and association in one figure, over 19 overlap thresholds."""

from dataclasses import dataclass

import numpy as np

from reid.evaluation.overlap import EPSILON, Doubles, Integers, Overlaps, choose, kinds

ALPHAS: Doubles = np.arange(0.05, 0.99, 0.05)  # (19,) as the paper and TrackEval have them


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hota:
    """Figures for each threshold of `ALPHAS` (19,); what is reported is their mean."""

    hota: Doubles
    detection: Doubles  # DetA
    association: Doubles  # AssA
    localisation: Doubles  # LocA


def match_hota(found: Overlaps) -> Integers:
    """Numbers of the pairs that HOTA matches, ascending, chosen as in TrackEval's `hota.py`.

    First it is found how well each true id and result id agree over all frames; then each frame is matched so
    that agreement times overlap is largest. One choice serves all thresholds.
    """
    pairs = np.arange(len(found.iou))
    truth, result, kind = kinds(found, pairs)
    soft = np.bincount(kind, weights=_soft(found), minlength=len(truth))
    agreement = soft / np.maximum(_boxes_of_either(found, truth, result) - soft, EPSILON)
    weight = agreement[kind] * found.iou
    pairs = pairs[weight > 0]
    return choose(found, pairs, weight[pairs])


def hota(found: Overlaps, pairs: Integers) -> Hota:
    """Luiten et al. (2020), section 5, over the pairs that `match_hota` chose.

    A match counts at every threshold that its overlap reaches. DetA is TP / (TP + FN + FP); AssA is the mean
    over all TP of TPA / (TPA + FNA + FPA); HOTA is the root of their product; LocA is the TP's mean overlap.
    """
    truth, result, kind = kinds(found, pairs)
    either = _boxes_of_either(found, truth, result)
    iou = found.iou[pairs]
    detection, association, localisation = (np.zeros(len(ALPHAS)) for _ in range(3))
    for index, alpha in enumerate(ALPHAS):
        enough = iou >= alpha - EPSILON
        right = int(enough.sum())
        counts = np.bincount(kind[enough], minlength=len(either))  # TPA of each combination of ids
        detection[index] = right / max(1, len(found.truth_ids) + len(found.result_ids) - right)
        association[index] = np.sum(counts * counts / np.maximum(1, either - counts)) / max(1, right)
        localisation[index] = iou[enough].sum() / right if right else 1.0
    return Hota(
        hota=np.sqrt(detection * association),
        detection=detection,
        association=association,
        localisation=localisation,
    )


def _boxes_of_either(found: Overlaps, truth: Integers, result: Integers) -> Integers:
    """Boxes (K,) that the true id has plus boxes that the result id has, for combinations of ids (K,)."""
    people, of_truth = np.unique(found.truth_ids, return_counts=True)
    ids, of_result = np.unique(found.result_ids, return_counts=True)
    both: Integers = of_truth[np.searchsorted(people, truth)] + of_result[np.searchsorted(ids, result)]
    return both


def _soft(found: Overlaps) -> Doubles:
    """Each pair's overlap (P,), shared out among all the boxes of the frame that either box overlaps."""
    of_truth = np.bincount(found.truth_rows, weights=found.iou, minlength=len(found.truth_ids))
    of_result = np.bincount(found.result_rows, weights=found.iou, minlength=len(found.result_ids))
    total: Doubles = of_truth[found.truth_rows] + of_result[found.result_rows] - found.iou
    return np.divide(found.iou, total, out=np.zeros_like(total), where=total > EPSILON)
