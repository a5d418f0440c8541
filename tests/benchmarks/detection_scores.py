"""How good the boxes of a detector are: one-to-one matching, precision and recall, equal precision."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.geometry import Boxes, iou
from reid.types import Detections
from tests.benchmarks.jobs import Report

IOU = 0.5
SURE = 0.15  # of boxes on which two detectors agree
_ROUNDING = 1e-9

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """The boxes that count, of one image or of many, and how many people there were to be found."""

    scores: Floats  # (D,)
    hits: Mask  # (D,) found somebody whom no surer box had found
    people: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """Precision and recall at every confidence that a box has, descending."""

    confidences: Floats  # (K,)
    precision: Doubles  # (K,)
    recall: Doubles  # (K,) ascending


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    confidence: float
    precision: float
    recall: float


def heights(boxes: Boxes) -> Floats:
    return np.asarray(boxes[:, 3] - boxes[:, 1], np.float32)


def claim(affinity: Floats, scores: Floats) -> NDArray[np.int64]:
    """Which of P targets each of D boxes gets, -1: none. The surest box chooses first, the largest affinity (D, P).

    Affinity 0 is no match; every target is given once.
    """
    taken = np.full(len(scores), -1, np.int64)
    left = affinity.copy()
    for box in np.argsort(-scores, kind="stable").tolist():
        if left.shape[1] and left[box].max() > 0:
            taken[box] = int(left[box].argmax())
            left[:, taken[box]] = 0
    return taken


def judge(found: Detections, people: Boxes, ignored: Boxes, *, min_height: float) -> Found:
    """Boxes against truth of one image, at IoU 0.5.

    People lower than `min_height` pixels are ignored too. A box that finds nobody does not count where it matches
    somebody ignored, or is itself too low.
    """
    tall = heights(people) >= min_height
    ignored = np.concatenate([ignored, people[~tall]])
    return count(
        found,
        _at_least(iou(found.boxes, people[tall])),
        _at_least(iou(found.boxes, ignored)),
        min_height=min_height,
    )


def count(found: Detections, wanted: Floats, ignored: Floats, *, min_height: float) -> Found:
    """From affinities (D, P) with whom to find and (D, M) with whom to ignore."""
    hits = claim(wanted, found.scores) >= 0
    excused = (ignored > 0).any(axis=1) | (heights(found.boxes) < min_height)
    counts = hits | ~excused
    return Found(scores=found.scores[counts], hits=hits[counts], people=wanted.shape[1])


def _at_least(overlap: Floats) -> Floats:
    return np.where(overlap >= IOU, overlap, np.float32(0))


def agreed(a: Detections, b: Detections, known: Boxes) -> Boxes:
    """Boxes that both detectors have, with confidence SURE or more, where no truth is: most likely unlabelled people.

    Both detectors' versions are given, so the rule favours neither.
    """
    pair = [some.boxes[(some.scores >= SURE) & ~_any(some.boxes, known)] for some in (a, b)]
    return np.concatenate([pair[0][_any(pair[0], pair[1])], pair[1][_any(pair[1], pair[0])]])


def _any(boxes: Boxes, others: Boxes) -> Mask:
    return np.asarray((iou(boxes, others) >= IOU).any(axis=1))


def joined(parts: Sequence[Found]) -> Found:
    return Found(
        scores=np.concatenate([np.zeros(0, np.float32), *(part.scores for part in parts)]),
        hits=np.concatenate([np.zeros(0, np.bool_), *(part.hits for part in parts)]),
        people=sum(part.people for part in parts),
    )


def curve(found: Found) -> Curve:
    order = np.argsort(-found.scores, kind="stable")
    scores, hits = found.scores[order], np.cumsum(found.hits[order])
    last = np.append(scores[1:] < scores[:-1], True)[: len(scores)]  # boxes of one confidence come together
    boxes = np.arange(1, len(scores) + 1)
    return Curve(
        confidences=scores[last],
        precision=(hits / boxes)[last],
        recall=(hits / max(found.people, 1))[last],
    )


def average_precision(line: Curve) -> float:
    """Area under the curve, precision being the best at this recall or a larger one (PASCAL VOC 2010)."""
    best = np.maximum.accumulate(line.precision[::-1])[::-1]
    return float(np.sum(np.diff(line.recall, prepend=0) * best))


def at_confidence(line: Curve, confidence: float) -> Point | None:
    """None: no box is so sure."""
    boxes = int(np.count_nonzero(line.confidences >= np.float32(confidence)))
    return _point(line, boxes - 1, confidence) if boxes else None


def at_precision(line: Curve, precision: float) -> Point | None:
    """Where most people are found at no less than this precision; None: it is never reached."""
    enough = np.flatnonzero(line.precision >= precision - _ROUNDING)
    return _point(line, int(enough[-1])) if len(enough) else None


def _point(line: Curve, at: int, confidence: float | None = None) -> Point:
    return Point(
        confidence=float(line.confidences[at]) if confidence is None else confidence,
        precision=float(line.precision[at]),
        recall=float(line.recall[at]),
    )


def equal_precision(candidate: Curve, reference: Curve, confidence: float) -> Report | None:
    """Recall of both at the precision that the reference has at `confidence`, each at the best threshold of its own.

    None: the reference has no box there. A candidate that never is so precise has null and ratio 0.
    """
    goal = at_confidence(reference, confidence)
    if goal is None:
        return None
    points = [at_precision(line, goal.precision) for line in (candidate, reference)]
    ours, theirs = (point.recall if point else 0.0 for point in points)
    return {
        "precision": goal.precision,
        "recall": [point and point.recall for point in points],
        "confidence": [point and point.confidence for point in points],
        "ratio": ours / theirs if theirs else None,
    }


def interval(
    pairs: Sequence[tuple[Found, Found]], figure: Callable[[Curve, Curve], float | None], *, times: int
) -> list[float] | None:
    """The middle 95 % of `figure` where images are drawn with replacement."""
    rng = np.random.default_rng(0)
    values = []
    for _ in range(times):
        drawn = [pairs[at] for at in rng.integers(0, len(pairs), len(pairs)).tolist()]
        value = figure(*(curve(joined([pair[side] for pair in drawn])) for side in (0, 1)))
        values += [] if value is None else [value]
    return np.percentile(values, [2.5, 97.5]).tolist() if values else None
