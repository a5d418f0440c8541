"""Jobs without --detector and --encoder: what ships runs, is checked, and is recorded by name."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.cli.command import Invocation
from pipelines.cli.main import main, parse
from pipelines.networks.chosen import as_recorded, with_weights
from reid.camera_config import EncoderConfig
from reid.config import VideoConfig
from reid.linking.calibration import load
from reid.shipped_weights import find
from tests.detection.conftest import Make
from tests.pipelines.test_bad_input import tiny_encoder
from tests.pipelines.test_benchmark import write_image
from tests.shared import shared
from tests.video.media import make_video
from tests.weights.shipping import flip, seal, ship

DETECTOR = {"name": "anything", "kind": "detector", "path": "anything.pt", "default": True}
COLOURS = {"name": "colours", "kind": "encoder", "path": "colours.onnx", "default": True}


def chosen(*words: str) -> VideoConfig:
    """The config that a job runs with, from its command line."""
    made = parse(["video", "a.mp4", *words])
    assert isinstance(made, Invocation)
    assert isinstance(made.config, VideoConfig)
    return with_weights(made.config)


@pytest.fixture
def whole(weights: Path) -> Path:
    """The folder, sealed."""
    seal()
    return weights


def test_flag_file_and_environment_win(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen().encoder.weights == whole / "colours.onnx"
    assert chosen().detector.weights is None, "no detector is the default"
    assert chosen("--encoder", "own.pth").encoder.weights == Path("own.pth")
    assert chosen("--detector", "yolo26n.pt").detector.weights == Path("yolo26n.pt")
    assert chosen("--detector", "shipped:nobody").detector.weights == whole / "nobody_openvino_model"
    (tmp_path / "site.yaml").write_text("encoder: {weights: file.pth}")
    assert chosen("--config", str(tmp_path / "site.yaml")).encoder.weights == Path("file.pth")
    monkeypatch.setenv("REID_ENCODER", "environment.pth")
    assert chosen().encoder.weights == Path("environment.pth")
    assert chosen("--encoder", "null").encoder.weights == Path("environment.pth")


def test_results_name_what_ships_without_where_it_lies(whole: Path) -> None:
    config = VideoConfig(encoder=EncoderConfig(weights=whole / "colours.onnx"))
    told = as_recorded(config)
    assert told["encoder"]["weights"] == "shipped:colours"
    assert str(whole) not in json.dumps(told)
    assert with_weights(VideoConfig.model_validate(told)) == config, "which can be given back"


def market(root: Path, people: int = 12) -> Path:
    """A data set in Market-1501's layout, every person in a colour."""
    rng = np.random.default_rng(0)
    for person in range(1, people + 1):
        colour = rng.uniform(30, 225, 3)
        for camera in (1, 2, 3):
            for folder, shot in (("query", 0), ("bounding_box_test", 1), ("bounding_box_train", 2)):
                name = f"{person:04d}_c{camera}s1_00000{shot}_00.jpg"
                write_image(root / folder / name, colour, rng)
    return root


def test_benchmark(whole: Path, tmp_path: Path) -> None:
    words = ["benchmark", "--root", str(market(tmp_path / "data")), "--output", str(tmp_path / "out")]
    own = shutil.copy(whole / "colours.onnx", tmp_path / "own.onnx")
    assert main([*words, "--no-page", "--resamples", "0", "--compare", str(own)]) == 0
    told = json.loads((tmp_path / "out" / "benchmark.json").read_text())
    assert [one["weights"] for one in told["encoders"]] == ["shipped:colours", str(own)]
    assert [one["name"] for one in told["encoders"]] == ["colours", "own"]
    assert told["config"]["encoder"]["weights"] == "shipped:colours"
    assert str(whole) not in (tmp_path / "out" / "benchmark.json").read_text()


