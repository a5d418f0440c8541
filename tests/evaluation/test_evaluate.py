"""The job `evaluate`: folders in, tables and scores.json out, and a sentence for whatever does not fit."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipelines import evaluate
from pipelines.runtime.progress import reporter
from reid.errors import InputError
from reid.evaluation.mot import read_mot, write_mot
from tests.evaluation.worlds import CAMERAS, DEMO, demo, spoil


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A finished run on the demo that went half wrong."""
    folder = tmp_path / "results"
    (folder / "tracks").mkdir(parents=True)
    for name, tracks in spoil(demo(), np.random.default_rng(0)).items():
        write_mot(folder / "tracks" / f"{name}.txt", tracks)
    return folder


def run(results: Path, truth: Path, *, output: Path | None = None) -> int:
    return evaluate.run(results, truth, reporter(), output=output)


def scores_of(results: Path) -> dict[str, dict[str, float]]:
    return json.loads((results / "scores.json").read_text())


def test_prints_all_three_views_and_writes_them(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(results, DEMO) == 0
    printed = capsys.readouterr().out
    for word in (
        *CAMERAS,
        "all, ids per camera",
        "all, global ids",
        "IDF1",
        "AssA",
        "IDsw",
        "Frag",
        "missed",
    ):
        assert word in printed
    assert f"scores: {results / 'scores.json'}" in printed
    scores = scores_of(results)
    assert list(scores["cameras"]) == list(CAMERAS)
    assert 0.3 < scores["global_ids"]["idf1"] < scores["local_ids"]["idf1"] < 1
    assert f"{100 * scores['global_ids']['idf1']:.1f}" in printed
    assert scores["iou"] == 0.5


@pytest.mark.parametrize("place", ["{}.txt", "{}_gt.txt", "{}/gt/gt.txt"])
def test_truth_lies_in_any_of_three_places(results: Path, tmp_path: Path, place: str) -> None:
    truth = tmp_path / "truth"
    for name in CAMERAS:
        path = truth / place.format(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(DEMO / f"{name}_gt.txt", path)
    run(results, DEMO)
    expected = scores_of(results)["global_ids"]
    run(results, truth)
    assert scores_of(results)["global_ids"] == expected


def test_output_is_a_folder_or_a_file(results: Path, tmp_path: Path) -> None:
    run(results, DEMO, output=tmp_path / "new")
    run(results, DEMO, output=tmp_path / "new" / "mine.json")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["mine.json", "scores.json"]
    assert not (results / "scores.json").exists()


def test_frames_that_were_not_processed_are_not_missed(results: Path) -> None:
    seen = list(range(1, 541, 3))
    for name, tracks in demo().items():
        write_mot(results / "tracks" / f"{name}.txt", tracks.select(np.isin(tracks.frames, seen)))
    run(results, DEMO)
    assert scores_of(results)["global_ids"]["idr"] < 0.4
    cameras = {name: {"processed_frames": seen} for name in CAMERAS}
    (results / "run.json").write_text(json.dumps({"cameras": cameras}))
    run(results, DEMO)
    scores = scores_of(results)
    assert (scores["global_ids"]["idf1"], scores["global_ids"]["misses"]) == (1, 0)
    assert (
        scores["cameras"]["cam1"]["truth_boxes"] == np.isin(read_mot(DEMO / "cam1_gt.txt").frames, seen).sum()
    )


def test_run_json_without_frames_means_all(results: Path) -> None:
    run(results, DEMO)
    before = scores_of(results)
    for content in ({}, {"cameras": {"cam1": {}, "cam2": {"processed_frames": None}}}):
        (results / "run.json").write_text(json.dumps(content))
        run(results, DEMO)
        assert scores_of(results) == before


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        (
            '{"cameras": {"cam1": {"processed_frames": 12}}}',
            "cameras.cam1.processed_frames is 12, expected null",
        ),
        (
            '{"cameras": {"cam1": {"processed_frames": [0]}}}',
            "cameras.cam1.processed_frames is [0], expected null",
        ),
    ],
)
def test_bad_run_json_is_a_sentence(results: Path, content: str, complaint: str) -> None:
    (results / "run.json").write_text(content)
    with pytest.raises(InputError) as error:
        run(results, DEMO)
    assert str(results / "run.json") in str(error.value)
    assert complaint in str(error.value)


def test_truth_without_results_names_the_nearest(results: Path) -> None:
    (results / "tracks" / "cam2.txt").rename(results / "tracks" / "camera2.txt")
    (results / "tracks" / "cam3.txt").unlink()
    with pytest.raises(InputError, match=r"no results: cam2 \(did you mean camera2\?\); cam3; process them"):
        run(results, DEMO)


def test_results_without_truth_are_told_and_left_out(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(results / "tracks" / "cam1.txt", results / "tracks" / "cam9 [old].txt")
    run(results, DEMO)
    assert "cam9 [old] has results but no truth" in capsys.readouterr().err
    assert list(scores_of(results)["cameras"]) == list(CAMERAS)


def test_missing_folders_are_sentences(results: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere/tracks: no track file"):
        run(tmp_path / "nowhere", DEMO)
    with pytest.raises(InputError, match=r"nowhere: no such folder"):
        run(results, tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty: no truth there; expected <camera>\.txt"):
        run(results, tmp_path / "empty")


def test_output_that_cannot_be_written_is_a_sentence(results: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        run(results, DEMO, output=results / "tracks" / "cam1.txt" / "scores.json")
