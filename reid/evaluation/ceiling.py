"""The true person that each tracklet covers most: what perfect linking of these tracklets would call it."""

from collections.abc import Mapping

import numpy as np

from reid.evaluation.counting import counting
from reid.evaluation.mot import TrackTable, table
from reid.evaluation.overlap import kinds, overlaps


def majority_people(
    truth: Mapping[str, TrackTable],
    tracklets: Mapping[str, TrackTable],
    *,
    iou: float = 0.5,
    visibility: float = 0.0,
) -> dict[str, dict[int, int]]:
    """The person of every tracklet, by camera, then tracklet.

    Boxes are in common where they overlap by `iou` or more, as for IDF1; which boxes count says `counting`. If a
    tracklet covers two people equally long, the smaller true id is taken; a tracklet that covers no person is absent.

    Args:
        truth: true boxes by camera.
        tracklets: boxes by camera, their `ids` the tracklets; a camera that is missing here has none.
    """
    found = {}
    for name, true in truth.items():
        people, own, _ = counting(true, tracklets.get(name, table([], [], [])), visibility=visibility)
        together = overlaps(people, own)
        person, tracklet, kind = kinds(together, np.flatnonzero(together.iou >= iou))
        boxes = np.bincount(kind, minlength=len(person))
        order = np.lexsort((-person, boxes))  # the last one of a tracklet stays
        found[name] = dict(zip(tracklet[order].tolist(), person[order].tolist(), strict=True))
    return found
