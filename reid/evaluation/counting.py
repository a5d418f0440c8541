"""Selection of the boxes that count, as TrackEval prepares a sequence of MOTChallenge."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from reid.evaluation.mot import PERSON, TrackTable
from reid.evaluation.overlap import EPSILON, choose, overlaps

DISTRACTORS = (
    2,
    7,
    8,
    12,
)  # on a vehicle, standing still, distractor, reflection: like people, but not scored
_SPARED_FROM = 0.5  # IoU, in TrackEval whatever threshold the scores have


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoredBoxes:
    """Boxes of one camera that do not count, by reason."""

    classes: Mapping[int, int] = field(default_factory=dict)  # true boxes by class, other than people
    confidence_0: int = 0  # true boxes of people
    hardly_visible: int = 0  # true boxes of people
    results: int = 0  # result boxes on distractors and on people who are hardly visible

    @property
    def truth(self) -> int:
        """Number of true boxes that do not count."""
        return sum(self.classes.values()) + self.confidence_0 + self.hardly_visible


def counting(
    truth: TrackTable, result: TrackTable, *, visibility: float = 0.0
) -> tuple[TrackTable, TrackTable, IgnoredBoxes]:
    """Truth and result without the boxes that do not count.

    As `MotChallenge2DBox.get_preprocessed_seq_data` of TrackEval 1.3: in each frame ALL true boxes, of any class and
    confidence, and the result boxes are matched one to one for the largest sum of overlaps of at least 0.5. A result
    box that is matched to a distractor, of whatever confidence, is taken out. Then every true box that is no person
    or has confidence 0 is taken out, too, and what lay on it counts as false. People below `visibility` are ours:
    they spare the result boxes on them as distractors do, because a tracker that finds them shall not pay for it.

    It differs in two things. TrackEval cuts the decimals off a confidence, so that a true box of 0.5 does not count:
    here only 0 does not. It refuses class numbers that MOTChallenge has not: here they are other classes.
    """
    truth, result = truth.by_frame(), result.by_frame()
    person, dropped = truth.classes == PERSON, truth.confidences == 0
    # Float32 holds no 0.1: 0.10 in a file must not be below a limit of 0.1.
    hidden = person & ~dropped & (truth.visibilities < np.float32(visibility))
    sparing = np.isin(truth.classes, DISTRACTORS) | hidden
    keep = np.ones(len(result), dtype=np.bool_)
    if sparing.any():
        found = overlaps(truth, result)
        pairs = np.flatnonzero(found.iou >= _SPARED_FROM - EPSILON)
        matches = choose(found, pairs, found.iou[pairs])
        keep[found.result_rows[matches[sparing[found.truth_rows[matches]]]]] = False
    others = Counter(truth.classes[~person].tolist())
    left_out = IgnoredBoxes(
        classes=dict(sorted(others.items())),
        confidence_0=int((person & dropped).sum()),
        hardly_visible=int(hidden.sum()),
        results=int((~keep).sum()),
    )
    return truth.select(person & ~dropped & ~hidden), result.select(keep), left_out
