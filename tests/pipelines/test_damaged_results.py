"""Damaged files of ours: a camera of a results folder is processed again, a cache is made anew, with a message."""

import io
import json
import logging
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from pipelines.cli.main import main
from pipelines.recordings.camera_job import CameraJob, CameraReport, finished_camera
from pipelines.recordings.linking_policy import choose_policy
from pipelines.runtime.progress import reporter
from pipelines.training.detector_folder import DetectorFolder
from reid.cache import cached
from reid.calibration_record import Calibration
from reid.camera_config import EncoderConfig
from reid.config import LinkingConfig, VideoConfig
from reid.embedding.build import build_encoder
from reid.embedding.features import extract
from reid.errors import InputError
from reid.linking.calibration import dumps
from reid.training.log import Log
from reid.video.source import Source
from tests.outputs.scenes import jpeg, save_tracklets, tracklet
from tests.pipelines.test_bad_input import tiny_encoder

REPORT = CameraReport(
    camera_id="a",
    frames=20,
    tracklets=1,
    static=0,
    things=0,
    people=18,
    detector_classes="person",
    duration_s=2.0,
    seconds={"load": 1.0},
    warnings=(),
)
META = {
    "key": "k",
    "frames": list(range(20)),
    "times_s": [n / 10 for n in range(20)],
    "report": asdict(REPORT),
    "things": [],
}


