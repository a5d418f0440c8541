"""docs/formats.md says of real files what is in them, no more and no less."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from pipelines.cli.main import main
from reid.shipped import demo_recording, shipped
from tests.formats.documented import complaints, csv_complaints, named
from tests.formats.schemas import FOLDER, KINDS, schema
from tests.training.tiny import crops

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", KINDS)
def test_the_schemas_are_those_of_the_code(name: str) -> None:
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == schema(name), (
        "python -m tests.formats.schemas writes them anew"
    )


@pytest.mark.parametrize(
    "path", sorted((shipped("weights") / "calibrations").glob("*.json")), ids=lambda path: path.stem
)
def test_calibrations(path: Path) -> None:
    assert complaints(read(path), "calibration.json") == []


def test_what_is_not_documented_is_found() -> None:
    mark = {"format": 1, "job": "video", "version": "0.1.0", "told": {"video": "ab"}}
    assert complaints(mark, ".reid.json") == []
    assert complaints(mark | {"told": {"video": 1}, "format": True, "extra": None}, ".reid.json") == [
        ".reid.json: format is True, documented as ['integer']",
        ".reid.json: told.video is 1, documented as ['string']",
        ".reid.json: extra is not documented",
    ]
    del mark["job"]
    assert complaints(mark, ".reid.json") == [".reid.json: job is documented and not there"]
    thing = {"camera": "a", "box": [1.0, None], "first_s": 0.0, "last_s": 1, "detections": 1, "crop": "a.jpg"}
    assert complaints({"things": []}, "static.json") == []
    assert complaints({"things": [thing]}, "static.json") == [
        "static.json: things[].box[] is None, documented as ['number']"
    ]


ZONES = """
zones:
  cam1:
    - {name: everything, purpose: dwell, polygon: [[0, 0], [1, 0], [1, 1], [0, 1]]}
    - {name: above, purpose: count, line: [[0, 0.02], [1, 0.02]]}
