"""What cannot be used costs one sentence and exit code 2, before anything is computed, written or erased."""

import json
import random
import re
import sqlite3
import subprocess
import sys
import wave
from pathlib import Path

import av
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from pipelines.cli.main import main
from reid.embedding.weights import open_weights
from reid.shipped import demo_recording
from reid.store.opening import open_store
from tests.shared import shared
from tests.video.media import make_video

ROOT = Path(__file__).parents[2]
GOOD = "good.mp4 --detector detector.pt --encoder encoder.onnx --output out"
TRAVEL = "names no pair of cameras; write camera-camera with two of"

RECORDINGS = [
    ("", "no recordings given: name video files, globs or folders of images"),
    ("none.mp4", "none.mp4: no such file"),
    ("*.xyz", "*.xyz: no file matches"),
    ("a=", "a=: no file after '='; write a=path"),
    ("=good.mp4", "=good.mp4: '' is no camera name; begin it with a letter or a digit"),
    ("rtsp://host/1", "rtsp://host/1: a live stream, where a recording was expected; give files or folders"),
    ("text.mp4", "text.mp4: not a video that FFmpeg knows; give an MP4, MKV, AVI, TS or raw H.264 file"),
    ("text.txt", "text.txt: not a video but text"),
    ("empty.mp4", "empty.mp4: an empty file; record or copy it again"),
    ("sound.mp4", "sound.mp4: has no video stream; give the file that holds the frames"),
    ("sound.wav", "sound.wav: has no video stream; give the file that holds the frames"),
    ("frameless.mp4", "frameless.mp4: has no video stream; give the file that holds the frames"),
    ("frameless.mkv", "frameless.mkv: ends before its first frame; record or copy it again"),
    ("cut.mp4", "cut.mp4: an MP4 cut off before its index was written; repair it, or copy or record it again"),
    ("codec.mp4", "codec.mp4: its video codec is unknown to FFmpeg; export it as H.264 with the recorder's own "
     "program"),
    ("nothing", "nothing: a folder without images or videos; give one with jpg, png or mp4 files"),
    ("broken", "broken: none of its 1 images can be decoded; copy them again"),
    ("broken/1.jpg", "broken/1.jpg: a single image; give its folder, or make images one camera with "
     "name='*.jpg'"),
    ("good.mp4 good.mp4", "good.mp4: given twice; name every recording once"),
    ("a=good.mp4 b=./good.mp4", "good.mp4: given twice; name every recording once"),
    ("a=good.mp4 A=other.mp4", "good.mp4 and other.mp4 would both be camera 'A'; name at least one with name=path"),
    ("good.mp4 --offset god=1", "offset_s: no camera is called 'god'; did you mean 'good'?"),
]  # fmt: skip

