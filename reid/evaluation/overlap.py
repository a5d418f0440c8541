"""Overlaps of true and result boxes of a frame, and the best one-to-one choice among them.

Every tracking score starts here. Pairs that overlap are few, so they are kept as a list over all frames, not
as a matrix a frame: most frames then need no assignment to be solved at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from reid.evaluation.mot import TrackTable

Integers = NDArray[np.int64]
Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]
Number = TypeVar("Number", np.int64, np.float64)

EPSILON = float(np.finfo(float).eps)  # TrackEval's tolerance where it compares an overlap with a threshold
_PAIRS_AT_ONCE = 1_000_000  # bounds memory in crowds: 200 x 200 boxes a frame are 40,000 pairs


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overlaps:
    """The boxes of truth (T) and result (R), frame after frame, and all pairs (P) of one frame that overlap.

    Frames are numbered 0..F-1 in order, those without any box left out; frames of several cameras follow each
    other, so that a frame belongs to one camera.
    """

    cameras: Integers  # (F,) which camera a frame is of
    truth_frames: Integers  # (T,) ascending
    truth_ids: Integers  # (T,)
    result_frames: Integers  # (R,) ascending
    result_ids: Integers  # (R,)
    truth_rows: Integers  # (P,) ascending by frame
    result_rows: Integers  # (P,)
    iou: Doubles  # (P,) above 0

    @property
    def pair_frames(self) -> Integers:
        """The frame (P,) of each pair, ascending."""
        return self.truth_frames[self.truth_rows]


def overlaps(truth: TrackTable, result: TrackTable) -> Overlaps:
    """Pairs of a true and a result box that overlap in a frame of one camera."""
    truth, result = truth.by_frame(), result.by_frame()
    numbers = np.union1d(truth.frames, result.frames)
    truth_frames = np.searchsorted(numbers, truth.frames)
    result_frames = np.searchsorted(numbers, result.frames)
    per_truth = np.bincount(truth_frames, minlength=len(numbers))
    per_result = np.bincount(result_frames, minlength=len(numbers))
    truth_boxes, result_boxes = truth.boxes.astype(np.float64), result.boxes.astype(np.float64)
    rows: list[tuple[Integers, Integers, Doubles]] = []
    for start, stop in _stretches(per_truth * per_result):
        left, right = _pairs(per_truth, per_result, start, stop)
        iou = _iou(truth_boxes[left], result_boxes[right])
        some = iou > 0
        rows.append((left[some], right[some], iou[some]))
    return Overlaps(
        cameras=np.zeros(len(numbers), dtype=np.int64),
        truth_frames=truth_frames.astype(np.int64),
        truth_ids=truth.ids,
        result_frames=result_frames.astype(np.int64),
        result_ids=result.ids,
        truth_rows=_joined([part[0] for part in rows], np.int64),
        result_rows=_joined([part[1] for part in rows], np.int64),
        iou=_joined([part[2] for part in rows], np.float64),
    )


def join(parts: Sequence[Overlaps], *, local_ids: bool) -> Overlaps:
    """Join cameras one after the other; with `local_ids` an id of one camera is another person in the next."""
    frames = _offsets([len(part.cameras) for part in parts])
    truth_rows = _offsets([len(part.truth_ids) for part in parts])
    result_rows = _offsets([len(part.result_ids) for part in parts])
    truth_ids, result_ids = [p.truth_ids for p in parts], [p.result_ids for p in parts]
    if local_ids:
        truth_ids, result_ids = _apart(truth_ids), _apart(result_ids)
    return Overlaps(
        cameras=_joined([part.cameras + index for index, part in enumerate(parts)], np.int64),
        truth_frames=_joined([p.truth_frames + at for p, at in zip(parts, frames, strict=True)], np.int64),
        truth_ids=_joined(truth_ids, np.int64),
        result_frames=_joined([p.result_frames + at for p, at in zip(parts, frames, strict=True)], np.int64),
        result_ids=_joined(result_ids, np.int64),
        truth_rows=_joined([p.truth_rows + at for p, at in zip(parts, truth_rows, strict=True)], np.int64),
        result_rows=_joined([p.result_rows + at for p, at in zip(parts, result_rows, strict=True)], np.int64),
        iou=_joined([part.iou for part in parts], np.float64),
    )


def join_pairs(parts: Sequence[Overlaps], pairs: Sequence[Integers]) -> Integers:
    """The numbers that pairs of each camera have among those of `join`."""
    starts = _offsets([len(part.iou) for part in parts])
    return _joined([chosen + start for chosen, start in zip(pairs, starts, strict=True)], np.int64)


def kinds(found: Overlaps, pairs: Integers) -> tuple[Integers, Integers, Integers]:
    """True id (K,) and result id (K,) of each combination that occurs among `pairs`, and each pair's (Q,)."""
    people, truth = np.unique(found.truth_ids, return_inverse=True)
    ids, result = np.unique(found.result_ids, return_inverse=True)
    codes = truth[found.truth_rows[pairs]] * len(ids) + result[found.result_rows[pairs]]
    occurring, kind = np.unique(codes, return_inverse=True)
    return people[occurring // max(1, len(ids))], ids[occurring % max(1, len(ids))], kind


def crowded(found: Overlaps, pairs: Integers) -> Mask:
    """Pairs among `pairs` (Q,) with a box that another pair has too: only these need solving."""
    left, right = found.truth_rows[pairs], found.result_rows[pairs]
    shared: Mask = np.bincount(left)[left] > 1  # bincount of nothing is empty, and so is the index
    return shared | (np.bincount(right)[right] > 1)


def crowded_stretches(found: Overlaps, pairs: Integers) -> list[tuple[int, int]]:
    """Slices of `pairs` (Q,), one a frame in which two pairs compete for a box, in order of frames."""
    frames = found.pair_frames[pairs]
    return _slices(frames, frames[crowded(found, pairs)])


def solve(left: Integers, right: Integers, weight: Doubles) -> Mask:
    """Among pairs (Q,) of ONE frame the one-to-one choice of the largest total weight; weights above 0."""
    left, right = left - left.min(), right - right.min()
    matrix = np.zeros((int(left.max()) + 1, int(right.max()) + 1))
    matrix[left, right] = weight
    rows, columns = linear_sum_assignment(matrix, maximize=True)
    partner = np.full(len(matrix), -1)
    partner[rows] = columns
    chosen: Mask = partner[left] == right
    return chosen


def choose(found: Overlaps, pairs: Integers, weight: Doubles) -> Integers:
    """Choose one-to-one among `pairs` (Q,) in each frame: the largest total weight > 0.

    Where the best pairs of all true boxes of a frame lead to different result boxes, nothing can weigh more;
    so only frames in which they do not, or in which two pairs tie, are solved.
    """
    left, right = found.truth_rows[pairs], found.result_rows[pairs]
    best = np.zeros(len(found.truth_ids))
    np.maximum.at(best, left, weight)
    chosen: Mask = weight == best[left]
    frames = found.pair_frames[pairs]
    clash = crowded(found, pairs[chosen])
    for start, stop in _slices(frames, frames[chosen][clash]):
        chosen[start:stop] = solve(left[start:stop], right[start:stop], weight[start:stop])
    return pairs[chosen]


def _slices(frames: Integers, wanted: Integers) -> list[tuple[int, int]]:
    """Start and stop in ascending `frames` (Q,) of each of the `wanted` frames."""
    each = np.unique(wanted)
    starts, stops = np.searchsorted(frames, each), np.searchsorted(frames, each, side="right")
    return list(zip(starts.tolist(), stops.tolist(), strict=True))


def _stretches(pairs: Integers) -> list[tuple[int, int]]:
    """Consecutive frames with about `_PAIRS_AT_ONCE` pairs together, given the pairs of each frame."""
    if len(pairs) == 0:
        return []
    group = (np.cumsum(pairs) - pairs) // _PAIRS_AT_ONCE
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    return list(zip(starts.tolist(), [*starts[1:].tolist(), len(pairs)], strict=True))


def _pairs(per_truth: Integers, per_result: Integers, start: int, stop: int) -> tuple[Integers, Integers]:
    """Row numbers of every true box with every result box of its frame, for the frames start to stop."""
    first_truth, first_result = np.cumsum(per_truth) - per_truth, np.cumsum(per_result) - per_result
    counts = (per_truth * per_result)[start:stop]
    frame = np.repeat(np.arange(start, stop), counts)
    within = np.arange(len(frame)) - np.repeat(np.cumsum(counts) - counts, counts)
    return first_truth[frame] + within // per_result[frame], first_result[frame] + within % per_result[frame]


def _iou(a: Doubles, b: Doubles) -> Doubles:
    """Intersection over union (P,) of boxes (P, 4) row by row, in double precision as TrackEval has it."""
    shared = _area(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]))
    union = _area(a[:, 2:] - a[:, :2]) + _area(b[:, 2:] - b[:, :2]) - shared
    iou: Doubles = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return iou


def _area(sides: Doubles) -> Doubles:
    """Width times height (P,); 0 for a box turned inside out."""
    area: Doubles = np.prod(np.maximum(sides, 0), axis=1)
    return area


def _offsets(lengths: Sequence[int]) -> list[int]:
    return [sum(lengths[:index]) for index in range(len(lengths))]


def _apart(ids: Sequence[Integers]) -> list[Integers]:
    """Renumber groups of rows so that no two parts share a number."""
    dense = [np.unique(part, return_inverse=True) for part in ids]
    starts = _offsets([len(labels) for labels, _ in dense])
    return [(codes + start).astype(np.int64) for (_, codes), start in zip(dense, starts, strict=True)]


def _joined(parts: Sequence[NDArray[Number]], kind: type[Number]) -> NDArray[Number]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=kind)
