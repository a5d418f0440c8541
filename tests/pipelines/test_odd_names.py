"""Files whose names are no UTF-8 are files like others: Linux takes any bytes, and old recorders write Latin-1."""

import json
import logging
import os
import shutil
import sqlite3
import sys
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet
import pytest

from pipelines.cli.main import main
from pipelines.runtime.logs import rotating
from reid.datasets.people import read_person_folders
from reid.detection.training_data import read_people
from reid.embedding.crops import IMAGENET
from reid.errors import InputError
from reid.live.capture.address import parse_cameras
from reid.outputs import atomic
from reid.owned_files import OwnedFiles
from reid.training.pixels import load_pixels

CASES = Path(__file__).parents[1] / "cases"
PNG = cv2.imencode(".png", np.zeros((8, 4, 3), dtype=np.uint8))[1].tobytes()
LATIN = os.fsdecode("caméra".encode("latin-1"))

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems know no such names")


def test_text_that_names_such_a_file_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        logging.getLogger(), "handlers", []
    )  # pytest-xdist cannot send such text to its parent
    atomic.write_text(tmp_path / "a.json", json.dumps({"file": f"{LATIN} é"}, ensure_ascii=False))
    assert (tmp_path / "a.json").read_bytes() == '{"file": "cam\\udce9ra é"}'.encode()
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"file": f"{LATIN} é"}
    with rotating(tmp_path / "live.log", OwnedFiles(tmp_path)):
        logging.getLogger("reid").error("%s is damaged", LATIN)
    assert "ERROR reid: cam\\udce9ra is damaged" in (tmp_path / "live.log").read_text(encoding="utf-8")


def test_a_camera_that_plays_such_a_file_can_be_shown(tmp_path: Path) -> None:
    path = shutil.copy(CASES / "next-segment.mp4", tmp_path / f"{LATIN}.mp4")
    (address,) = parse_cameras([str(path)])
    assert (address.camera_id, address.shown) == ("cam_ra", f"{tmp_path}/cam\\udce9ra.mp4")


def test_a_complaint_about_such_a_file_is_a_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["video", f"{tmp_path}/{LATIN}.mp4"]) == 2
    assert capfd.readouterr().err == f"reid: {tmp_path}/cam\\udce9ra.mp4: no such file\n"


def test_crops_with_such_names_are_read(tmp_path: Path) -> None:
    for person in ("ann", f"{LATIN}-bob"):
        (tmp_path / person / "c1").mkdir(parents=True)
        (tmp_path / person / "c1" / f"{LATIN}.png").write_bytes(PNG)
    split, _ = read_person_folders(tmp_path)
    assert (split.people, len(split)) == (2, 2)
    loaded = load_pixels(split, IMAGENET.resized(16, 8), min_px=4, memory_mib=1, advance=lambda _: None)
    assert loaded.left_out == ()


def test_a_detector_cannot_learn_from_such_a_name(tmp_path: Path) -> None:
    (tmp_path / f"{LATIN}.png").write_bytes(PNG)
    (tmp_path / "data.yaml").write_text("train: .\nval: .\nnames: [person]\n")
    with pytest.raises(InputError, match="its name is not UTF-8, which ultralytics needs; rename it"):
        read_people(tmp_path / "data.yaml")


@pytest.mark.slow
def test_such_a_recording_gets_its_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / LATIN
    folder.mkdir()
    path = shutil.copy(CASES / "next-segment.mp4", folder / f"{LATIN}.mp4")
    output = folder / "results"
    words = ["--detector", str(CASES / "control-detect.onnx"), "--fps", "2", "--output", str(output)]
    assert main(["video", str(path), *words, "--gallery", str(folder / "people.db")]) == 0
    assert "cam\\udce9ra/results/report.html" in capsys.readouterr().out
    run = json.loads((output / "run.json").read_text(encoding="utf-8"))
    assert run["config"]["sources"] == [str(path)]
    assert run["cameras"]["cam_ra"]["tracklets"] == 2
    assert len(json.loads((output / "identities.json").read_text(encoding="utf-8"))["persons"]) == 2
    assert "cam\\udce9ra" in (output / "report.html").read_text(encoding="utf-8")
    assert pyarrow.parquet.read_table((output / "tracklets.parquet").open("rb")).num_rows == 2
    assert (output / "tracklets.csv").read_text(encoding="utf-8").count("\n") == 3
    assert (output / "tracks" / "cam_ra.txt").is_file()
    assert (output / "video" / "cam_ra.mp4").stat().st_size > 1000
    with sqlite3.connect(folder / "people.db") as db:
        assert db.execute("SELECT count(*) FROM people").fetchone() == (2,)
    assert (
        main(["video", str(path), *words, "--gallery", str(folder / "people.db")]) == 0
    )  # goes on from there
