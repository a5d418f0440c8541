"""Pipes, devices, folders, names and numbers that no command can take: one line, exit code 2, and at once."""

import os
from pathlib import Path

import pytest

from pipelines.cli.main import main
from reid.camera_config import EncoderConfig
from reid.embedding.build import build_encoder
from reid.embedding.features import extract
from reid.errors import InputError
from reid.shipped import demo_recording
from tests.pipelines.test_bad_input import tiny_encoder

LONG = "x" * 300
PIPES = (
    "p.mp4", "p.yaml", "p.json", "p.db", "p.pt", "p.onnx", "p.pth", "p.csv", "truth/a.txt", "run/run.json",
)  # fmt: skip
PIPE = "is a pipe or a device, not a file; expected"

# words, what is said; GOOD is a recording that can be read
REFUSED = [
    ("video p.mp4", f"p.mp4: {PIPE} a recording"),
    ("video GOOD --config p.yaml", f"p.yaml: {PIPE} a YAML file of settings"),
    ("video GOOD --detector p.pt", f"p.pt: {PIPE} a detector"),
    ("video GOOD --encoder p.onnx", "p.onnx: no such file; expected re-identification weights"),
    ("live a=GOOD --secrets p.yaml", f"p.yaml: {PIPE} a YAML file of name: {{user"),
    ("live a=GOOD --output file", "--output file is a file; name a folder"),
    ("evaluate res --truth truth", f"truth/a.txt: {PIPE} MOTChallenge text"),
    ("evaluate file --truth truth", "file/tracks: no track file (<camera>.txt) there"),
    ("evaluate res --truth file", "file: no such folder; --truth wants a folder with"),
    ("gallery list p.db", f"p.db: {PIPE} a gallery"),
    ("gallery forget /dev/zero 1", f"/dev/zero: {PIPE} a gallery"),
    ("gallery list folder", "folder: the gallery cannot be opened"),
    ("calibrate --from run", f"run/run.json: {PIPE} what a finished `reid video` has written"),
    ("calibrate p.csv --format csv", "p.csv: no such file; it wants a CSV file"),
    ("calibrate folder --format csv", "folder: no such file; it wants a CSV file"),
    ("calibrate file", "file: a file, not a folder"),
    ("weights add p.pth person", f"p.pth: {PIPE} weights"),
    (f"video {LONG}", f"{LONG}: File name too long; give another path"),
    (f"video GOOD --config {LONG}", f"{LONG}: cannot be read (File name too long)"),
    (f"video GOOD --output {LONG}", "a name in a path has at most 255 bytes"),
    (
        f"live {LONG}",
        f"{LONG}: neither an address (rtsp://, http://), nor the number of a device, nor a file",
    ),
    (f"gallery list {LONG}", f"{LONG}: File name too long; give another path"),
    (f"calibrate {LONG}", f"{LONG}: File name too long; give another path"),
    (f"evaluate {LONG} --truth truth", f"{LONG}/tracks: File name too long; give another path"),
    ("video a\0b", r"'a\x00b': neither a path nor a name can hold a NUL character"),
    ("gallery prune a\0b 1", r"'a\x00b': neither a path nor a name can hold a NUL character"),
    ("calibrate --from a\0b", r"'a\x00b': neither a path nor a name can hold a NUL character"),
    ("video a\x1b[2J\nb.mp4", r"a\x1b[2J\nb.mp4: no file matches"),
    ("video GOOD --fps 1e400", "--fps is '1e400'; must be a finite number"),
    ("video GOOD --fps nan", "--fps is 'nan'; must be a finite number"),
    ("video GOOD --offset cam3=inf", "--offset cam3 is 'inf'; must be a finite number"),
    (f"video GOOD --workers {'9' * 5000}", "must be a whole number of fewer digits"),
    ("live a=GOOD --duration nan", "--duration is 'nan'; must be a finite number"),
    ("train run --optimiser.learning_rate 1e400", "must be a finite number"),
    ("evaluate res --truth truth --iou nan", "--iou is 'nan'; must be a finite number"),
    ("calibrate file --operating-point fmr=nan", "must be max-f1, max-b3, fmr=X or keep-map=X"),
    ("gallery prune none.db 1e400", "DAYS '1e400': must be a number of days"),
    ("gallery prune none.db nan", "DAYS 'nan': must be a number of days"),
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for folder in ("truth", "run", "run/crops", "res/tracks", "folder"):
        (tmp_path / folder).mkdir(parents=True)
    for pipe in PIPES:
        os.mkfifo(tmp_path / pipe)
    (tmp_path / "file").write_text("x")
    (tmp_path / "res" / "tracks" / "a.txt").write_text("1,1,1,1,1,1\n")
    return tmp_path


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize(("words", "sentence"), REFUSED, ids=[words[:40] for words, _ in REFUSED])
def test_it_is_refused_at_once(
    words: str, sentence: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = str(demo_recording() / "cam3.mp4")
    assert main([word.replace("GOOD", good) for word in words.split(" ")]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.startswith("reid: ")
    assert said.count("\n") == 1


def test_a_image_that_is_a_pipe(place: Path) -> None:
    tiny_encoder(place / "encoder.onnx")
    encoder = build_encoder(EncoderConfig(weights=place / "encoder.onnx", backend="onnxruntime"))
    os.mkfifo(place / "1.jpg")
    with pytest.raises(InputError, match=rf"1\.jpg: {PIPE} an image"):
        extract([place / "1.jpg"], encoder, folder=place / "cache")


def test_a_file_that_may_not_be_read(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "file").chmod(0)
    if os.access(place / "file", os.R_OK):
        pytest.skip("this user (root?) may read everything")
    assert main(["video", "x.mp4", "--config", "file"]) == 2
    assert "file: cannot be read (Permission denied)" in capsys.readouterr().err
