"""The ceiling of global IDF1, as `reid evaluate` prints and writes it."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from pipelines.cli.main import main
from reid.evaluation.mot import TrackTable, table, write_mot
from reid.types import Embeddings, Tracklet
from tests.evaluation import reference
from tests.evaluation.worlds import random_camera
from tests.outputs.scenes import save_tracklets

HERE, THERE = (0.0, 0.0, 20.0, 40.0), (300.0, 0.0, 320.0, 40.0)
STEP_S = 10.0  # between frames: no gap is short enough to be filled


def boxes(*rows: tuple[int, int, tuple[float, ...]]) -> TrackTable:
    """(frame from 1, id, box) each."""
    frames, ids, places = zip(*rows, strict=True) if rows else ((), (), ())
    return table(frames, ids, places)


def tracklets(camera: str, own: TrackTable, step_s: float) -> list[Tracklet]:
    """Each id is a tracklet; the first rows of a frame are the surest."""
    found = []
    for track in sorted(set(own.ids.tolist())):
        rows = np.flatnonzero(own.ids == track)
        part = own.select(rows[np.argsort(own.frames[rows], kind="stable")])
        found.append(
            Tracklet(
                camera_id=camera,
                track_id=track,
                tracker_id=track,
                frames=(part.frames - 1).astype(np.int32),
                times_s=(part.frames - 1) * step_s,
                boxes=part.boxes,
                scores=part.confidences,
                embeddings=Embeddings(vectors=np.eye(1, 4, dtype=np.float32), encoder_id="e"),
                moments_s=np.zeros(1),
                qualities=np.ones(1, dtype=np.float32),
                crops=(b"jpeg",),
            )
        )
    return found


def folder(
    root: Path,
    truth: Mapping[str, TrackTable],
    own: Mapping[str, TrackTable],
    *,
    linked: Mapping[str, TrackTable] | None = None,
    step_s: float = STEP_S,
) -> Path:
    """A results folder of cameras whose tracklets are the ids of `own`, linked as `linked` (or not at all)."""
    for name in ("results/tracks", "results/cameras", "truth"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for name, true in truth.items():
        write_mot(root / "truth" / f"{name}.txt", true)
        write_mot(root / "results" / "tracks" / f"{name}.txt", (linked or own)[name])
        last = max([1, *true.frames.tolist(), *own[name].frames.tolist()])
        meta = {"frames": list(range(last)), "times_s": [step_s * frame for frame in range(last)]}
        save_tracklets(root / "results" / "cameras" / f"{name}.npz", tracklets(name, own[name], step_s), meta)
    return root / "results"


def scores(results: Path) -> dict[str, dict[str, float]]:
    assert main(["evaluate", str(results), "--truth", str(results.parent / "truth"), "--quiet"]) == 0
    return json.loads((results / "scores.json").read_text())


@pytest.mark.parametrize("seed", range(8))
def test_the_slow_reference_agrees(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, result = random_camera(rng, people=3, spread=float(rng.choice([25.0, 60.0])))
    # each id falls into pieces, as tracks do; two pieces of an id never share a frame, those of two people may
    pieces = table(
        result.frames, result.ids * 10 + result.frames // 5, result.boxes, confidences=1 - 0.005 * result.ids
    )
    pieces = pieces.select(np.lexsort((pieces.ids, pieces.frames)))
    found = scores(folder(tmp_path, {"a": truth}, {"a": pieces}))
    assert found["ceiling"]["idf1"] == pytest.approx(reference.ceiling(truth, pieces))
    assert found["ceiling"]["reached"] == pytest.approx(
        found["global_ids"]["idf1"] / found["ceiling"]["idf1"]
    )


def test_two_cameras_linked_by_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Person 1 is in both: perfect linking calls both tracklets alike, the results do not."""
    truth = {name: boxes(*((frame, 1, HERE) for frame in range(1, 11))) for name in ("a", "b")}
    own = {
        name: boxes(*((frame, track, HERE) for frame in range(1, 11))) for name, track in (("a", 4), ("b", 9))
    }
    found = scores(folder(tmp_path, truth, own))
    assert (found["global_ids"]["idf1"], found["ceiling"]["idf1"]) == (0.5, 1)
    assert (found["ceiling"]["reached"], found["ceiling"]["result_ids"]) == (0.5, 1)
    printed = capsys.readouterr().out
    assert "global IDF1 50.0 of a ceiling of 100.0 (every tracklet given the true person" in printed
    assert "linking reaches 0.500 of it" in printed
    assert "all, perfect linking" in printed


def test_a_tracklet_over_two_people_is_the_one_that_it_covers_longer(tmp_path: Path) -> None:
    truth = boxes(
        *((frame, 1, HERE) for frame in range(1, 7)), *((frame, 2, THERE) for frame in range(7, 11))
    )
    own = boxes(*((frame, 5, HERE if frame < 7 else THERE) for frame in range(1, 11)))
    assert scores(folder(tmp_path, {"a": truth}, {"a": own}))["ceiling"]["idf1"] == pytest.approx(0.6)


def test_tracklets_without_a_person_stay_alone(tmp_path: Path) -> None:
    """Tracks 2 and 3 cover nothing; were both one person, or person 1, there would be fewer ids."""
    truth = boxes(*((frame, 1, HERE) for frame in range(1, 5)))
    own = boxes(*((frame, 1, HERE) for frame in range(1, 5)), (1, 2, THERE), (3, 3, THERE))
    best = scores(folder(tmp_path, {"a": truth}, {"a": own}))["ceiling"]
    assert (best["result_ids"], best["false_positives"]) == (3, 2)
    assert best["idf1"] == pytest.approx(2 * 4 / (4 + 6))


def test_gaps_that_perfect_linking_closes_are_filled(tmp_path: Path) -> None:
    """Two pieces of person 1, three frames apart: linked by nobody they stay apart, linked they are one track."""
    truth = boxes(*((frame, 1, HERE) for frame in range(1, 11)))
    own = boxes(*((frame, 1 if frame < 5 else 2, HERE) for frame in (1, 2, 3, 4, 8, 9, 10)))
    found = scores(folder(tmp_path, {"a": truth}, {"a": own}, step_s=0.1))
    assert (found["ceiling"]["idf1"], found["ceiling"]["result_boxes"]) == (1, 10)
    assert found["global_ids"]["idf1"] == pytest.approx(2 * 4 / 17)


def test_nothing_was_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = boxes((1, 1, HERE))
    found = scores(folder(tmp_path, {"a": truth}, {"a": boxes()}))
    assert (found["ceiling"]["idf1"], found["ceiling"]["reached"]) == (0, None)
    assert "IDF1 0.0 of a ceiling of 0.0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda path: path.unlink(), "a.npz is not there"),
        (lambda path: path.write_bytes(b"PK"), "a.npz is not a finished camera"),
    ],
)
def test_tracklets_that_are_not_there_cost_the_ceiling_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: object, complaint: str
) -> None:
    results = folder(tmp_path, {"a": boxes((1, 1, HERE))}, {"a": boxes((1, 1, HERE))})
    assert callable(damage)
    damage(results / "cameras" / "a.npz")
    found = scores(results)
    assert (found["ceiling"], found["global_ids"]["idf1"]) == (None, 1)
    assert complaint in capsys.readouterr().err
