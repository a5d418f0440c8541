"""Where people stand in their camera's frame: the bottom centre of their boxes, where that shows their feet."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.types import Tracklet

Floats = NDArray[np.float64]

BORDER_PX = 3.0  # boxes that end so near the outermost ones of their camera are taken for cut by its frame
SHORT = 0.8  # of the height usual at that place: feet hidden, sitting or bent
ENOUGH_BOXES = 40  # of a camera, to learn which height is usual where
BOXES_A_TRACKLET = 20  # that the usual height is learned from


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Feet:
    """Foot points of one tracklet at the moments that show them."""

    times_s: Floats  # (T,) ascending
    points: Floats  # (T, 2) pixels
    heights: Floats  # (T,) of the person, pixels


def feet(tracklets: Sequence[Tracklet]) -> list[Feet]:
    """Foot points of all tracklets, in their order.

    Left out are boxes that end at the frame's border, whose bottom centre lies in a box that stands nearer to the
    camera, or that are much less tall than people usually are at that place. A tracklet does not say how large
    its frame is: the outermost boxes of its camera stand for the border.
    """
    shows: list[NDArray[np.bool_]] = [np.ones(len(t.frames), dtype=bool) for t in tracklets]
    for camera in sorted({t.camera_id for t in tracklets}):
        own = [i for i, t in enumerate(tracklets) if t.camera_id == camera]
        boxes = np.concatenate([tracklets[i].boxes for i in own]).astype(np.float64)
        frames = np.concatenate([tracklets[i].frames for i in own])
        good = ~_cut(boxes) & ~_hidden(boxes, frames)
        ends = np.cumsum([len(tracklets[i].frames) for i in own])
        chosen = np.concatenate(
            [
                np.unique(np.linspace(start, end - 1, BOXES_A_TRACKLET).astype(np.int64))
                for start, end in zip([0, *ends[:-1]], ends, strict=True)
            ]
        )
        good &= ~_short(boxes, chosen[good[chosen]])
        for i, part in zip(own, np.split(good, ends[:-1]), strict=True):
            shows[i] = part
    return [_feet(t, shown) for t, shown in zip(tracklets, shows, strict=True)]


def _feet(tracklet: Tracklet, shown: NDArray[np.bool_]) -> Feet:
    boxes = tracklet.boxes[shown].astype(np.float64)
    return Feet(
        times_s=tracklet.times_s[shown].astype(np.float64),
        points=np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1),
        heights=np.maximum(boxes[:, 3] - boxes[:, 1], 1.0),
    )


def _cut(boxes: Floats) -> NDArray[np.bool_]:
    """(N,) boxes of one camera that end where no box goes beyond."""
    left, top, right, bottom = boxes[:, 0].min(), boxes[:, 1].min(), boxes[:, 2].max(), boxes[:, 3].max()
    return np.asarray(
        (boxes[:, 0] <= left + BORDER_PX)
        | (boxes[:, 1] <= top + BORDER_PX)
        | (boxes[:, 2] >= right - BORDER_PX)
        | (boxes[:, 3] >= bottom - BORDER_PX)
    )


def _hidden(boxes: Floats, frames: NDArray[np.int32]) -> NDArray[np.bool_]:
    """(N,) boxes whose bottom centre lies in another box of the same frame that reaches farther down."""
    hidden = np.zeros(len(boxes), dtype=bool)
    order = np.argsort(frames, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(frames[order])) + 1):
        if len(rows) < 2:
            continue
        own = boxes[rows]
        x, y = (own[:, 0] + own[:, 2]) / 2, own[:, 3]
        inside = (own[None, :, 0] <= x[:, None]) & (x[:, None] <= own[None, :, 2])
        inside &= (own[None, :, 1] <= y[:, None]) & (y[:, None] < own[None, :, 3])
        hidden[rows] = inside.any(axis=1)
    return hidden


def _short(boxes: Floats, chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(N,) boxes much less tall than a plane through the heights of the `chosen` ones.

    People on level ground obey a plane. Least absolute deviations by reweighting; none is short where too few boxes
    are known.
    """
    if len(chosen) < ENOUGH_BOXES:
        return np.zeros(len(boxes), dtype=bool)
    terms = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3], np.ones(len(boxes))], axis=1)
    heights = boxes[:, 3] - boxes[:, 1]
    weights = np.ones(len(chosen))
    plane = np.zeros(3)
    for _ in range(15):
        root = np.sqrt(weights)
        plane = np.linalg.lstsq(terms[chosen] * root[:, None], heights[chosen] * root, rcond=None)[0]
        weights = 1 / np.maximum(np.abs(terms[chosen] @ plane - heights[chosen]), 1.0)
    return np.asarray(heights < SHORT * (terms @ plane))
