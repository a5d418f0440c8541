"""Looks count only where a person can have got to; ultralytics asks that boxes overlap, or nothing at all."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

JITTER = 0.75  # body sizes that a box, or where a track is expected, may be off its person


def within_reach(tracker: Any, possible_speed: float, fps: Callable[[], float]) -> None:
    """Make one of ultralytics' trackers that use appearance leave out of it what lies too far off.

    Args:
        tracker: BoT-SORT or Deep OC-SORT.
        possible_speed: body sizes a second; a body's size is its box's height, or twice its width where that is more.
        fps: rate of the frames now.
    """
    if hasattr(tracker, "_fuse_appearance"):
        fused = tracker._fuse_appearance

        def fuse(dists: Any, tracks: Any, detections: Any, iou_dists: Any = None) -> Any:
            out = fused(dists, tracks, detections, iou_dists=iou_dists)
            return np.where(_far(tracker, tracks, detections, possible_speed, fps()), dists, out)

        tracker._fuse_appearance = fuse
    else:
        cost = tracker.get_dists

        def get_dists(tracks: Any, detections: Any) -> Any:
            out = cost(tracks, detections)
            # boxes so far from each other do not overlap: without looks, their cost is 1
            return np.where(_far(tracker, tracks, detections, possible_speed, fps()), 1.0, out)

        tracker.get_dists = get_dists


def _far(
    tracker: Any, tracks: Sequence[Any], detections: Sequence[Any], speed: float, fps: float
) -> NDArray[np.bool_]:
    """(T, D): whether a detection lies farther from where a track is expected than a person can have got."""
    here, there = (np.array([one.xyxy for one in own]).reshape(-1, 4) for own in (tracks, detections))
    unseen_s = np.array([max(tracker.frame_id - one.frame_id, 1) for one in tracks]) / fps
    size = np.maximum(_sizes(here)[:, None], _sizes(there)[None, :])
    middles = [(boxes[:, :2] + boxes[:, 2:]) / 2 for boxes in (here, there)]
    gaps = middles[0][:, None] - middles[1][None, :]
    result: NDArray[np.bool_] = np.hypot(gaps[..., 0], gaps[..., 1]) / size > (
        JITTER + speed * unseen_s[:, None]
    )
    return result


def _sizes(boxes: NDArray[np.floating]) -> NDArray[np.floating]:
    sides = boxes[:, 2:] - boxes[:, :2]
    sizes: NDArray[np.floating] = np.maximum(np.maximum(2 * sides[:, 0], sides[:, 1]), 1.0)
    return sizes
