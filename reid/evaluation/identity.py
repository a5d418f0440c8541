"""Identity scores of tracks: each camera by itself, all cameras, and all cameras with their links."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from reid.errors import InputError
from reid.evaluation.clear import clear, match_clear
from reid.evaluation.counting import IgnoredBoxes, counting
from reid.evaluation.hota import hota, match_hota
from reid.evaluation.idf1 import identities
from reid.evaluation.mot import PERSON, TrackTable, first_repeat, table
from reid.evaluation.overlap import Integers, Overlaps, join, join_pairs, overlaps
from reid.evaluation.people import PersonReport, report_people


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The figures of one camera, or of all. Shares are in [0, 1], but `mota` can be negative."""

    idf1: float
    idp: float
    idr: float
    hota: float  # means over the 19 thresholds, as are the next three
    deta: float
    assa: float
    loca: float
    mota: float
    motp: float  # mean overlap of the matches
    switches: int
    fragmentations: int
    false_positives: int
    misses: int
    truth_boxes: int
    result_boxes: int
    truth_ids: int
    result_ids: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityScores:
    """Scores three ways; `local_ids` against `global_ids` is what linking cameras costs."""

    cameras: Mapping[str, Score]  # by name: only that camera counts
    local_ids: Score  # all cameras together, an id of one camera being another person in the next
    global_ids: Score  # all cameras together, an id being the same person everywhere
    people: tuple[PersonReport, ...]  # confusions of each person, over all cameras
    left_out: Mapping[str, IgnoredBoxes]  # by camera: what does not count

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def score(
    truth: Mapping[str, TrackTable],
    result: Mapping[str, TrackTable],
    *,
    iou: float = 0.5,
    visibility: float = 0.0,
) -> IdentityScores:
    """Score results against truth, camera by camera and over all cameras.

    For the scores over all cameras, cameras follow each other in order of their names (only switches between
    cameras depend on that order). Which boxes count says `counting`, as in TrackEval. A side without any box
    scores 0, as there.

    Args:
        truth: true boxes by camera name.
        result: result boxes by camera name; a camera that is missing here found nothing.
        iou: intersection over union from which a box counts as found, in (0, 1] (HOTA has its own 19).
        visibility: least visible share of a true box that counts, in [0, 1].

    Raises:
        InputError: a value out of range, a camera without truth, an id twice in one frame, or a result of
            something other than a person.
    """
    if not 0 < iou <= 1:
        raise InputError(f"iou is {iou}, expected a share above 0 and up to 1, such as 0.5")
    if not 0 <= visibility <= 1:
        raise InputError(f"visibility is {visibility}, expected a share from 0 to 1, such as 0.25")
    unknown = sorted(set(result) - set(truth))
    if unknown:
        known = ", ".join(sorted(truth)) or "none"
        raise InputError(f"no truth for camera {', '.join(unknown)}; cameras with truth: {known}")
    parts: dict[str, Overlaps] = {}
    left_out: dict[str, IgnoredBoxes] = {}
    for name in sorted(truth):
        true, found = truth[name], result.get(name, table([], [], []))
        _refuse_repeats(f"truth of {name}", true)
        _refuse_repeats(f"result of {name}", found)
        _refuse_others(name, found)
        true, found, left_out[name] = counting(true, found, visibility=visibility)
        parts[name] = overlaps(true, found)
    return _scores(parts, left_out, iou)


def _scores(
    parts: Mapping[str, Overlaps], left_out: Mapping[str, IgnoredBoxes], iou: float
) -> IdentityScores:
    """Match each camera once, and all again for HOTA with global ids, which alone looks across cameras."""
    each = list(parts.values())
    local, together = join(each, local_ids=True), join(each, local_ids=False)
    by_clear = [match_clear(part, iou=iou) for part in each]
    by_hota = [match_hota(part) for part in each]
    matches = join_pairs(each, by_clear)
    return IdentityScores(
        cameras={
            name: _score(part, mot, higher, iou)
            for (name, part), mot, higher in zip(parts.items(), by_clear, by_hota, strict=True)
        },
        local_ids=_score(local, matches, join_pairs(each, by_hota), iou),
        global_ids=_score(together, matches, match_hota(together), iou),
        people=report_people(together, matches, identities(together, iou=iou).partner, list(parts)),
        left_out=left_out,
    )


def _score(found: Overlaps, by_clear: Integers, by_hota: Integers, iou: float) -> Score:
    ids, mot, higher = identities(found, iou=iou), clear(found, by_clear), hota(found, by_hota)
    return Score(
        idf1=ids.idf1,
        idp=ids.precision,
        idr=ids.recall,
        hota=float(higher.hota.mean()),
        deta=float(higher.detection.mean()),
        assa=float(higher.association.mean()),
        loca=float(higher.localisation.mean()),
        mota=mot.mota,
        motp=mot.motp,
        switches=mot.switches,
        fragmentations=mot.fragmentations,
        false_positives=mot.false_positives,
        misses=mot.misses,
        truth_boxes=len(found.truth_ids),
        result_boxes=len(found.result_ids),
        truth_ids=len(np.unique(found.truth_ids)),
        result_ids=len(np.unique(found.result_ids)),
    )


def _refuse_repeats(name: str, tracks: TrackTable) -> None:
    repeat = first_repeat(tracks.frames, tracks.ids)
    if repeat is not None:
        row = repeat[1]
        raise InputError(
            f"{name}: frame {tracks.frames[row]} has id {tracks.ids[row]} twice; "
            "one person has at most one box a frame"
        )


def _refuse_others(name: str, result: TrackTable) -> None:
    """TrackEval refuses results of other classes, too: to leave them out would hide that a detector took them."""
    others = np.unique(result.classes[result.classes > PERSON])
    if len(others):
        raise InputError(
            f"result of {name}: has boxes of class {', '.join(map(str, others[:5]))}; only people are scored; "
            "leave those rows out, or write the class -1 if they are people"
        )
