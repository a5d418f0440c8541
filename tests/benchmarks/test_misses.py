"""Who counts as missed, what is shown of it, and which queries are the worst."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from reid.datasets.crops import named
from reid.types import Detections
from tests.benchmarks import misses, misses_encoder
from tests.benchmarks.labelled_scenes import Shot
from tests.benchmarks.misses_detector import TILE, cut, diverse, false_tile, made_up, missed, missed_tile
from tests.benchmarks.sheets import Tile, save, sheet


def shot(*people: Sequence[float], name: str = "cam1 1", time_s: float | None = 0.0) -> Shot:
    return Shot(
        name=name,
        load=lambda: np.full((200, 300, 3), 90, np.uint8),
        people=np.asarray(people, np.float32).reshape(-1, 4),
        time_s=time_s,
        ids=tuple(range(1, 1 + len(people))) if time_s is not None else (),
        visibilities=(0.75,) * len(people) if time_s is not None else (),
    )


def found(*rows: tuple[float, Sequence[float]]) -> Detections:
    boxes = np.asarray([box for _, box in rows], np.float32).reshape(-1, 4)
    return Detections(boxes=boxes, scores=np.array([score for score, _ in rows], np.float32))


A, B, LOW = (10, 10, 50, 110), (150, 10, 190, 110), (250, 10, 270, 45)


def test_who_is_missed() -> None:
    seen = found((0.9, A), (0.2, B), (0.05, (150, 10, 190, 60)))
    (one,) = missed(shot(A, B, LOW), seen, min_height=40)
    assert (one.person, one.visibility, one.weight) == (2, 0.75, 100)
    assert (one.score, one.overlap, one.taken) == (pytest.approx(0.2), 1.0, False)
    assert missed_tile(one).lines == ("100 px high, visible 75 %", "box 0.20, IoU 1.00", "cam1, frame 1")


def test_a_neighbours_box_is_called_so() -> None:
    behind = (20, 10, 60, 110)
    (one,) = missed(shot(A, behind), found((0.9, A)), min_height=40)
    assert (one.person, one.taken) == (2, True)
    assert missed_tile(one).lines[1] == "neighbour's box 0.90, IoU 0.60"
    (alone,) = missed(shot(A), found(), min_height=40)
    assert (alone.score, missed_tile(alone).lines[1]) == (None, "no box overlaps")


def test_false_boxes() -> None:
    seen = found((0.9, A), (0.8, (12, 10, 52, 110)), (0.3, (200, 100, 240, 190)), (0.2, B))
    second, nobody = made_up(shot(A), seen)
    assert (second.taken, false_tile(second).lines[1]) == (True, "a second box, IoU 0.90")
    assert (nobody.overlap, false_tile(nobody).lines[:2]) == (0, ("confidence 0.30", "nobody there"))
    hidden = Shot(
        name="x", load=shot().load, people=np.zeros((0, 4), np.float32), ignored=np.array([A], np.float32)
    )
    assert made_up(hidden, found((0.9, A))) == []


def test_nobody_is_shown_twice_within_two_seconds() -> None:
    tall = (10, 10, 50, 120)
    times = {0.0: A, 1.9: tall, 2.0: A, 4.1: A}
    every = [one for at, box in times.items() for one in missed(shot(box, time_s=at), found(), min_height=40)]
    assert [one.shot.time_s for one in diverse(every, 10)] == [1.9, 4.1]
    assert len(diverse(every, 1)) == 1
    stills = [
        one for name in "xy" for one in missed(shot(A, B, name=name, time_s=None), found(), min_height=40)
    ]
    assert [one.shot.name for one in diverse(stills, 10)] == ["x", "y"]


def test_a_false_box_at_one_place_is_shown_once() -> None:
    every = [
        one
        for at, camera, box in ((0.0, "cam1", A), (1.0, "cam1", A), (1.0, "cam2", A), (1.0, "cam1", B))
        for one in made_up(shot(name=f"{camera} 1", time_s=at), found((0.5, box)))
    ]
    assert len(diverse(every, 10)) == 3


@pytest.mark.parametrize("box", [A, B, (0, 0, 300, 200), (290, 190, 300, 200)])
def test_a_cut_lies_within_the_image(box: tuple[int, ...]) -> None:
    part = cut(shot().load(), np.asarray(box, np.float32), [(np.asarray(box, np.float32), (0, 220, 255))])
    assert part.shape[0] == TILE[1]
    assert part.shape[1] > 0


def test_a_sheet_is_small_enough(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = [
        Tile(image=rng.integers(0, 256, (24, 24, 3), dtype=np.uint8), lines=("a", "b")) for _ in range(6)
    ]
    drawn = sheet(["noise"], [noise[:3], noise[3:]], tile=(24, 24))
    whole = save(drawn, tmp_path / "whole.png")
    small = save(drawn, tmp_path / "small.png", most_bytes=whole // 2)
    assert small <= whole // 2
    assert small == (tmp_path / "small.png").stat().st_size
    with pytest.raises(ValueError, match="draw fewer"):
        save(drawn, tmp_path / "tiny.png", most_bytes=100)


def test_a_query_is_searched_in_the_other_cameras() -> None:
    angles = np.deg2rad([0, 1, 10, 80, 20])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    persons, cameras = np.array([0, 1, 0, 1, 2]), np.array([0, 0, 1, 1, 1])
    by_query = {one.query: one for one in misses_encoder.retrieved(vectors, persons, cameras)}
    assert sorted(by_query) == [0, 1, 2, 3]  # person 2 is in one camera only
    second = by_query[1]
    assert (second.answers.tolist(), second.first, second.first_answer) == ([2, 4, 3], 3, 3)
    assert second.ap == pytest.approx(1 / 3)
    assert second.first_distance == pytest.approx(1 - np.cos(np.deg2rad(79)), abs=1e-6)
    assert [one.query for one in misses_encoder.worst(list(by_query.values()), persons, 2)] == [1, 2]


def test_people_are_chosen_by_their_numbers_in_the_names(tmp_path: Path) -> None:
    for number in (3, 4, 5):
        cv2.imwrite(str(tmp_path / f"{number:04d}_c1s1_000001_00.jpg"), np.zeros((8, 4, 3), np.uint8))
    split = misses_encoder.chosen_people(named(tmp_path), 4, 5)
    assert [path.name[:4] for path in split.paths] == ["0004", "0005"]
    with pytest.raises(SystemExit):
        misses.main(["encoder", "--encoder", "x", "--crops", "y", "--people", "5:4", "--output", "z"])