# Laid over GOOD, whose detector has the right beginning and nothing else: who loads it, fails.
SETTINGS = [
    ("--min-travel good-street=1", f"linking.min_travel_s: 'good-street' {TRAVEL} good"),
    ("--min-travel good=1", f"linking.min_travel_s: 'good' {TRAVEL} good"),
    ('--linking.same_ground {"good-street":[[1,1,1,1],[9,1,9,1],[9,9,9,9],[1,9,1,9]]}',
     f"linking.same_ground: 'good-street' {TRAVEL} good"),
    ('--linking.same_ground {"good-street":[[1,1,1,1],[9,1,9,1],[9,9,9,9]]}',
     "--linking.same_ground good-street is [['1', '1', '1', '1'], ['9', '1', '9', '1'], ['9', '9', '...; must have "
     "at least 4 items"),
    ("--detector none.pt", "none.pt: no such detector; nothing is downloaded by itself, so fetch the file first "
     "(for ultralytics' own: `yolo settings` and docs.ultralytics.com/models) or give another path"),
    ("--detector noise.pt", "noise.pt: damaged, or not a detector; export it or copy it again"),
    ("--detector noise.onnx", "noise.onnx: damaged, or not a detector; export it or copy it again"),
    ("--detector empty_openvino_model", "empty_openvino_model: damaged, or not a detector; export it or copy it "
     "again"),
    ("--detector nothing", "nothing: not a detector; ultralytics loads files ending in .pt, .onnx, .engine and "
     "folders ending in _openvino_model"),
    ("--detector yolo11n.yaml", "yolo11n.yaml: not a detector; ultralytics loads files ending in .pt, .onnx, "
     ".engine and folders ending in _openvino_model"),
    ("--encoder none.onnx", "none.onnx: no such file; expected re-identification weights (.pth, .pt, .onnx, .xml)"),
    ("--encoder good.mp4", "good.mp4: unknown kind of weights; its beginning is neither a PyTorch "
     "checkpoint's nor an ONNX or OpenVINO file's, and its name ends in none of .pth, .pt, .onnx, .xml"),
    ("--encoder noise.onnx", "noise.onnx: damaged, or not an ONNX file ({any})"),
    ("--encoder noise.pth", "noise.pth: refused, because it is damaged or could run code when loaded; save the "
     "state dict alone: torch.save(model.state_dict(), path)"),
    ("--calibration none.json", "none.json: no such file; expected a calibration file; give another, or "
     "--max-distance"),
    ("--calibration text.txt", "text.txt: not a calibration file ({any}); give another, or --max-distance"),
    ("--calibration foreign.json", "foreign.json: made for encoder 0123456789abcdef, but {encoder} is in use; give "
     "its own calibration, or --max-distance"),
    ("--gallery text.txt", "text.txt: not a gallery (not an SQLite file); name a gallery, or a new file to make "
     "one"),
    ("--gallery foreign.db", "foreign.db: an SQLite file of another program, not a gallery; name another file"),
    ("--gallery another.db", "another.db: holds vectors of encoder somebodyelse, which cannot be compared with "
     "those of encoder {encoder}; use that encoder's weights or another gallery, or carry its people over: "
     "`reid gallery convert another.db --encoder NEW`"),
    ("--gallery no/where/site.db", "no/where/site.db: the gallery cannot be written (No such file or directory); "
     "its folder must exist and be writable"),
    ("--output full", "--output full holds files that reid video did not write ('mine.txt'); name a new or empty "
     "folder"),
    ("--output taken", "--output taken holds another run's results; name another folder, or replace them with "
     "--overwrite"),
    ("--output text.txt", "--output text.txt is a file; name a folder"),
    ("--output text.txt/out", "--output text.txt/out: cannot be written to (Not a directory); name another folder, "
      "or make room in it"),
    ("--output .", "good good.mp4 lies in --output ., which is written to; name another --output, or move it"),
    ("--config none.yaml", "none.yaml: no such file; expected a YAML file of settings"),
    ("--config syntax.yaml", "syntax.yaml: line 2, column 1: is not valid YAML: expected ',' or ']', but got "
     "'<stream end>'"),
    ("--config key.yaml", "key.yaml: source.fpz is not a setting; did you mean source.fps?"),
    ("--config value.yaml", "value.yaml: source.fps is 'fast'; must be a number of frames per second"),
    ("--config good.mp4", "good.mp4: is not a text file in UTF-8 (byte {any}); expected a YAML file of settings"),
    ("--detector.confidence 1.5", "--detector.confidence is '1.5'; must be at most 1"),
    ("--fps 0", "--fps is '0'; must be above 0"),
    ("--workers -1", "--workers is '-1'; must be at least 0"),
    ("--tracker sort", "--tracker is 'sort'; choose bytetrack, botsort, ocsort or deepocsort"),
    ("--start 5 --end 4", "source: end_s (4) must be greater than start_s (5)"),
]  # fmt: skip


def tiny_encoder(path: Path) -> str:
    """Means of the three colours; returns its encoder_id."""
    given = helper.make_tensor_value_info("crops", TensorProto.FLOAT, ["n", 3, 256, 128])
    mean = helper.make_tensor_value_info("means", TensorProto.FLOAT, ["n", 3])
    axes = helper.make_tensor("axes", TensorProto.INT64, [2], [2, 3])
    node = helper.make_node("ReduceMean", ["crops", "axes"], ["means"], keepdims=0)
    graph = helper.make_graph([node], "tiny", [given], [mean], initializer=[axes])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), str(path))
    return open_weights(path).encoder_id


