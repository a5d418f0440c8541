"""The oracle of review finds the wrong link of a small recording, and its report says what that was worth."""

import json
from pathlib import Path

import pytest

from reid.outputs.artefact import ArtefactWriter
from reid.outputs.folder import ResultsFolder
from tests.benchmarks import review_answers
from tests.review.site import between, seen
from tests.tracklets import ENCODER


@pytest.mark.slow
def test_review_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people = {  # true people, of whom the first is seen twice and looks so unlike that linking finds two
        "lobby": {1: seen("lobby", 1, 0), 2: seen("lobby", 2, 1)},
        "yard": {1: between(seen("yard", 3, 0, start=100), 2, 0.57), 2: seen("yard", 4, 1, start=200)},
    }
    root, truth = tmp_path / "results", tmp_path / "truth"
    truth.mkdir()
    for camera, own in people.items():
        path = ResultsFolder(root).camera(camera)
        path.parent.mkdir(parents=True, exist_ok=True)
        with ArtefactWriter(path) as writer:
            for one in own.values():
                writer.append(one)
            writer.finish({"frames": list(range(300)), "times_s": [frame / 10 for frame in range(300)]})
        lines = [
            f"{frame + 1},{who},{left},{top},{right - left},{bottom - top},1,1,1"
            for who, one in own.items()
            for frame, (left, top, right, bottom) in zip(one.frames.tolist(), one.boxes.tolist(), strict=True)
        ]
        (truth / f"{camera}_gt.txt").write_text("\n".join(lines) + "\n")
    run = {"encoder_id": ENCODER, "cameras": {camera: {} for camera in people}, "config": {"linking": {}}}
    (root / "run.json").write_text(json.dumps(run))
    output = tmp_path / "answers.json"
    words = [str(root), "--truth", str(truth), "--random", "1", "--output", str(output)]
    assert review_answers.main(words) == 0
    (report,) = json.loads(output.read_text())
    assert (report["people"], report["tracklets"], report["ceiling_idf1"]) == (2, 4, 1.0)
    queue = report["queue"]
    assert queue["idf1"]["0"] == pytest.approx(0.75), "60 of the 240 boxes have an id that is nobody's"
    assert queue["idf1"]["10"] == 1.0
    assert 1 <= queue["needed_each"][0] <= 2
    assert report["asked"][0]["worth"] == max(one["worth"] for one in report["asked"])
    assert len(report["random"]["curves"]) == 1
    assert "random, all" in capsys.readouterr().out
