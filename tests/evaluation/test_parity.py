"""The same scores from reid_hota, where it is installed. TrackEval's lie in trackeval.json: test_trackeval.py."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from reid.evaluation.hota import hota, match_hota
from reid.evaluation.identity import score
from reid.evaluation.mot import TrackTable, table
from reid.evaluation.overlap import overlaps
from tests.evaluation.trackeval_cases import joined, line
from tests.evaluation.worlds import demo, spoil

pytestmark = pytest.mark.parity


def reid_hota_scores(truth: Mapping[str, TrackTable], result: Mapping[str, TrackTable]) -> dict[str, Any]:
    pandas = pytest.importorskip("pandas")
    reid_hota = pytest.importorskip("reid_hota")

    def frame(tracks: TrackTable) -> Any:
        values = {"frame": tracks.frames, "id": tracks.ids}
        corners = {
            name: tracks.boxes[:, at].astype(float) for at, name in enumerate(("x1", "y1", "x2", "y2"))
        }
        return pandas.DataFrame(values | corners)

    config = reid_hota.HOTAConfig(
        id_alignment_method="global",
        reference_contains_dense_annotations=True,
        iou_thresholds=np.arange(0.05, 0.99, 0.05),
        suppress_print_statements=True,
    )
    evaluator = reid_hota.HOTAReIDEvaluator(n_workers=0, config=config)
    sides = [{name: frame(tracks) for name, tracks in side.items()} for side in (truth, result)]
    evaluator.evaluate(*sides)
    return dict(evaluator.get_global_hota_data())


def test_reid_hota_agrees_where_one_id_a_person_is_all_there_is() -> None:
    """reid_hota gives each person one result id for good and matches only those: the same without splits."""
    truth = demo(range(1, 150))
    rng = np.random.default_rng(5)
    result = {}
    for name, true in truth.items():
        kept = true.select(rng.random(len(true)) > 0.2)
        boxes = kept.boxes + rng.normal(0, 2, kept.boxes.shape).astype(np.float32)
        result[name] = table(kept.frames, kept.ids + 100, boxes)
    theirs, ours = reid_hota_scores(truth, result), score(truth, result).global_ids
    half = 9  # the threshold 0.5
    assert float(theirs["IDF1"][half]) == pytest.approx(ours.idf1, abs=1e-6)
    # An id that is missing in one frame can lie on a neighbour: HOTA matches that, reid_hota does not.
    for key, value in (("HOTA", ours.hota), ("DetA", ours.deta), ("AssA", ours.assa)):
        assert float(np.mean(theirs[key])) == pytest.approx(value, abs=5e-3), key


def test_reid_hota_punishes_split_ids_more_and_bounds_ours_from_below() -> None:
    """Boxes under a second id are false to reid_hota, while HOTA (Luiten et al.) still finds them."""
    truth = {"a": line(range(1, 11), 1)}
    result = {"a": joined(line(range(1, 7), 5), line(range(7, 11), 6))}
    theirs, ours = reid_hota_scores(truth, result), score(truth, result).global_ids
    assert ours.deta == pytest.approx(1)
    assert float(np.mean(theirs["DetA"])) == pytest.approx(6 / 14)
    assert float(theirs["IDF1"][9]) == pytest.approx(ours.idf1) == pytest.approx(0.6)


def test_reid_hota_gives_the_same_idf1_on_real_tracks_gone_wrong() -> None:
    truth = demo(range(170, 330))
    result = spoil(truth, np.random.default_rng(6))
    theirs, ours = reid_hota_scores(truth, result), score(truth, result).global_ids
    assert float(theirs["IDF1"][9]) == pytest.approx(ours.idf1, abs=0.01)
    assert float(np.mean(theirs["HOTA"])) <= ours.hota + 1e-9


def test_hota_of_a_single_match_is_the_share_of_thresholds_it_reaches() -> None:
    """A check without a referee: overlap 0.6 reaches 12 of the 19 thresholds."""
    found = overlaps(line(range(1, 2), 1), line(range(1, 2), 1, x=2.5))
    figures = hota(found, match_hota(found))
    assert figures.hota.sum() == pytest.approx(12)