def make_recordings(folder: Path) -> None:
    data = make_video(folder / "good.mp4").read_bytes()
    make_video(folder / "other.mp4", first=30)
    (folder / "cut.mp4").write_bytes(data[:28])
    (folder / "codec.mp4").write_bytes(data.replace(b"avc1", b"zzz9").replace(b"avcC", b"zzzC"))
    for name in ("text.mp4", "text.txt"):
        (folder / name).write_text("hello there\n" * 50)
    (folder / "empty.mp4").write_bytes(b"")
    with wave.open(str(folder / "sound.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(8000))
    with av.open(str(folder / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 8000
        container.mux([*stream.encode(silence), *stream.encode()])
    for name in ("frameless.mp4", "frameless.mkv"):
        with av.open(str(folder / name), "w") as container:
            stream = container.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = 160, 64, "yuv420p"
            container.start_encoding()
    for name in ("nothing", "broken"):
        (folder / name).mkdir()
    (folder / "broken" / "1.jpg").write_bytes(b"no image")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder of things that cannot be used, beside a few that can; and the tiny encoder's id."""
    folder = tmp_path_factory.mktemp("bad")
    make_recordings(folder)
    noise = random.Random(0).randbytes(5000)
    for name in ("noise.pt", "noise.pth", "noise.onnx"):
        (folder / name).write_bytes(noise)
    (folder / "detector.pt").write_bytes(b"PK\x03\x04")
    (folder / "yolo11n.yaml").write_text("nc: 80\n")
    for name in ("empty_openvino_model", "full", "taken"):
        (folder / name).mkdir()
    (folder / "full" / "mine.txt").write_text("mine")
    marker = {"run_key": "another", "layout": 1, "cameras": ["good"]}
    (folder / "taken" / ".reid-run.json").write_text(json.dumps(marker))
    (folder / "taken" / "report.html").write_text("a report")
    calibration = json.loads(next((ROOT / "weights").rglob("calibrations/*.json")).read_text())
    (folder / "foreign.json").write_text(json.dumps(calibration | {"encoder_id": "0123456789abcdef"}))
    database = sqlite3.connect(folder / "foreign.db")
    database.execute("CREATE TABLE a (b)")
    database.close()
    open_store(folder / "another.db", encoder_id="somebodyelse").close()
    (folder / "syntax.yaml").write_text("source: [1, 2\n")
    (folder / "key.yaml").write_text("source:\n  fpz: 3\n")
    (folder / "value.yaml").write_text("source:\n  fps: fast\n")
    return folder, tiny_encoder(folder / "encoder.onnx")


@pytest.fixture
def inside(place: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """In that folder, without weights in the environment; the encoder's id."""
    monkeypatch.chdir(place[0])
    for name in ("REID_DETECTOR", "REID_ENCODER"):
        monkeypatch.delenv(name, raising=False)
    return place[1]


def refused(words: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What the last line on standard error says; nothing may have been written."""
    before = {path: path.stat().st_mtime_ns for path in Path().rglob("*") if "-shm" not in path.name}
    assert main(["video", *words.split()]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    assert {path: path.stat().st_mtime_ns for path in Path().rglob("*")} == before
    *earlier, last = said.err.splitlines()
    assert last not in earlier
    return last.removeprefix("reid: ")


@pytest.mark.parametrize(("words", "sentence"), RECORDINGS, ids=[words for words, _ in RECORDINGS])
def test_recordings(inside: str, capsys: pytest.CaptureFixture[str], words: str, sentence: str) -> None:
    assert refused(words, capsys) == sentence


@pytest.mark.parametrize(("words", "sentence"), SETTINGS, ids=[words for words, _ in SETTINGS])
def test_settings(inside: str, capsys: pytest.CaptureFixture[str], words: str, sentence: str) -> None:
    pattern = re.escape(sentence.replace("{encoder}", inside)).replace(r"\{any\}", ".+")
    assert re.fullmatch(pattern, refused(f"{GOOD} {words}", capsys))


def test_a_gallery_that_is_refused_costs_no_results(inside: str, capsys: pytest.CaptureFixture[str]) -> None:
    refused(f"{GOOD} --output taken --overwrite --gallery text.txt", capsys)
    assert Path("taken/report.html").read_text() == "a report"


@pytest.mark.parametrize("words", ["none.mp4", "text.mp4", f"{GOOD} --detector noise.pt"])
def test_refusals_do_not_wait_for_torch(inside: str, words: str) -> None:
    code = (
        f"import sys; from pipelines.cli.main import main; code = main({['video', *words.split()]!r}); "
        "print(code, [name for name in ('torch', 'ultralytics', 'openvino') if name in sys.modules])"
    )
    path = f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
    done = subprocess.run([sys.executable, "-c", path + code], capture_output=True, text=True, check=True)
    assert done.stdout == "2 []\n"


def test_a_start_after_the_end(inside: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"  # the recording has to be read to know, so the folder was there already
    assert main(["video", *GOOD.split(), "--output", str(out), "--start", "50"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "reid: good.mp4: no frame between source.start_s 50 and source.end_s the end; the recording is shorter"
    )
    assert not out.exists()  # a run that failed leaves nothing that blocks the next


@pytest.mark.shared
@pytest.mark.slow
def test_a_recording_cut_in_the_middle_is_processed_up_to_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cut.mp4"
    data = (demo_recording() / "cam3.mp4").read_bytes()
    path.write_bytes(data[: len(data) // 6])
    words = ["--detector", str(shared("weights/yolov8n_int8_openvino_model"))]
    words += ["--encoder", str(shared("weights/osnet_x0_25_msmt17.onnx")), "--fps", "4", "--no-report"]
    assert main(["video", str(path), *words, "--output", str(tmp_path / "out")]) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "damaged" in line]
    assert len(told) == 1
    assert re.search(r"cut\.mp4: damaged: .*it ends at [\d.]+ s, [\d.]+ s before its stated end", told[0])
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert run["cameras"]["cut"]["frames"] > 20
    assert run["cameras"]["cut"]["warnings"]