def test_calibrate_leaves_the_shipped_folder_alone(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(whole.rglob("*"))
    crops = market(tmp_path / "data", people=30) / "bounding_box_train"
    assert main(["calibrate", str(crops), "--people-per-site", "10", "--no-chart"]) == 0
    encoder_id = find("colours").encoder_id
    assert encoder_id is not None
    assert load(tmp_path / "colours.onnx.calibration.json", encoder_id).data_set == "bounding_box_train"
    assert "reid video ... --calibration colours.onnx.calibration.json" in capsys.readouterr().out
    assert sorted(whole.rglob("*")) == before


def test_a_damaged_default_stops_every_job(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    seal()
    make_video(tmp_path / "good.mp4")
    (tmp_path / "detector.pt").write_bytes(b"PK\x03\x04")
    market(tmp_path / "data", people=3)
    flip(weights / "colours.onnx")
    for words in (
        "video good.mp4 --detector detector.pt",
        "benchmark --root data",
        "calibrate data/bounding_box_train",
    ):
        assert main(words.split()) == 2
        assert "colours.onnx: not the file that ships with reid" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


def test_where_nothing_ships_jobs_ask_for_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ship(monkeypatch, tmp_path / "clone")
    monkeypatch.chdir(tmp_path)
    make_video(tmp_path / "good.mp4")
    (tmp_path / "detector.pt").write_bytes(b"PK\x03\x04")
    market(tmp_path / "data", people=3)
    for words, sentence in (
        ("video good.mp4", "no detector is given: --detector FILE"),
        ("video good.mp4 --detector detector.pt", "no encoder is given: --encoder FILE"),
        ("demo", "so the demo needs a person detector that ultralytics loads (--detector FILE or REID_DETECTOR) and"),
        ("demo --detector detector.pt", "so the demo needs a re-identification network (--encoder FILE or REID_EN"),
        ("benchmark --root data", "--encoder is not set"),
        ("calibrate data/bounding_box_train", "encoder.weights is not set"),
        ("video good.mp4 --detector shipped:x", "nothing that ships is called 'x'; `reid weights` lists what does"),
    ):  # fmt: skip
        assert main(words.split()) == 2
        assert sentence in capsys.readouterr().err, words


@pytest.mark.slow
def test_a_run_with_what_ships(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Real networks that know nothing: what ran, and that its threshold is a guess, is said and recorded."""
    monkeypatch.setenv("REID_CACHE", str(tmp_path / "cache"))
    folder = ship(monkeypatch, tmp_path / "clone", DETECTOR, COLOURS)
    shutil.copy(make("person"), folder / "anything.pt")
    tiny_encoder(tmp_path / "colours.onnx")
    shutil.copy(tmp_path / "colours.onnx", folder)
    seal()
    monkeypatch.chdir(tmp_path)
    make_video(tmp_path / "good.mp4")
    capsys.readouterr()
    words = ["video", "good.mp4", "--detector.image-size", "64", "--detector.backend", "native"]
    assert main([*words, "--no-video", "--workers", "1"]) == 0
    told = capsys.readouterr()
    sentence = (
        f"shipped:colours (encoder {find('colours').encoder_id}) has no calibration, so the distance of 0.35 up to "
        "which people are linked is a guess: `reid calibrate CROPS --encoder shipped:colours` measures one"
    )
    assert f"warning: {sentence}" in told.err.splitlines()[0], "at the start"
    assert told.out.count(sentence) == 1, "and in the summary"
    run = json.loads((tmp_path / "results" / "run.json").read_text())
    assert recorded_weights(run) == ("shipped:anything", "shipped:colours")
    assert run["warnings"][0].startswith(sentence)
    assert str(folder) not in json.dumps(run)
    assert sentence.partition(":")[2][:40] in (tmp_path / "results" / "report.html").read_text()


def recorded_weights(run: dict[str, Any]) -> tuple[str, str]:
    return run["config"]["detector"]["weights"], run["config"]["encoder"]["weights"]


@pytest.mark.slow
@pytest.mark.shared
def test_the_demo_runs_without_flags(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the same with the files from somewhere else is the same run: keys are content."""
    ours = Path(__file__).parents[2] / "weights" / "calibrations"
    exported, encoder = "yolov8n_int8_openvino_model", "osnet_x0_25_msmt17.onnx"
    calibration = "calibrations/43d171f42b9b058c.json"
    folder = ship(
        monkeypatch,
        tmp_path / "clone",
        {"name": "yolo", "kind": "detector", "path": exported, "default": True},
        {"name": "osnet", "kind": "encoder", "path": encoder, "default": True},
        {"name": "calibration of osnet", "kind": "calibration", "path": calibration},
    )
    shutil.copytree(shared(f"weights/{exported}"), folder / exported)
    shutil.copy(shared(f"weights/{encoder}"), folder)
    shutil.copytree(ours, folder / "calibrations")
    seal()
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    words = ["demo", "--end", "2", "--fps", "6", "--workers", "1", "--no-video"]
    assert main(words) == 0
    assert "warning" not in capsys.readouterr().err, "its calibration ships"
    run = json.loads((tmp_path / "results" / "run.json").read_text())
    assert recorded_weights(run) == ("shipped:yolo", "shipped:osnet")
    assert run["threshold"]["calibration"]["file"] == "shipped:calibration of osnet"
    assert run["warnings"] == []
    assert str(folder) not in json.dumps(run)
    assert main(["calibrate", "--from", "results", "--output", "site.json"]) == 0
    assert "labelled crops (rendered-people" in capsys.readouterr().out
    given = ["--detector", str(shared(f"weights/{exported}")), "--encoder", str(shared(f"weights/{encoder}"))]
    assert main([*words, *given]) == 0
    assert capsys.readouterr().err.count("done before") == 3
