"""Which boxes of people find which head points, and how tall the person under a head is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import theilslopes

from reid.errors import InputError
from reid.geometry import Boxes
from reid.types import Detections
from tests.benchmarks.detection_scores import Floats, Found, claim, count, heights

UPPER = 0.3  # of a box: where its head has to be
WIDER = 0.1  # of the width, at both sides
HIGHER = 0.05  # of the height, above
USUAL = 0.08  # of the height: where a head's middle is
CONFIDENT = 0.4
_MOST = 1000  # boxes of the fit: it looks at all pairs

Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tallness:
    """Height in pixels of a person whose head is at y: a line, as perspective over level ground has it."""

    slope: float
    at_0: float

    def __call__(self, heads: Points) -> Floats:
        return np.asarray(self.at_0 + self.slope * heads[:, 1], np.float32)


def nearness(boxes: Boxes, heads: Points) -> Floats:
    """(D, H) in (0, 1], the nearer the head is to its usual place; 0 where it is not in the upper part of the box."""
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    safe_width, safe_height = np.maximum(width, 1e-6)[:, None], np.maximum(height, 1e-6)[:, None]
    across = np.abs(heads[None, :, 0] - (boxes[:, 0] + width / 2)[:, None]) / safe_width
    down = (heads[None, :, 1] - boxes[:, 1][:, None]) / safe_height
    inside = (across <= 0.5 + WIDER) & (down >= -HIGHER) & (down <= UPPER)
    away = np.hypot(across, down - USUAL)
    return np.asarray(np.where(inside, 1 / (1 + away), 0), np.float32)


def fit_tallness(found: Sequence[Detections], heads: Sequence[Points]) -> Tallness:
    """By Theil and Sen, over the confident boxes that find a head: a third of them may be of half a person.

    Args:
        found: of any number of detectors; `heads` are those of the same images.

    Raises:
        InputError: fewer than two such boxes.
    """
    places, sizes = [], []
    for boxes, points in zip(found, heads, strict=True):
        sure = boxes.scores >= CONFIDENT
        taken = claim(nearness(boxes.boxes[sure], points), boxes.scores[sure])
        places += points[taken[taken >= 0], 1].tolist()
        sizes += heights(boxes.boxes[sure])[taken >= 0].tolist()
    if len(set(places)) < 2:
        raise InputError(
            "fewer than two boxes find a head, so nothing says how tall people are in this scene"
        )
    rows = np.linspace(0, len(places) - 1, min(len(places), _MOST)).astype(int)
    line = theilslopes(np.asarray(sizes)[rows], np.asarray(places)[rows], method="joint")
    return Tallness(float(line.slope), float(line.intercept))


def judge_heads(found: Detections, heads: Points, tallness: Tallness, *, min_height: float) -> Found:
    """Boxes against head points of one image; heads of people lower than `min_height` pixels are ignored."""
    tall = tallness(heads) >= min_height
    near = nearness(found.boxes, heads)
    return count(found, near[:, tall], near[:, ~tall], min_height=min_height)
