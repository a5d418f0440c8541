"""What detectors.py counts, by hand; and that it writes what it promises. Its figures are not a test's business."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from reid.camera_config import DetectorConfig
from reid.errors import InputError
from reid.evaluation.mot import table as tracks
from reid.types import Detections, Image
from tests.benchmarks import detectors, head_points, labelled_scenes
from tests.benchmarks.detection_scores import (
    Curve,
    Found,
    agreed,
    at_confidence,
    at_precision,
    average_precision,
    curve,
    equal_precision,
    interval,
    joined,
    judge,
)
from tests.benchmarks.detector_tables import summary

NOBODY = np.zeros((0, 4), np.float32)


def boxes(*rows: Sequence[float]) -> np.ndarray:
    return np.asarray(rows, np.float32).reshape(-1, 4)


def found(*rows: tuple[float, Sequence[float]]) -> Detections:
    return Detections(
        boxes=boxes(*(box for _, box in rows)), scores=np.array([score for score, _ in rows], np.float32)
    )


def person(x: float, height: float = 100) -> list[float]:
    return [x, 0, x + 40, height]


def judged(some: Detections, people: np.ndarray, ignored: np.ndarray = NOBODY) -> list[tuple[float, bool]]:
    one = judge(some, people, ignored, min_height=60)
    return [(round(float(score), 2), bool(hit)) for score, hit in zip(one.scores, one.hits, strict=True)]


def counted(*rows: tuple[float, bool], people: int) -> Curve:
    scores, hits = zip(*rows, strict=True) if rows else ((), ())
    return curve(Found(scores=np.array(scores, np.float32), hits=np.array(hits, np.bool_), people=people))


def test_a_person_is_found_once_by_the_surest_box() -> None:
    some = found((0.5, person(0)), (0.9, person(4)), (0.7, person(200)))
    assert judged(some, boxes(person(0), person(200))) == [(0.5, False), (0.9, True), (0.7, True)]


def test_a_box_that_came_too_late_takes_another_person_it_matches() -> None:
    some = found((0.9, person(0)), (0.8, person(6)))  # IoU of the second: 34/46 with 0, 32/48 with 14
    assert judged(some, boxes(person(0), person(14))) == [(0.9, True), (0.8, True)]


def test_half_an_overlap_is_a_match_and_less_is_not() -> None:
    half = person(0, 200)
    assert judged(found((0.9, half)), boxes(person(0))) == [(0.9, True)]
    assert judged(found((0.9, person(0, 201))), boxes(person(0))) == [(0.9, False)]


def test_ignored_people_and_low_ones_count_neither_way() -> None:
    some = found((0.9, person(0)), (0.8, person(100, 50)), (0.7, person(200, 50)), (0.6, person(300)))
    people = boxes(person(100, 50), person(500))
    assert judged(some, people, boxes(person(0))) == [(0.6, False)]
    assert judge(some, people, NOBODY, min_height=60).people == 1
    assert judged(found((0.9, person(0))), boxes(person(0)), boxes(person(0))) == [(0.9, True)]


def test_nothing_and_nobody() -> None:
    assert judged(found(), boxes(person(0))) == []
    assert judged(found((0.9, person(0))), NOBODY) == [(0.9, False)]
    line = curve(joined([]))
    assert average_precision(line) == 0
    assert at_confidence(line, 0.1) is None


def test_precision_and_recall_by_hand() -> None:
    line = counted((0.7, True), (0.9, True), (0.8, False), people=4)
    assert line.precision.tolist() == pytest.approx([1, 1 / 2, 2 / 3])
    assert line.recall.tolist() == [0.25, 0.25, 0.5]
    assert average_precision(line) == pytest.approx(0.25 * 1 + 0.25 * 2 / 3)
    point = at_confidence(line, 0.8)
    assert point is not None
    assert (point.precision, point.recall) == (0.5, 0.25)


def test_equal_confidences_come_together() -> None:
    line = counted((0.5, True), (0.5, False), (0.4, True), people=2)
    assert line.confidences.tolist() == pytest.approx([0.5, 0.4])
    assert line.precision.tolist() == pytest.approx([1 / 2, 2 / 3])


def test_at_equal_precision_each_takes_its_best_threshold() -> None:
    reference = counted((0.9, True), (0.5, False), (0.3, True), (0.2, True), people=4)
    candidate = counted((0.8, True), (0.7, True), (0.1, False), people=4)
    equal = equal_precision(candidate, reference, 0.3)  # there: 2 of 3 boxes are right
    assert equal is not None
    assert equal["precision"] == pytest.approx(2 / 3)
    assert equal["recall"] == [0.5, 0.75]
    assert equal["ratio"] == pytest.approx(2 / 3)
    assert equal["confidence"] == pytest.approx([0.1, 0.2])
    assert equal_precision(candidate, reference, 0.95) is None


def test_who_is_never_so_precise_finds_nobody() -> None:
    reference, candidate = counted((0.9, True), people=2), counted((0.9, False), (0.8, True), people=2)
    equal = equal_precision(candidate, reference, 0.25)
    assert at_precision(candidate, 1.0) is None
    assert equal is not None
    assert (equal["recall"], equal["ratio"]) == ([None, 0.5], 0)


def test_the_interval_of_a_detector_with_itself() -> None:
    one = judge(found((0.9, person(0)), (0.5, person(200))), boxes(person(0)), NOBODY, min_height=60)

    def ratio(a: Curve, b: Curve) -> float | None:
        return (equal_precision(a, b, 0.25) or {}).get("ratio")

    assert interval([(one, one)] * 3, ratio, times=5) == [1, 1]


def test_agreed_boxes_are_those_that_both_have_and_nobody_labelled() -> None:
    a = found((0.9, person(0)), (0.8, person(200)), (0.7, person(400)), (0.1, person(600)))
    b = found((0.9, person(0)), (0.2, person(204)), (0.9, person(600)))
    assert agreed(a, b, known=boxes(person(0))).tolist() == [person(200), person(204)]


def test_a_head_is_found_in_the_upper_part_of_a_box() -> None:
    box = boxes([100, 100, 140, 200])
    places = [(120, 108), (120, 130), (120, 131), (97, 110), (95, 110), (120, 96), (120, 94)]
    near = head_points.nearness(box, np.array(places, np.float32))[0]
    assert (near > 0).tolist() == [True, True, False, True, False, True, False]
    assert near.argmax() == 0


def test_a_head_is_found_once() -> None:
    tall = head_points.Tallness(0, 100)
    some = found((0.6, [100, 100, 140, 200]), (0.9, [102, 100, 142, 200]), (0.5, [300, 100, 340, 200]))
    one = head_points.judge_heads(some, np.array([[120, 108]], np.float32), tall, min_height=60)
    assert (one.hits.tolist(), one.people) == ([False, True, False], 1)


def test_heads_of_low_people_count_neither_way() -> None:
    tall = head_points.Tallness(1, 0)  # a head at y = 50 is of a person of 50 px
    heads = np.array([[20, 50], [120, 100]], np.float32)
    some = found((0.9, [0, 45, 40, 110]), (0.8, [100, 95, 140, 195]))
    one = head_points.judge_heads(some, heads, tall, min_height=60)
    assert (one.scores.tolist(), one.people) == (pytest.approx([0.8]), 1)


def test_how_tall_people_are_is_a_line_that_outliers_leave_alone() -> None:
    tops = np.arange(0, 200, 10)
    rows = [(0.9, [50.0 * at, top, 50.0 * at + 30, top + 60 + 0.5 * top]) for at, top in enumerate(tops)]
    rows[3] = (0.9, [150, 30, 180, 400])
    heads = np.array([[50.0 * at + 15, top + 5] for at, top in enumerate(tops)], np.float32)
    line = head_points.fit_tallness([found(*rows)], [heads])
    assert (line.slope, line.at_0) == pytest.approx((0.5, 57.5), abs=1e-3)
    with pytest.raises(InputError, match="fewer than two"):
        head_points.fit_tallness([found()], [heads])


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Two folders with an image each, 200 x 100: one has somebody at (40, 10, 80, 90), and a bicycle."""
    for folder in ("a", "b"):
        (tmp_path / "images" / folder).mkdir(parents=True)
        (tmp_path / "labels" / folder).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / f"images/{folder}/1.png"), np.zeros((100, 200, 3), np.uint8))
    (tmp_path / "labels/a/1.txt").write_text("0 0.3 0.5 0.2 0.8\n1 0.5 0.5 0.1 0.1\n")
    (tmp_path / "list.txt").write_text("./images/a/1.png\nimages/b/1.png\n")
    (tmp_path / "ignore.json").write_text('{"images/b/1.png": [[0, 0, 40, 80, 0.3]]}')
    (tmp_path / "heads.json").write_text('{"images/a/1.png": [[60, 16]], "images/b/1.png": [[150, 20]]}')
    return tmp_path


