"""The main job on the demo recording, with real networks: what a user sees after `reid video`."""

import csv
import json
import re
import sqlite3
from pathlib import Path

import av
import pytest

from pipelines.cli.main import main
from reid.shipped import demo_recording
from tests.shared import shared

pytestmark = [pytest.mark.shared, pytest.mark.slow]
SECONDS = 10


@pytest.fixture(scope="module")
def weights() -> list[str]:
    return [
        "--detector",
        str(shared("weights/yolov8n_int8_openvino_model")),
        "--encoder",
        str(shared("weights/osnet_x0_25_msmt17.onnx")),
    ]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, weights: list[str]) -> Path:
    """Two overlapping cameras, ten seconds, half the frames, with a gallery."""
    folder = tmp_path_factory.mktemp("run")
    recordings = [str(demo_recording() / f"cam{number}.mp4") for number in (1, 2)]
    words = ["video", *recordings, *weights, "--output", str(folder / "results"), "--fps", "6"]
    assert main([*words, "--end", str(SECONDS), "--gallery", str(folder / "site.db"), "--quiet"]) == 0
    return folder / "results"


def test_every_output_is_there(results: Path) -> None:
    names = {path.name for path in results.iterdir()}
    wanted = {"report.html", "run.json", "identities.json", "tracklets.csv", "tracklets.parquet"}
    assert wanted | {"tracks", "video", "crops", "cameras"} <= names


def test_identities_are_right(results: Path, tmp_path: Path) -> None:
    for name in ("cam1_gt.txt", "cam2_gt.txt"):
        (tmp_path / name).write_text((demo_recording() / name).read_text())
    assert main(["evaluate", str(results), "--truth", str(tmp_path), "--quiet"]) == 0
    scores = json.loads((results / "scores.json").read_text())
    assert scores["global_ids"]["idf1"] > 0.85
    assert scores["local_ids"]["idf1"] - scores["global_ids"]["idf1"] < 0.05


def test_a_browser_plays_the_videos(results: Path) -> None:
    for path in sorted((results / "video").glob("*.mp4")):
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            frames = [frame.time for frame in container.decode(video=0)]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert len(frames) == 6 * SECONDS
        assert frames[-1] == pytest.approx(SECONDS - 1 / 6, abs=0.1)


def test_one_person_has_one_name_in_all_files(results: Path) -> None:
    with (results / "tracklets.csv").open() as file:
        by_tracklet = {(row["camera"], int(row["track_id"])): row["person"] for row in csv.DictReader(file)}
    persons = json.loads((results / "identities.json").read_text())["persons"]
    for person in persons:
        for sighting in person["sightings"]:
            for track in sighting["track_ids"]:
                assert by_tracklet[sighting["camera"], track] == person["name"]
    named = {f"P{int(line.split(',')[1]):04d}" for p in results.glob("tracks/*.txt") for line in p.open()}
    assert named == set(by_tracklet.values())
    assert named <= {path.name for path in (results / "crops").iterdir()}
    page = (results / "report.html").read_text()
    assert all(name in page for name in named)
    assert not re.search(r'(src|href)="https?:', page)


def test_run_json_says_what_it_took_and_with_what(results: Path) -> None:
    run = json.loads((results / "run.json").read_text())
    assert run["threshold"]["source"].startswith("calibration on rendered-people")
    assert set(run["cameras"]) == {"cam1", "cam2"}
    assert 0.5 < run["networks_share"] <= 1
    assert run["config"]["source"]["fps"] == 6
    assert run["versions"]["reid"]


def test_the_gallery_remembers_everybody(results: Path) -> None:
    people = {p["person_id"] for p in json.loads((results / "identities.json").read_text())["persons"]}
    with sqlite3.connect(results.parent / "site.db") as db:
        assert {row[0] for row in db.execute("SELECT person_id FROM people")} == people


def test_later_the_same_people_are_known(results: Path, weights: list[str], tmp_path: Path) -> None:
    words = ["video", str(demo_recording() / "cam2.mp4"), *weights, "--output", str(tmp_path / "later")]
    words += ["--start", str(SECONDS), "--end", str(SECONDS + 5), "--fps", "6", "--no-video", "--quiet"]
    assert main([*words, "--gallery", str(results.parent / "site.db")]) == 0
    persons = json.loads((tmp_path / "later" / "identities.json").read_text())["persons"]
    assert any(person["known"] for person in persons)
