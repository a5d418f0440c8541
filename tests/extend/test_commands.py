"""The package of docs/extend.md in the commands, in processes that find it as they find what pip installs."""

import csv
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reid.shipped import demo_recording
from tests.extend.package import distribution, install
from tests.training.tiny import crops

ROOT = Path(__file__).parents[2]
SPREAD = ("--objective", "spread=0.5", "--loss.options", "{spread: {limit: 0.2}}")
SMALL = (
    *("--data.height", "32", "--data.width", "16", "--data.held-out", "3", "--network.dimension", "16"),
    *("--batch.people", "3", "--batch.images", "2", "--schedule.warmup-epochs", "0", "--epochs", "1"),
    *("--device", "cpu", "--threads", "1", "--data.workers", "0"),
)
PARTS = (
    *("--tracker", "nearest", "--tracker.options", "reach_px=200"),
    *("--detector.kind", "tall", "--detector.options", "least_px=60"),
    *(
        "--encoder",
        "shipped:reid-lite0-float",
        "--backend",
        "opencv",
        "--outputs.also",
        "presence",
        "--no-video",
        "--workers",
        "1",
    ),
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the page, and one whose writer fails."""
    folder = install(tmp_path_factory.mktemp("environment"))
    (folder / "faulty_parts.py").write_text(
        "from reid.tables import WriterExtension\n"
        "def fail(results):\n    raise KeyError('crops')\n"
        "WRITER = WriterExtension(build=lambda settings: fail)\n"
    )
    distribution(folder, "faulty-parts", {"reid.writers": {"faulty": "faulty_parts:WRITER"}})
    return folder


def reid(packages: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{packages}"}
    for name in ("REID_DETECTOR", "REID_ENCODER"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "pipelines.cli", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_video_with_four_parts_of_the_page(packages: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    words = [
        "video",
        str(demo_recording() / "cam1.mp4"),
        "--output",
        str(results),
        "--fps",
        "4",
        "--end",
        "6",
    ]
    done = reid(packages, *words, *PARTS)
    assert done.returncode == 0, done.stderr
    assert "tall ones" in done.stdout + done.stderr
    run = read(results / "run.json")
    assert run["config"]["tracker"]["kind"] == "nearest"
    assert run["config"]["tracker"]["options"] == {"reach_px": 200.0}
    assert run["detector_classes"].endswith(", tall ones")
    identities = read(results / "identities.json")["persons"]
    told = read(results / "also" / "presence" / "presence.json")
    assert len(told) == len(identities) > 0
    rows = list(csv.DictReader((results / "tracklets.csv").open()))
    spans = sorted((float(row["start_s"]), float(row["end_s"])) for row in rows)
    np.testing.assert_allclose(sorted(span for own in told.values() for span in own), spans, atol=1e-3)
    heights = [
        float(line.split(",")[5]) for line in (results / "tracks" / "cam1.txt").read_text().splitlines()
    ]
    assert min(heights) >= 59.9  # the detector's own setting

    before = (results / "identities.json").read_bytes()
    again = reid(
        packages, *words, *PARTS, "--outputs.also", "faulty", "--outputs.options", "{presence: {indent: 1}}"
    )
    assert again.returncode == 2
    assert (
        "the writer 'faulty' of package faulty-parts 1.0 failed (KeyError: 'crops'); repair" in again.stderr
    )
    assert (results / "identities.json").read_bytes() == before
    assert (results / "report.html").exists()
    assert read(results / "also" / "presence" / "presence.json") == told
    assert "\n" in (results / "also" / "presence" / "presence.json").read_text().strip()


def test_train_with_the_loss_of_the_page(packages: Path, tmp_path: Path) -> None:
    people, output = crops(tmp_path / "people"), tmp_path / "out"
    done = reid(packages, "train", str(people), "--output", str(output), *SMALL, *SPREAD)
    assert done.returncode == 0, done.stderr
    steps = list(csv.DictReader((output / "steps.csv").open()))
    column = next(name for name in steps[0] if "spread" in name)
    assert all(0 <= float(row[column]) <= 0.8 for row in steps)
    assert any(float(row[column]) > 0 for row in steps)
    assert read(output / "training.json")["config"]["loss"]["options"] == {"spread": {"limit": 0.2}}


def test_live_tells_the_sink_of_the_page(packages: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.setblocking(False)
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
        port = ear.getsockname()[1]
        sink = ("--events.also", "datagram", "--events.options", f"{{datagram: {{port: {port}}}}}")
        film = f"cam={demo_recording() / 'cam1.mp4'}"
        output = tmp_path / "site"
        words = (
            "--output",
            str(output),
            "--duration",
            "12",
            "--tracker",
            "nearest",
            "--tracker.options",
            "reach_px=200",
        )
        done = reid(packages, "live", film, "--listen", "127.0.0.1:0", *words, *sink)
        assert done.returncode == 0, done.stderr
        told = []
        while True:
            try:
                told.append(json.loads(ear.recv(65536)))
            except BlockingIOError:
                break
    lines = [json.loads(line) for line in (output / "events.jsonl").read_text().splitlines()]
    assert [event["id"] for event in told] == [event["id"] for event in lines]
    assert "seen" in {event["event"] for event in told}