def test_photographs(people: Path) -> None:
    scene = labelled_scenes.photographs(f"test={people / 'list.txt'}:{people / 'ignore.json'}")
    assert [shot.people.tolist() for shot in scene.shots] == [[pytest.approx([40, 10, 80, 90])], []]
    assert [shot.listed.tolist() for shot in scene.shots] == [[], [[0, 0, 40, 80]]]
    assert scene.shots[0].load().shape == (100, 200, 3)
    assert [part.name for part in labelled_scenes.by_folder(scene)] == ["test-a", "test-b"]


def test_scenes_that_cannot_be_read(people: Path) -> None:
    (people / "other.json").write_text('{"images/c/1.png": []}')
    with pytest.raises(InputError, match="names none"):
        labelled_scenes.photographs(f"test={people / 'list.txt'}:{people / 'other.json'}")
    with pytest.raises(InputError, match="NAME=LIST"):
        labelled_scenes.photographs(str(people / "list.txt"))
    with pytest.raises(InputError, match="no such list"):
        labelled_scenes.photographs("test=absent.txt")
    with pytest.raises(InputError, match="no head points"):
        labelled_scenes.head_points(f"test={people / 'list.txt'}:{people / 'other.json'}")


def test_hardly_visible_people_of_a_recording_are_ignored() -> None:
    truth = tracks(
        [3, 3, 3, 4],
        [1, 2, 5, 1],
        boxes(person(0), person(100), person(200), person(0)),
        confidences=[1, 1, 0, 1],
        visibilities=[0.5, 0.49, 1, 1],
    )
    shot = labelled_scenes._frame_of(truth, 3, np.zeros((9, 9, 3), np.uint8), 0.2, 0.5, "cam1")
    assert (shot.name, shot.ids, shot.time_s) == ("cam1 3", (1,), 0.2)
    assert shot.ignored.tolist() == [person(100), person(200)]


