"""The same scores from TrackEval (where it is installed) and reid_hota."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from reid.evaluation.hota import hota, match_hota
from reid.evaluation.identity import Score, score
from reid.evaluation.mot import TrackTable, table
from reid.evaluation.overlap import overlaps
from tests.evaluation import reference
from tests.evaluation.worlds import concatenated, demo, random_camera, random_site, spoil

pytestmark = pytest.mark.parity
FRAMES = 540


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", CASES)


def line(frames: range, one: int, x: float = 0.0) -> TrackTable:
    return table(list(frames), [one] * len(frames), [(x, 0, x + 10, 20)] * len(frames))


def joined(*tables: TrackTable) -> TrackTable:
    return table(*(np.concatenate([getattr(t, name) for t in tables]) for name in ("frames", "ids", "boxes")))


NOBODY = table([], [], [])
CASES: dict[str, tuple[TrackTable, TrackTable]] = {
    "no result": (line(range(1, 5), 1), NOBODY),
    "no truth": (NOBODY, line(range(1, 5), 1)),
    "neither": (NOBODY, NOBODY),
    "one box": (line(range(1, 2), 1), line(range(1, 2), 4)),
    "never in one frame": (line(range(1, 4), 1), line(range(5, 9), 1)),
    "far apart": (line(range(1, 4), 1), line(range(1, 4), 1, x=99)),
    "overlap of exactly a half": (line(range(1, 4), 1), line(range(1, 4), 1, x=10 / 3)),
    "frames without results between": (
        line(range(1, 9), 1),
        joined(line(range(1, 3), 2), line(range(6, 9), 2)),
    ),
    "two results on one person": (
        line(range(1, 9), 1),
        joined(line(range(1, 9), 2), line(range(1, 9), 3, x=1)),
    ),
    "the nearer one comes later": (
        line(range(1, 9), 1),
        joined(line(range(1, 9), 2, x=2), line(range(5, 9), 3)),
    ),
}
SEEDS = range(25)


def trackeval_data(truth: TrackTable, result: TrackTable) -> dict[str, Any]:
    """What TrackEval's metrics take, made without a line of the product's pairing."""
    people, ids = np.unique(truth.ids), np.unique(result.ids)
    last = max([0, *truth.frames.tolist(), *result.frames.tolist()])
    data: dict[str, Any] = {
        "num_timesteps": last,
        "num_gt_ids": len(people),
        "num_tracker_ids": len(ids),
        "num_gt_dets": len(truth),
        "num_tracker_dets": len(result),
        "gt_ids": [],
        "tracker_ids": [],
        "similarity_scores": [],
    }
    for frame in range(1, last + 1):
        left, right = truth.frames == frame, result.frames == frame
        data["gt_ids"].append(np.searchsorted(people, truth.ids[left]))
        data["tracker_ids"].append(np.searchsorted(ids, result.ids[right]))
        data["similarity_scores"].append(reference.iou(truth.boxes[left], result.boxes[right]))
    return data


def trackeval_scores(truth: TrackTable, result: TrackTable) -> dict[str, float]:
    trackeval = pytest.importorskip("trackeval")
    data = trackeval_data(truth, result)
    settings = {"PRINT_CONFIG": False}
    clear = trackeval.metrics.CLEAR(settings).eval_sequence(data)
    ids = trackeval.metrics.Identity(settings).eval_sequence(data)
    higher = trackeval.metrics.HOTA().eval_sequence(data)
    means = {key: float(np.mean(higher[key])) for key in ("HOTA", "DetA", "AssA", "LocA")}
    return {**clear, **ids, **means}


NAMES = {
    "idf1": "IDF1",
    "idp": "IDP",
    "idr": "IDR",
    "hota": "HOTA",
    "deta": "DetA",
    "assa": "AssA",
    "loca": "LocA",
    "mota": "MOTA",
    "motp": "MOTP",
    "switches": "IDSW",
    "fragmentations": "Frag",
    "false_positives": "CLR_FP",
    "misses": "CLR_FN",
}


def assert_same(ours: Score, theirs: Mapping[str, float]) -> None:
    assert {name: getattr(ours, name) for name in NAMES} == pytest.approx(
        {name: float(theirs[key]) for name, key in NAMES.items()}, abs=1e-6
    )


def test_trackeval_agrees_on_degenerate_input(case: str) -> None:
    truth, result = CASES[case]
    assert_same(score({"a": truth}, {"a": result}).cameras["a"], trackeval_scores(truth, result))


@pytest.mark.parametrize("seed", SEEDS)
def test_trackeval_agrees_on_random_input(seed: int) -> None:
    rng = np.random.default_rng(seed)
    crowd = float(rng.choice([15.0, 40.0, 120.0]))
    truth, result = random_camera(rng, frames=25, people=int(rng.integers(1, 9)), spread=crowd)
    assert_same(score({"a": truth}, {"a": result}).cameras["a"], trackeval_scores(truth, result))


def test_trackeval_agrees_on_real_tracks_per_camera_and_with_local_ids() -> None:
    truth = demo(range(100, 400))
    result = spoil(truth, np.random.default_rng(1))
    scores = score(truth, result)
    for name, row in scores.cameras.items():
        assert_same(row, trackeval_scores(truth[name], result[name]))
    sides = [concatenated(side, FRAMES, local_ids=True) for side in (truth, result)]
    assert_same(scores.local_ids, trackeval_scores(*sides))


def assert_same_over_cameras(
    truth: dict[str, TrackTable], result: dict[str, TrackTable], frames: int
) -> None:
    """Global ids against TrackEval on one long sequence, which differs in one thing: it knows no cameras.

    To it the last frame of one camera is the frame before the next camera's first, and entering a camera
    resumes a track. So a passer-by whom the result misses walks through a frame between cameras, to make it
    forget the frame before, and entrances are taken off its fragmentations.
    """
    ours = score(truth, result)
    one, other = concatenated(truth, frames), concatenated(result, frames)
    assert_same(ours.global_ids, {**trackeval_scores(one, other), "Frag": ours.global_ids.fragmentations})
    pauses = [(frames + 1) * index for index in range(1, len(truth))]
    corners = np.zeros((len(pauses), 2))
    one = joined(one, table(pauses, [9000] * len(pauses), np.hstack([corners, corners + 20])))
    other = joined(other, table(pauses, [9001] * len(pauses), np.hstack([corners + 5000, corners + 5020])))
    theirs = trackeval_scores(one, other)
    found = [person.main or person.others for person in ours.people]
    places = [
        {
            name
            for cover in (*person.others, *([person.main] if person.main else []))
            for name in cover.cameras
        }
        for person in ours.people
    ]
    entrances = sum(len(names) for names in places) - sum(1 for some in found if some)
    assert theirs["Frag"] == ours.global_ids.fragmentations + entrances
    assert theirs["IDSW"] == ours.global_ids.switches


def test_trackeval_agrees_on_real_tracks_with_global_ids() -> None:
    truth = demo(range(150, 350))
    assert_same_over_cameras(truth, spoil(truth, np.random.default_rng(2)), FRAMES)


@pytest.mark.parametrize("seed", range(10))
def test_trackeval_agrees_on_random_sites_with_global_ids(seed: int) -> None:
    assert_same_over_cameras(*random_site(np.random.default_rng(seed)), 12)


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
