"""`reid train-detector` from images to files that `reid video` takes."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pipelines.cli.main import main, parse
from pipelines.settings.loading import load
from reid.camera_config import DetectorConfig
from reid.detection.state import load_model
from reid.detection.training import PersonModel
from reid.detection.training_config import DetectorTrainConfig
from reid.detection.yolo import YoloDetector
from reid.efficientnet_lite import efficientnet_lite0_parts
from tests.detection.rendered import people

ROOT = Path(__file__).parents[2]
SMALL = (
    *("--image-size", "160", "--window", "128", "--batch", "4", "--no-freeze"),
    *("--device", "cpu", "--threads", "1"),
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return people(tmp_path_factory.mktemp("people"))


@pytest.fixture(scope="module")
def trained(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished training."""
    output = tmp_path_factory.mktemp("training") / "out"
    words = ["train-detector", str(dataset), "--output", str(output), "--epochs", "2", "--quiet"]
    assert main([*words, *SMALL]) == 0
    return output


@pytest.mark.slow
def test_everything_that_is_promised_lies_there(trained: Path) -> None:
    names = {path.name for path in trained.iterdir()}
    assert {"detector.pth", "detector.onnx", "detector.json", "results.csv", "training.json"} <= names
    content = torch.load(trained / "detector.pth", weights_only=True)
    assert (content["format"], content["architecture"], content["image_size"]) == (1, "person", 160)
    floats = [value for value in content["state_dict"].values() if value.is_floating_point()]
    assert {value.dtype for value in floats} == {torch.float32}
    assert content["state_dict"].keys() == PersonModel().state_dict().keys()
    figures = json.loads((trained / "detector.json").read_text(encoding="utf-8"))
    assert [one["epoch"] for one in figures["epochs"]] == [1, 2]
    assert figures["best"]["epoch"] == content["epochs"]
    assert figures["data"]["train"]["images"] == 9
    assert figures["seconds"] > 0
    assert all(min(one["losses"].values()) > 0 for one in figures["epochs"])
    rows = list(csv.DictReader((trained / "results.csv").open(encoding="utf-8")))
    assert [float(row["metrics/mAP50(B)"]) for row in rows] == [
        pytest.approx(one["map50"], abs=1e-4) for one in figures["epochs"]
    ]


@pytest.mark.slow
def test_the_onnx_file_is_a_detector_and_says_what_the_network_says(trained: Path) -> None:
    detector = YoloDetector(DetectorConfig(weights=trained / "detector.onnx", image_size=160, device="cpu"))
    images = [np.full((90, 160, 3), level, dtype=np.uint8) for level in (20, 220)]
    assert len(detector.detect(images)) == 2
    backend = detector._model.predictor.model
    assert backend.dynamic
    assert (backend.stride, backend.names) == (32, {0: "person"})
    batch = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = load_model(trained / "detector.pth")(batch)[0]
    got = torch.as_tensor(backend(batch))
    assert got.shape == expected.shape == (2, 5, 8 * 12 + 4 * 6 + 2 * 3)
    torch.testing.assert_close(got, expected, atol=0.05, rtol=1e-3)  # weights are of half precision


@pytest.mark.slow
def test_a_finished_training_is_not_trained_again(
    dataset: Path, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (trained / "detector.pth").read_bytes()
    words = ["train-detector", str(dataset), "--output", str(trained), *SMALL]
    assert main([*words, "--epochs", "2"]) == 0
    told = capsys.readouterr()
    assert "epoch" not in told.err
    assert re.search(r"best mAP50 +[\d.]+%", told.out)
    assert str(trained / "detector.onnx") in told.out
    assert (trained / "detector.pth").read_bytes() == before
    assert main([*words, "--epochs", "3"]) == 2
    assert "holds a training with other settings or images; name another folder" in capsys.readouterr().err


@pytest.mark.slow
def test_a_stopped_training_goes_on(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SIGTERM after the first epoch is over: exit code and sentence of `reid train`, then the rest of the epochs."""
    output = tmp_path / "out"
    words = ["train-detector", str(dataset), "--output", str(output), "--epochs", "4", *SMALL]
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", *words],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 120
    while not (output / "weights" / "last.pt").is_file() and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    out, said = process.communicate(timeout=60)
    assert process.returncode == 143, said
    assert out == ""  # nothing of ultralytics'
    assert "stopping after this step; the same command goes on from the last epoch" in said
    done = json.loads((output / "detector.json").read_text(encoding="utf-8"))["epochs"]
    assert 1 <= len(done) < 4
    assert main(words) == 0
    told = capsys.readouterr().err
    assert f"going on in epoch {len(done) + 1}" in told
    history = json.loads((output / "detector.json").read_text(encoding="utf-8"))["epochs"]
    assert [one["epoch"] for one in history] == [1, 2, 3, 4]
    assert history[: len(done)] == done
    assert not (output / "weights").exists()


@pytest.mark.slow
def test_from_imagenet_to_a_detector_to_the_next(dataset: Path, tmp_path: Path) -> None:
    """Frozen layers stay as they were, the others learn; a detector is where the next training starts."""
    torch.manual_seed(0)
    published = nn.ModuleDict(efficientnet_lite0_parts(2)).state_dict()
    torch.save(published, tmp_path / "imagenet.pth")
    words = ["train-detector", str(dataset), "--epochs", "1", "--quiet", *SMALL, "--freeze"]
    first, second = tmp_path / "first", tmp_path / "second"
    assert main([*words, "--output", str(first), "--start-from", str(tmp_path / "imagenet.pth")]) == 0
    state = torch.load(first / "detector.pth", weights_only=True)["state_dict"]
    kept = ("_conv_stem.weight", "_blocks.2._project_conv.weight", "_blocks.2._bn2.running_mean")
    for key in kept:
        torch.testing.assert_close(state[f"model.0.{key}"], published[key])
    assert not torch.equal(
        state["model.0._blocks.3._project_conv.weight"], published["_blocks.3._project_conv.weight"]
    )
    more = ["--output", str(second), "--start-from", str(first / "detector.pth"), "--learning-rate", "1e-9"]
    assert main([*words, *more]) == 0
    after = torch.load(second / "detector.pth", weights_only=True)["state_dict"]
    for key in state:
        if key.endswith("weight"):
            torch.testing.assert_close(after[key], state[key], atol=1e-6, rtol=1e-6)


def test_configs_and_print_config() -> None:
    printed = parse(["train-detector", "--print-config"])
    assert (ROOT / "configs" / "train-detector.yaml").read_text(encoding="utf-8") == f"{printed}\n"
    parts = {path.stem: path for path in (ROOT / "configs" / "train-detector").glob("*.yaml")}
    assert load(DetectorTrainConfig, parts["person"]) == DetectorTrainConfig()
    full = load(DetectorTrainConfig, parts["person-full-size"])
    assert (full.image_size, full.window, full.epochs, full.quantise) == (640, 512, 2, True)
    for path in parts.values():
        assert f"--config configs/train-detector/{path.name}" in path.read_text(encoding="utf-8")