def test_who_is_timed_first_alternates() -> None:
    order: list[str] = []
    images = [np.zeros((2, 2, 3))] * 2
    spent = detectors.frame_times(images, [lambda _: order.append("a"), lambda _: order.append("b")])
    assert "".join(order) == "ab" + "ba" + "ab"
    assert [len(side) for side in spent] == [2, 2]


def test_speed_by_hand() -> None:
    spent = [[(0.010, 0.02), (0.030, 0.02), (0.020, 0.02)], [(0.020, 0.01), (0.020, 0.01), (0.020, 0.01)]]
    one = detectors.speed(spent)
    assert (one["frames"], one["median_ms"], one["cpu_median_ms"]) == (3, [20, 20], [20, 10])
    assert (one["median_ratio"], one["mean_ratio"]) == (1, pytest.approx(1))


class Planted:
    """A detector that sees the same two people in every image; one with another size sees one of them."""

    def __init__(self, config: DetectorConfig) -> None:
        self._both = config.image_size == 640

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        rows = [(0.9, [40, 10, 80, 90])] + ([(0.8, [130, 12, 170, 98])] if self._both else [])
        return [found(*rows) for _ in images]


def test_the_whole_program(
    people: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(detectors, "YoloDetector", Planted)
    monkeypatch.setattr(detectors, "as_product", lambda job, told: job(told))
    words = ["--detectors", "ours", "theirs", "--image-size", "320", "640", "--resamples", "3"]
    words += ["--scenes", f"test={people / 'list.txt'}:{people / 'ignore.json'}"]
    words += ["--heads", f"heads={people / 'list.txt'}:{people / 'heads.json'}"]
    assert detectors.main([*words, "--output", str(people / "out.json")]) == 0
    report = json.loads((people / "out.json").read_text())
    photographs, heads = (report["rules"]["none"]["scenes"][name] for name in ("test", "heads"))
    assert (photographs["images"], photographs["people"]) == (2, 1)
    equal = photographs["equal_precision"]["0.25"]
    assert (equal["precision"], equal["recall"], equal["ratio"]) == (0.25, [1, 1], 1)
    assert heads["people"] == 2
    assert heads["equal_precision"]["0.40"]["recall"] == [0.5, 1]
    assert report["rules"]["none"]["pooled"]["people"] == 1
    assert report["speed"]["all"]["frames"] == 4
    assert summary(report) in capsys.readouterr().out


def test_scenes_need_names_of_their_own(people: Path) -> None:
    told = argparse.Namespace(
        scenes=[f"a={people / 'list.txt'}"] * 2, heads=[], mot=[], every=1, by_folder=False
    )
    with pytest.raises(SystemExit, match="names of their own"):
        detectors.read_scenes(told)
