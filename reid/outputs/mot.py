"""Boxes by frame with global person ids: for `tracks/<camera>.txt` and for the annotated video alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid.outputs import atomic
from reid.types import Array, Match, Tracklet

Ints = NDArray[np.int64]
Times = NDArray[np.float64]
NO_TRACK = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CameraTracks:
    """Boxes of one camera by frame and person, sorted; a person once per frame."""

    frames: Ints  # (N,) frame indices from 0
    person_ids: Ints  # (N,)
    times_s: Times  # (N,)
    boxes: Array  # (N, 4) xyxy pixels
    scores: Array  # (N,)
    interpolated: NDArray[np.bool_]  # (N,) not detected: it lies between two that were
    track_ids: Ints  # (N,) the tracklet of each; NO_TRACK: it lies between two tracklets

    def __len__(self) -> int:
        return len(self.frames)


def camera_tracks(
    camera_id: str,
    tracklets: Sequence[Tracklet],
    matches: Sequence[Match],
    *,
    fill_gap_s: float,
    frames: NDArray[np.integer] | None = None,
    times_s: Times | None = None,
) -> CameraTracks:
    """Tracks of all identified people in one camera, gaps shorter than `fill_gap_s` seconds filled.

    Where two tracklets of a person have a box in one frame the surer one is kept. Filled boxes lie on the
    straight line between their neighbours and take the smaller of their scores.

    Args:
        camera_id: other cameras' tracklets are passed over.
        tracklets: of any camera.
        matches: one per tracklet; those without a person are left out.
        fill_gap_s: gaps of this length and longer stay open; 0 fills nothing.
        frames: (F,) ascending indices of the frames that were processed: only those are filled. Without them
            every n-th frame is, n being the median step between boxes.
        times_s: (F,) their times, by which boxes are interpolated; required with `frames`.
    """
    if (frames is None) != (times_s is None):
        raise ValueError("camera_tracks needs both frames and times_s, or neither")
    detected = _detected(camera_id, tracklets, matches)
    gap_s = np.diff(detected.times_s)
    before = np.flatnonzero((np.diff(detected.person_ids) == 0) & (gap_s > 0) & (gap_s < fill_gap_s))
    starts, ends = detected.frames[before], detected.frames[before + 1]
    if frames is None or times_s is None:
        own = [tracklet for tracklet in tracklets if tracklet.camera_id == camera_id]
        gap, filled = _every(starts, ends, _median_step(own))
        share = (filled - starts[gap]) / (ends - starts)[gap]
    else:
        gap, at = _processed(starts, ends, np.asarray(frames))
        filled = np.asarray(frames)[at].astype(np.int64)
        share = (np.asarray(times_s)[at] - detected.times_s[before][gap]) / gap_s[before][gap]
    return _filled(detected, before[gap], filled, np.clip(share, 0, 1))


def mot_lines(tracks: CameraTracks) -> str:
    """MOTChallenge text: `frame,id,left,top,width,height,confidence,-1,-1,-1`, frames from 1."""
    sizes = tracks.boxes[:, 2:] - tracks.boxes[:, :2]
    columns = (tracks.frames + 1, tracks.person_ids, *tracks.boxes[:, :2].T, *sizes.T, tracks.scores)
    return "".join(
        f"{frame},{person},{x:.2f},{y:.2f},{w:.2f},{h:.2f},{score:.3f},-1,-1,-1\n"
        for frame, person, x, y, w, h, score in zip(*(column.tolist() for column in columns), strict=True)
    )


def write_mot(path: Path, tracks: CameraTracks) -> None:
    """Write `mot_lines`; without a track, an empty file."""
    atomic.write_text(path, mot_lines(tracks))


def _detected(camera_id: str, tracklets: Sequence[Tracklet], matches: Sequence[Match]) -> CameraTracks:
    """Every box of an identified person, one per person and frame; sorted by person, then frame."""
    persons = {match.tracklet: match.person_id for match in matches if match.person_id is not None}
    own = [t for t in tracklets if t.camera_id == camera_id and t.key in persons]
    none = np.empty(0, dtype=np.int64)
    person_ids = np.concatenate([none, *(np.full(len(t.frames), persons[t.key]) for t in own)])
    frames = np.concatenate([none, *(t.frames for t in own)])
    times_s = np.concatenate([np.empty(0), *(t.times_s for t in own)])
    boxes = np.concatenate([np.empty((0, 4), np.float32), *(t.boxes for t in own)])
    track_ids = np.concatenate([none, *(np.full(len(t.frames), t.track_id) for t in own)])
    scores = np.concatenate([np.empty(0, np.float32), *(t.scores for t in own)])
    order = np.lexsort((-scores, frames, person_ids))
    order = order[_differs(person_ids[order]) | _differs(frames[order])]  # the surest box comes first
    return CameraTracks(
        frames=frames[order],
        person_ids=person_ids[order],
        times_s=times_s[order],
        boxes=boxes[order],
        scores=scores[order],
        interpolated=np.zeros(len(order), dtype=bool),
        track_ids=track_ids[order],
    )


def _filled(detected: CameraTracks, a: Ints, frames: Ints, share: Times) -> CameraTracks:
    """`detected` and (M,) boxes in `frames`, `share` of the way from box `a` to the next; sorted by frame."""
    between = detected.boxes[a] + (detected.boxes[a + 1] - detected.boxes[a]) * share[:, None]
    boxes = np.concatenate([detected.boxes, between.astype(np.float32)])
    times_s = detected.times_s[a] + (detected.times_s[a + 1] - detected.times_s[a]) * share
    all_frames = np.concatenate([detected.frames, frames])
    person_ids = np.concatenate([detected.person_ids, detected.person_ids[a]])
    same = detected.track_ids[a] == detected.track_ids[a + 1]
    track_ids = np.concatenate([detected.track_ids, np.where(same, detected.track_ids[a], NO_TRACK)])
    order = np.lexsort((person_ids, all_frames))
    lower = np.minimum(detected.scores[a], detected.scores[a + 1])
    return CameraTracks(
        frames=all_frames[order],
        person_ids=person_ids[order],
        times_s=np.concatenate([detected.times_s, times_s])[order],
        boxes=boxes[order],
        scores=np.concatenate([detected.scores, lower])[order],
        interpolated=(np.arange(len(order)) >= len(detected))[order],
        track_ids=track_ids[order],
    )


def _median_step(tracklets: Sequence[Tracklet]) -> int:
    steps = np.concatenate([np.empty(0), *(np.diff(tracklet.frames) for tracklet in tracklets)])
    return max(1, round(float(np.median(steps)))) if len(steps) else 1


def _every(starts: Ints, ends: Ints, step: int) -> tuple[Ints, Ints]:
    """Every `step`-th frame strictly between start and end of each gap: which gap (M,), which frame (M,)."""
    gap, number = _expand((ends - starts - 1) // step)
    return gap, starts[gap] + step * (number + 1)


def _processed(starts: Ints, ends: Ints, frames: NDArray[np.integer]) -> tuple[Ints, Ints]:
    """Positions in `frames` strictly between start and end of each gap: which gap (M,), position (M,)."""
    low = np.searchsorted(frames, starts, side="right")
    gap, number = _expand(np.maximum(np.searchsorted(frames, ends, side="left") - low, 0))
    return gap, low[gap] + number


def _expand(counts: Ints) -> tuple[Ints, Ints]:
    """[2, 0, 1] -> owners [0, 0, 2] and their numbers [0, 1, 0]."""
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)


def _differs(values: Ints) -> NDArray[np.bool_]:
    """Whether each value differs from the one before; the first does."""
    return np.concatenate([np.ones(min(1, len(values)), dtype=bool), np.diff(values) != 0])
