"""CLEAR MOT: misses, false boxes and switches of identity, counted frame by frame."""

from dataclasses import dataclass

import numpy as np

from reid.evaluation.overlap import EPSILON, Integers, Overlaps, crowded_stretches, solve

_CONTINUES = 1000.0  # outweighs every overlap: a match of the frame before is kept as long as it holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Clear:
    """Counts of Bernardin & Stiefelhagen (2008)."""

    matches: int
    misses: int
    false_positives: int
    switches: int
    fragmentations: int
    overlap: float  # sum over the matches

    @property
    def mota(self) -> float:
        """1 - (misses + false positives + switches) / true boxes; 0 where there is no true box."""
        true = self.matches + self.misses
        return (self.matches - self.false_positives - self.switches) / true if true else 0.0

    @property
    def motp(self) -> float:
        """Mean overlap of the matches (larger is better)."""
        return self.overlap / max(1, self.matches)


def clear(found: Overlaps, pairs: Integers) -> Clear:
    """Counts over the pairs that `match_clear` chose (Bernardin & Stiefelhagen 2008, section 2.2).

    A switch is a match under another result id than the person's last match, however long
    ago. A fragmentation is a match that resumes after a gap, even one in which truth has no person either
    (TrackEval's rule, so perfect results can have some). Gaps count within a camera only: leaving one camera
    and entering the next breaks no track.
    """
    truth = found.truth_ids[found.truth_rows[pairs]]
    result = found.result_ids[found.result_rows[pairs]]
    frames = found.pair_frames[pairs]
    order = np.lexsort((frames, truth))
    truth, result, frames = truth[order], result[order], frames[order]
    same_person = truth[1:] == truth[:-1]
    same_camera = same_person & (found.cameras[frames[1:]] == found.cameras[frames[:-1]])
    step = np.diff(_steps(found)[frames])
    return Clear(
        matches=len(pairs),
        misses=len(found.truth_ids) - len(pairs),
        false_positives=len(found.result_ids) - len(pairs),
        switches=int((same_person & (result[1:] != result[:-1])).sum()),
        fragmentations=int((same_camera & (step > 1)).sum()),
        overlap=float(found.iou[pairs].sum()),
    )


def _steps(found: Overlaps) -> Integers:
    """Numbers (F,) of the frames that have boxes on both sides.

    TrackEval passes over the others: a match before and one after them is not interrupted.
    """
    both = np.zeros(len(found.cameras), dtype=np.bool_)
    both[np.intersect1d(found.truth_frames, found.result_frames)] = True
    steps: Integers = np.cumsum(both)
    return steps


def match_clear(found: Overlaps, *, iou: float) -> Integers:
    """Numbers of the pairs that CLEAR matches, ascending, chosen as in TrackEval's `clear.py`.

    In each frame pairs of overlap >= `iou` are matched, first those matched in the frame before, then for the
    largest overlap. Whether ids mean the same in other cameras makes no difference to it.
    """
    # Only frames in which pairs compete need a look at the frame before, and only they are solved.
    pairs = np.flatnonzero(found.iou >= iou - EPSILON)
    left, right = found.truth_rows[pairs], found.result_rows[pairs]
    truth, result = found.truth_ids[left], found.result_ids[right]
    frames = found.pair_frames[pairs]
    steps, cameras = _steps(found)[frames], found.cameras[frames]
    chosen = np.ones(len(pairs), dtype=np.bool_)
    for start, stop in crowded_stretches(found, pairs):
        before = slice(int(np.searchsorted(steps, steps[start] - 1)), start)
        kept = chosen[before] & (cameras[before] == cameras[start])
        same_truth = truth[start:stop, None] == truth[before][kept]
        continues = (same_truth & (result[start:stop, None] == result[before][kept])).any(axis=1)
        weight = found.iou[pairs[start:stop]] + _CONTINUES * continues
        chosen[start:stop] = solve(left[start:stop], right[start:stop], weight)
    return pairs[chosen]