def job(path: Path) -> CameraJob:
    source = Source(camera_id="a", files=(Path("a.mp4"),))
    return CameraJob(
        source=source, config=VideoConfig(), split_distance=0.5, centre=None, artefact=path, key="k"
    )


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("scores", "qualities", "offsets do not fit"),
        ("box_offsets", "moment_offsets", "offsets do not fit"),
        ("times_s", "scores", "times_s is float32"),
        ("frames", "times_s", "frames is float64"),
        ("crop_start", "track_id", "its crops do not lie in their file"),
        ("dimension", "camera", "dimension"),
    ],
)
def test_a_camera_with_swapped_arrays_is_processed_again(
    one: str, other: str, why: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.npz"
    tracks = [tracklet("a", 10**6, range(1, 10), crops=[jpeg(1), jpeg(2)])]
    save_tracklets(path, tracks, META)
    assert finished_camera(job(path), resumed=True) is not None
    with np.load(path) as content:
        arrays = {name: content[name] for name in content.files}
    arrays[one], arrays[other] = arrays[other], arrays[one]
    np.savez(path, allow_pickle=False, **arrays)
    with caplog.at_level(logging.WARNING):
        assert finished_camera(job(path), resumed=True) is None
    assert caplog.messages[0].startswith(f"{path}: damaged, so the camera is processed again (")
    if one != "dimension":
        assert why in caplog.messages[0]


@pytest.mark.parametrize(
    ("meta", "why"),
    [
        ({"frames": "x"}, "frames is 'x'"),
        ({"times_s": [0.0]}, "frames, times_s and report do not fit each other"),
        ({"times_s": [float("nan")] * 20}, "times_s.0 is None"),
        ({"report": {}}, "report.camera_id: field required"),
    ],
)
def test_what_stands_beside_the_tracklets_is_checked(
    meta: dict[str, object], why: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.npz"
    save_tracklets(path, [tracklet("a", 1, range(1, 10))], META | meta)
    with caplog.at_level(logging.WARNING):
        assert finished_camera(job(path), resumed=True) is None
    assert why in caplog.messages[0]
    caplog.clear()
    with np.load(path) as content:
        arrays = {name: content[name] for name in content.files}
    header = json.loads(arrays["header"].tobytes()) | {"meta": 3}
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    np.savez(path, allow_pickle=False, **arrays)
    with caplog.at_level(logging.WARNING):
        assert finished_camera(job(path), resumed=True) is None
    assert "meta is no mapping" in caplog.messages[0]
    caplog.clear()
    path.unlink()
    assert finished_camera(job(path), resumed=True) is None
    assert not caplog.messages, "a camera that nobody followed yet is no damage"


def test_a_damaged_cache_is_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "network.bin").write_bytes(b"right")

    folder = tmp_path / "cache" / "network"
    for _ in range(2):
        assert cached(folder, make) == folder
    assert len(made) == 1
    for damage in (b"wrong", None):
        if damage is None:
            (folder / "network.bin").unlink()
        else:
            (folder / "network.bin").write_bytes(damage)
        assert (cached(folder, make) / "network.bin").read_bytes() == b"right"
        assert "damaged, or made by an earlier version; making it anew" in caplog.messages[-1]
    (folder / "seal.json").write_text("[" * 5000)
    cached(folder, make)
    assert len(made) == 4
    assert [path.name for path in folder.parent.iterdir()] == ["network"]


def test_a_calibration_of_other_vectors_is_refused_before_any_camera(tmp_path: Path) -> None:
    """Two numbers for a centre of 512."""
    path = tmp_path / "c.json"
    calibration = Calibration(
        encoder_id="e",
        max_distance=0.4,
        centre=np.float32([0.1, 0.2]),
        data_set="crops",
        operating_point="max-f1",
        genuine_rate=0.9,
        impostor_rate=0.01,
    )
    path.write_text(dumps(calibration))
    config = VideoConfig(linking=LinkingConfig(calibration=path))
    progress = reporter(out=io.StringIO(), err=io.StringIO())
    with pytest.raises(InputError, match="centre has 2 numbers, but the encoder's vectors have 512"):
        choose_policy(config, Path("e.onnx"), "e", progress, dimension=512)
    assert choose_policy(config, Path("e.onnx"), "e", progress, dimension=2).max_distance == 0.4


FRAMES = '{"cameras": {"a": {"processed_frames": %s}}}'


@pytest.mark.parametrize(
    "text", [FRAMES % 10**400, FRAMES % "[1e999]", FRAMES % "NaN", "[" * 5000, "3", "\x00"]
)
def test_a_run_that_cannot_be_read_back(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("results/tracks", "truth"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.txt").write_text("1,1,1,1,1,1\n")
    run = tmp_path / "results" / "run.json"
    run.write_text(text)
    assert main(["evaluate", str(run.parent), "--truth", str(tmp_path / "truth")]) == 2
    assert f"{run}: " in capsys.readouterr().err
    run.write_text(json.dumps({"encoder_id": 3}))
    assert main(["calibrate", "--from", str(run.parent)]) == 2
    assert f"{run}: cannot be read (encoder_id is 3" in capsys.readouterr().err


def test_a_remembered_back_end_that_is_damaged_is_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("REID_CACHE", str(tmp_path / "cache"))
    tiny_encoder(tmp_path / "encoder.onnx")
    config = EncoderConfig(weights=tmp_path / "encoder.onnx", device="cpu")
    build_encoder(config)
    (remembered,) = (tmp_path / "cache" / "backends").glob("*.json")
    for damage in ("[" * 5000, "[]", "\xff", '{"backend": 3}'):
        remembered.write_bytes(damage.encode("latin-1"))
        assert build_encoder(config).dimension == 3
        assert json.loads(remembered.read_text())["backend"] in ("onnxruntime", "openvino")
    assert sum("damaged" in message for message in caplog.messages) == 3, "3 is no back end, but well-formed"


def test_remembered_vectors_of_no_length_are_computed_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tiny_encoder(tmp_path / "encoder.onnx")
    encoder = build_encoder(EncoderConfig(weights=tmp_path / "encoder.onnx", backend="onnxruntime"))
    (tmp_path / "1.jpg").write_bytes(jpeg(1))
    before = extract([tmp_path / "1.jpg"], encoder, folder=tmp_path / "cache")
    (shard,) = (tmp_path / "cache").rglob("*.npz")
    with np.load(shard) as content:
        digests, vectors = content["digests"], content["vectors"]
    np.savez(shard, digests=digests, vectors=np.full_like(vectors, np.nan))
    np.testing.assert_allclose(extract([tmp_path / "1.jpg"], encoder, folder=tmp_path / "cache"), before)
    assert "vectors are not of unit length" in caplog.text


@pytest.mark.parametrize(
    ("content", "why"), [('{"epochs": [3]}', "epochs.0"), ('{"seconds": "x"}', "seconds is 'x'")]
)
def test_figures_of_a_training_that_are_damaged(content: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "detector.json").write_text(content)
    with pytest.raises(InputError, match=rf"detector\.json: damaged \({why}.*train anew with --overwrite"):
        DetectorFolder(tmp_path).history()


def test_a_table_of_a_training_that_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "steps.csv").write_text("loss\n1\n")
    with pytest.raises(InputError, match=r"steps\.csv: damaged \(.*take it away, or train anew"):
        Log(tmp_path, step=5)
