"""`reid review` as a process: opened, corrected over HTTP, written again with videos; and `reid video` after it."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.cli.main import main
from tests.formats.documented import complaints

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
CASES = ROOT / "tests" / "cases"
PATIENCE_S = 120.0


def video(output: Path, *words: str) -> list[str]:
    """Two people in two short recordings of one camera, found by a detector that needs no training."""
    sources = [
        f"cam2={output.parent / name}" for name in ("cam2_20261126_100015.mp4", "cam2_20261126_100000.mp4")
    ]
    fixed = ["--detector", str(CASES / "control-detect.onnx"), "--workers", "1", "--quiet"]
    return ["video", *sources, *fixed, "--output", str(output), *words]


def who(root: Path) -> dict[str, str]:
    with (root / "tracklets.csv").open() as file:
        return {f"{row['camera']}/{row['track_id']}": row["person"] for row in csv.DictReader(file)}


class Running:
    """`reid review` in a process of its own."""

    def __init__(self, *paths: Path, browser: Path | None = None) -> None:
        self._log = paths[0].parent / "review.log"
        words = ["review", *map(str, paths), *(["--no-browser"] if browser is None else [])]
        with self._log.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pipelines.cli", *words],
                env={**os.environ, "PYTHONPATH": str(ROOT), "BROWSER": str(browser)},
                stdout=file, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.until(lambda: "the page is at" in self.said)
        found = re.search(r"the page is at (http\S+)/;", self.said)
        assert found is not None
        self.page = httpx.Client(base_url=found[1], headers={"X-Reid": "test"}, timeout=30)

    @property
    def said(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def until(self, happened: Any) -> None:
        begun = time.monotonic()
        while not happened():
            assert self.process.poll() is None, self.said
            assert time.monotonic() - begun < PATIENCE_S, self.said
            time.sleep(0.1)

    def asked(self, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self.page.get(path) if body is None else self.page.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def write(self) -> str:
        """Write results again; what is told at the end."""
        self.asked("/api/write", {})
        self.until(lambda: not self.asked("/api/write")["running"])
        now = self.asked("/api/write")
        assert not now["failed"]
        return str(now["told"])

    def end(self) -> str:
        self.page.close()
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(30) == 0, self.said
        return self.said


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("review")
    for name in ("cam2_20261126_100015.mp4", "cam2_20261126_100000.mp4"):
        shutil.copy(CASES / name, folder / name)
    assert main(video(folder / "results")) == 0
    return folder / "results"


def test_a_review_from_page_to_files(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = who(results)
    assert sorted(first.values()) == ["P0001", "P0001", "P0002", "P0002"]
    one, other = (track for track, person in first.items() if person == "P0001")
    drawn = (results / "video" / "cam2.mp4").read_bytes()
    review = Running(results)
    assert review.said.count("the page is at") == 1
    sheet = review.asked("/api/people/1")
    split_off = next(t["id"] for t in sheet["all"] if f"{t['camera']['name']}/{t['track']}" == other)
    review.asked("/api/people/1/split", {"tracklets": [split_off]})
    review.asked("/api/people/2/rename", {"label": "Ann"})
    assert review.asked("/api/review")["changed"] is True
    assert main(video(results)) == 2, "the folder is in use"
    assert "is in use by process" in capsys.readouterr().err
    told = review.write()
    assert "1 tracklet shows another one than before; videos drawn again: cam2" in told
    assert review.asked("/api/review")["changed"] is False
    said = review.end()
    assert "Traceback" not in said
    for name in ("run.json", ".reid.json"):
        assert complaints(json.loads((results / name).read_text()), name) == []
    assert who(results) == first | {other: "P0003"}
    assert (results / "video" / "cam2.mp4").read_bytes() != drawn
    labels = {p["name"]: p["label"] for p in json.loads((results / "identities.json").read_text())["persons"]}
    assert labels == {"P0001": None, "P0002": "Ann", "P0003": None}
    # the same command again, other settings, and recordings that this is not about
    written = {path: path.read_bytes() for path in results.rglob("*.jpg")}
    assert main(video(results)) == 0
    assert who(results) == first | {other: "P0003"}
    assert {path: path.read_bytes() for path in results.rglob("*.jpg")} == written
    assert main(video(results, "--max-distance", "1.9", "--overwrite")) == 0
    assert who(results)[one] == "P0001" != who(results)[other], "a split holds at any distance"
    assert json.loads((results / "identities.json").read_text())["persons"][0]["name"] == "P0001"
    before = who(results)
    assert main(video(results, "--end", "3", "--overwrite")) == 2
    assert "keeps what a person decided about other recordings (2 decisions)" in capsys.readouterr().err
    assert who(results) == before
    (results / "gallery.db").unlink()
    assert main(video(results, "--end", "3", "--overwrite")) == 0


def test_a_browser_that_stays_open_holds_nothing_up(results: Path, tmp_path: Path) -> None:
    browser, seen = tmp_path / "browser", tmp_path / "seen"
    browser.write_text(f'#!/bin/sh\necho "$1 $$" > {seen}\nexec sleep 60\n')
    browser.chmod(0o755)
    review = Running(results, browser=browser)
    review.until(lambda: seen.is_file() and seen.read_text().endswith("\n"))
    address, process = seen.read_text().split()
    assert address.startswith("http://127.0.0.1:")
    assert review.asked("/api/review")["people"] == 2
    review.end()
    os.kill(int(process), signal.SIGTERM)


def test_recordings_that_are_gone_cost_the_video_alone(results: Path) -> None:
    (results / "gallery.db").unlink(missing_ok=True)
    assert main(video(results, "--overwrite")) == 0
    for path in results.parent.glob("*.mp4"):
        path.rename(path.with_suffix(".gone"))
    try:
        review = Running(results)
        sheet = review.asked("/api/people/1")
        review.asked("/api/people/1/split", {"tracklets": [sheet["all"][-1]["id"]]})
        told = review.write()
        assert "the video of cam2 stayed as before and shows the former people: its recording" in told
        review.end()
        assert len(set(who(results).values())) == 3
    finally:
        for path in results.parent.glob("*.gone"):
            path.rename(path.with_suffix(".mp4"))
    again = Running(results)
    assert "videos drawn again: cam2" in again.write()
    again.end()


def test_a_repeated_run_keeps_what_was_moved_in_crops(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (results / "gallery.db").unlink(missing_ok=True)
    assert main([*video(results, "--overwrite"), "--no-video"]) == 0
    first = who(results)
    _, other = (track for track, person in first.items() if person == "P0001")
    camera, track = other.split("/")
    (results / "crops" / "Ann").mkdir()
    for path in (results / "crops" / "P0001").glob(f"{camera}_{track}_*.jpg"):
        path.rename(results / "crops" / "Ann" / path.name)
    words = [word for word in video(results) if word != "--quiet"]
    assert main([*words, "--no-video"]) == 0
    assert "crops were moved by hand, which is kept as 2 decisions" in capsys.readouterr().err
    assert who(results) == first | {other: "P0003"}
    assert not (results / "crops" / "Ann").exists()
    labels = {p["name"]: p["label"] for p in json.loads((results / "identities.json").read_text())["persons"]}
    assert labels["P0003"] == "Ann"
    assert main([*words, "--no-video"]) == 0
    assert "moved by hand" not in capsys.readouterr().err
