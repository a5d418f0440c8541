"""Files that run code when they are loaded: no command and no call runs it, whatever the environment says."""

import io
import json
import pickle
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from pipelines.cli.main import main
from reid.camera_config import DetectorConfig, EncoderConfig
from reid.detection.state import is_detector
from reid.detection.training_config import DetectorTrainConfig
from reid.detection.training_run import train
from reid.detection.yolo import YoloDetector
from reid.embedding.build import build_encoder
from reid.errors import InputError
from reid.outputs.artefact import ArtefactError, load_tracklets
from reid.training.state import read_state
from tests.detection.rendered import people

CLIP = Path(__file__).parents[1] / "cases" / "next-segment.mp4"
MARK = "foreign-code-ran"


class Evil:
    """Leaves its mark in the working folder when it is loaded."""

    def __reduce__(self) -> Any:
        return (Path.touch, (Path(MARK),))


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who loads unsafely, who imported ultralytics before reid."""
    from ultralytics.nn import tasks

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ULTRALYTICS_SAFE_LOAD", "0")
    monkeypatch.setattr(tasks, "SAFE_LOAD", False)


@pytest.fixture
def unharmed(tmp_path: Path) -> Callable[[], bool]:
    return lambda: not (tmp_path / MARK).exists()


def evil(name: str, *, zipped: bool = True) -> Path:
    """A file that looks like ultralytics' checkpoints and like encoders'."""
    path = Path(name).absolute()
    if zipped:
        torch.save({"model": Evil(), "state_dict": Evil()}, path)
    else:
        path.write_bytes(pickle.dumps({"model": Evil()}, protocol=2))
    return path


def test_the_mark_is_left_by_whoever_loads_it(unharmed: Callable[[], bool]) -> None:
    torch.load(evil("a.pt"), weights_only=False)
    assert not unharmed()


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("name", ["a.pt", "a.onnx", "a"])
def test_a_detector(name: str, zipped: bool, unharmed: Callable[[], bool]) -> None:
    path = evil(name, zipped=zipped)
    for backend in ("native", "openvino"):
        with pytest.raises(InputError, match=rf"{path}: refused, .* could run code when loaded; export it"):
            YoloDetector(DetectorConfig(weights=path, device="cpu", backend=backend))  # type: ignore[arg-type]
    assert unharmed()


@pytest.mark.parametrize("name", ["a.pth", "a.pt", "model.pth.tar-60", "a.onnx"])
def test_an_encoder(name: str, unharmed: Callable[[], bool]) -> None:
    for zipped in (True, False):
        with pytest.raises(InputError, match=r"refused.*could run code"):
            build_encoder(EncoderConfig(weights=evil(name, zipped=zipped), device="cpu"))
    assert unharmed()


def images() -> Path:
    folder = Path("crops")
    folder.mkdir(exist_ok=True)
    for person in range(1, 7):
        for number in range(4):
            noise = np.random.default_rng(number).integers(0, 256, (64, 32, 3), dtype=np.uint8)
            cv2.imwrite(str(folder / f"{person:04d}_c{number % 2 + 1}s1_{number:06d}_00.jpg"), noise)
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ["video", str(CLIP), "--encoder", "EVIL"],
        pytest.param(["benchmark", "folder", "--root", "BENCH", "--encoder", "EVIL"], marks=pytest.mark.slow),
        ["calibrate", "CROPS", "--encoder", "EVIL"],
        pytest.param(["quantise", "EVIL", "CROPS", "small.xml"], marks=pytest.mark.slow),
        ["weights", "add", "EVIL", "evil"],
        pytest.param(
            ["train", "CROPS", "--start-from", "EVIL", "--output", "out", "--device", "cpu"],
            marks=pytest.mark.slow,
        ),
        pytest.param(
            ["train-detector", "PEOPLE", "--start-from", "EVIL", "--output", "out", "--device", "cpu"],
            marks=pytest.mark.slow,
        ),
    ],
)
def test_commands(words: list[str], capsys: pytest.CaptureFixture[str], unharmed: Callable[[], bool]) -> None:
    path = evil("evil.pth")
    given = {"EVIL": str(path)}
    if "CROPS" in words:
        given["CROPS"] = str(images())
    if "BENCH" in words:
        given["BENCH"] = "bench"
        for part in ("query", "gallery"):
            shutil.copytree(images(), Path("bench") / part)
    if "PEOPLE" in words:
        given["PEOPLE"] = str(people(Path("people")))
    assert main([given.get(word, word) for word in words]) == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert "could run code when loaded" in last
    assert "evil.pth" in last
    assert unharmed()


def test_a_detectors_training_that_goes_on(unharmed: Callable[[], bool]) -> None:
    """Its state is ultralytics' own, with the whole network pickled in it."""
    (Path("out") / "weights").mkdir(parents=True)
    evil("out/weights/last.pt")
    with pytest.raises(InputError, match=r"last\.pt: refused, because it is damaged or could run code"):
        train(DetectorTrainConfig(device="cpu"), Path("d.yaml"), Path("out"), {}, None)  # type: ignore[arg-type]
    assert unharmed()


def test_states_and_arrays(unharmed: Callable[[], bool]) -> None:
    path = evil("state.pt")
    with pytest.raises(InputError, match="damaged"):
        read_state(path)
    assert not is_detector(path)
    content = io.BytesIO()
    np.save(content, np.array([Evil()], dtype=object), allow_pickle=True)
    with zipfile.ZipFile("camera.npz", "w") as archive:
        archive.writestr("header.npy", content.getvalue())
    with pytest.raises(ArtefactError):
        load_tracklets(Path("camera.npz"))
    assert unharmed()


@pytest.mark.slow
def test_a_job_in_processes(tmp_path: Path, unharmed: Callable[[], bool]) -> None:
    words = ["video", str(CLIP), "--detector", str(evil("evil.pt")), "--output", "out", "--device", "cpu"]
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "evil.pt: refused, because it is damaged, or holds other things" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert unharmed()


@pytest.mark.slow
def test_a_program_that_uses_the_library(tmp_path: Path, unharmed: Callable[[], bool]) -> None:
    evil("evil.pt")
    program = """
import os, json
os.environ["ULTRALYTICS_SAFE_LOAD"] = "false"
import ultralytics.nn.tasks
from pathlib import Path
from reid.camera_config import DetectorConfig
from reid.detection.yolo import YoloDetector
from reid.errors import InputError
try:
    YoloDetector(DetectorConfig(weights=Path("evil.pt"), device="cpu"))
except InputError as error:
    print(json.dumps(str(error)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "evil.pt: refused" in json.loads(done.stdout.splitlines()[-1])
    assert unharmed()
