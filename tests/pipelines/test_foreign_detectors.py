"""`reid video` with detectors of others: who is found, which classes were taken, and what is said of nobody."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from pipelines.cli.main import main
from pipelines.recordings.camera_job import TrackedCamera
from pipelines.recordings.empty_cameras import empty_cameras
from reid.camera_config import DetectorConfig

CASES = Path(__file__).parents[1] / "cases"
CLIP = str(CASES / "next-segment.mp4")


def camera(people: int) -> TrackedCamera:
    report = {"people": people, "detector_classes": "person (0)"}
    frames = np.arange(20)
    return TrackedCamera(tracklets=[], frames=frames, times_s=frames / 10, report=report, resumed=False)


def test_only_empty_cameras_are_warned_of() -> None:
    (sentence,) = empty_cameras({"lobby": camera(1), "street": camera(0)}, DetectorConfig(confidence=0.3))
    assert sentence.startswith("street: no person was found in any of 20 frames; ")
    for part in ("(taken: person (0))", "--detector.confidence (0.3)", "--detector.image_size (640)"):
        assert part in sentence


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "people", "taken"),
    [
        (["pose.onnx"], 2, "person (0)"),
        (["visdrone.onnx"], 2, "pedestrian (0), people (1)"),
        (["visdrone.onnx", "--detector.classes", "people"], 1, "people (1)"),
        (["visdrone.onnx", "--detector.classes", "car"], 0, "car (2)"),
    ],
)
def test_who_is_found(
    words: list[str], people: int, taken: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    detector, *more = words
    given = ["--detector", str(CASES / detector), *more, "--device", "cpu", "--output", str(tmp_path / "out")]
    assert main(["video", CLIP, *given, "--no-video", "--fps", "5"]) == 0
    said = capsys.readouterr()
    assert f"next-segment: people are the detector's {taken}" in said.err
    run = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert run["detector_classes"] == taken
    boxes, frames = run["cameras"]["next-segment"]["people"], run["cameras"]["next-segment"]["frames"]
    assert boxes == people * frames
    empty = [sentence for sentence in run["warnings"] if "no person was found" in sentence]
    assert len(empty) == (people == 0)
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert ("no person was found in any of" in report) == (people == 0)
    assert bool(re.search(r"no person found in\s+next-segment", said.out)) == (people == 0)


@pytest.mark.slow
def test_what_gives_no_boxes_of_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, sentence in (
        (["grey-1-channel.pt"], "takes images of 1 channel"),
        (["visdrone.onnx", "--detector.classes", "rider"], "none of its 3 classes (0 pedestrian, 1 people"),
    ):
        detector, *more = words
        given = ["--detector", str(CASES / detector), *more, "--device", "cpu"]
        assert main(["video", CLIP, *given, "--output", str(tmp_path / detector)]) == 2
        assert sentence in capsys.readouterr().err.strip().splitlines()[-1]