"""


@pytest.mark.slow
def test_recordings_and_their_scores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number in (1, 2):
        (tmp_path / f"cam{number}_20261126_100000.mp4").symlink_to(demo_recording() / f"cam{number}.mp4")
        shutil.copy(demo_recording() / f"cam{number}_gt.txt", tmp_path / f"cam{number}_gt.txt")
    sources = [f"cam{number}=cam{number}_20261126_100000.mp4" for number in (1, 2)]
    few = ["--fps", "4", "--end", "4", "--tracklets.static_s", "2", "--no-video", "--timezone", "+01:00"]
    (tmp_path / "site.yaml").write_text(ZONES)
    few += ["--config", "site.yaml"]
    assert main(["video", *sources, *few]) == 0
    assert main(["evaluate", "results", "--truth", "."]) == 0
    results = tmp_path / "results"
    for name in ("identities.json", "run.json", "static.json", "scores.json", ".reid.json"):
        assert complaints(read(results / name), name) == []
    assert csv_complaints(results / "tracklets.csv", "tracklets.csv and tracklets.parquet") == []
    assert csv_complaints(results / "zones.csv", "zones.csv") == []
    whole, line = read(results / "run.json")["zones"]
    assert whole["entries"] == whole["people"] >= 2
    assert line["in"] == line["out"] == 0
    report = (results / "report.html").read_text(encoding="utf-8")
    assert "<td>everything<td>dwell" in report
    assert "<td>above<td>count" in report
    with np.load(results / "cameras" / "cam1.npz") as arrays:
        assert set(arrays.files) == named("cameras/<camera>.npz and .crops")
    persons = read(results / "identities.json")["persons"]
    assert len(persons) >= 2
    assert all(one["first_seen_at"].endswith("+01:00") for one in persons)
    line = (results / "tracks" / "cam1.txt").read_text(encoding="utf-8").splitlines()[0].split(",")
    assert len(line) == 10
    assert line[-3:] == ["-1", "-1", "-1"]


TINY = (
    "--epochs 1 --schedule.warmup_epochs 0 --data.height 32 --data.width 16 --data.held_out 3 --data.workers 0 "
    "--batch.people 3 --batch.images 2 --threads 1 --device cpu"
)


@pytest.mark.slow
def test_a_training_and_a_benchmark_of_its_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REID_CACHE", str(tmp_path / "cache"))
    people = crops(tmp_path / "my-crops")
    assert main(["train", "my-crops", "--output", "training", *TINY.split()]) == 0
    training = tmp_path / "training"
    for name in ("training.json", "model.json", ".reid.json"):
        assert complaints(read(training / name), name) == []
    for name in ("steps.csv", "epochs.csv", "distances.csv"):
        assert csv_complaints(training / name, name) == []
    for split in ("query", "bounding_box_test"):
        (tmp_path / "data" / split).mkdir(parents=True)
        for image in sorted(people.iterdir()):
            if (split == "query") == image.stem.endswith("_000000_00"):
                shutil.copy(image, tmp_path / "data" / split / image.name)
    few = ["--page.map_people", "5", "--backend", "torch"]
    assert main(["benchmark", "market1501", "--root", "data", "--encoder", "training/model.pth", *few]) == 0
    assert complaints(read(tmp_path / "benchmark" / "benchmark.json"), "benchmark.json") == []


class Site:
    """`reid live` on a recording of the demo, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "said.txt"
        words = [
            f"lobby={demo_recording() / 'cam1.mp4'}",
            "--listen",
            "127.0.0.1:0",
            "--clips.events",
            "seen",
        ]
        words += ["--clips.before_s", "1", "--clips.after_s", "1"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        for name in ("REID_DETECTOR", "REID_ENCODER", "REID_TOKEN"):
            environment.pop(name, None)
        with self._log.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pipelines.cli", "live", *words],
                cwd=folder, env=environment, stdout=file, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def page(self) -> httpx.Client:
        self.until(lambda: "the page is at" in self._log.read_text(encoding="utf-8"))
        found = re.search(r"the page is at (http\S+)", self._log.read_text(encoding="utf-8"))
        assert found is not None
        return httpx.Client(base_url=found[1], headers={"X-Reid": "test"}, timeout=30)

    def until(self, happened: Callable[[], object]) -> None:
        begun = time.monotonic()
        while not happened():
            assert self.process.poll() is None, self._log.read_text(encoding="utf-8")
            assert time.monotonic() - begun < PATIENCE_S, self._log.read_text(encoding="utf-8")
            time.sleep(0.2)


@pytest.mark.slow
def test_events_clips_and_the_live_api(tmp_path: Path) -> None:
    site = Site(tmp_path)
    try:
        page, folder = site.page(), tmp_path / "live"
        site.until(lambda: len(page.get("/api/state").json()["people"]) >= 3)
        site.until(lambda: list((folder / "clips").glob("*.mp4")))
        state, health = page.get("/api/state").json(), page.get("/health").json()
        for route in named("Live API"):
            verb, _, path = route.partition(" ")
            if verb == "GET" and "{" not in path and path != "/api/previews":  # which never ends
                assert page.get(path).status_code == 200, route
        first, second = (one["id"] for one in state["people"][:2])
        assert page.post(f"/api/people/{first}/merge", json={"into": second}).status_code == 204
        site.process.send_signal(signal.SIGTERM)
        assert site.process.wait(timeout=60) == 0
    finally:
        site.process.kill()
        site.process.wait()
    assert complaints(state, "State") == []
    assert set(health) == {"ok", "why", "cameras", "troubles", "notices"}
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {"seen", "left", "identity_changed", "camera_state"} <= {event["event"] for event in events}
    assert [complaint for event in events for complaint in complaints(event, "Events")] == []
    clips = sorted((folder / "clips").glob("*.json"))
    assert clips
    assert [complaint for clip in clips for complaint in complaints(read(clip), "Clips")] == []
    assert complaints(read(folder / ".reid.json"), ".reid.json") == []
