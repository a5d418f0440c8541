"""A run that was stopped, or is done, and the same command again: nothing is computed twice, nothing is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli.main import main
from reid.shipped import demo_recording
from tests.rehearsals.kill import finished_cameras, in_group
from tests.shared import shared

pytestmark = [pytest.mark.shared, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
LIGHT = ("--end", "6", "--fps", "4", "--no-video", "--no-crops", "--no-report")
ENDS_WITHIN_S = 8.0  # a few seconds, on a machine that is busy with other tests


def command(output: Path, *words: str, cameras: tuple[int, ...] = (1, 2)) -> list[str]:
    recordings = [str(demo_recording() / f"cam{number}.mp4") for number in cameras]
    detector = ("--detector", str(shared("weights/yolov8n_int8_openvino_model")))
    encoder = ("--encoder", str(shared("weights/osnet_x0_25_msmt17.onnx")))
    output_words = ("--output", str(output), "--log-format", "json")
    return ["video", *recordings, *detector, *encoder, *LIGHT, *output_words, *words]


def done_before(told: str) -> list[str]:
    """The cameras that were not processed, by the JSON log."""
    events = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    return sorted(event["camera"] for event in events if event.get("note") == "done before")


def outcome(output: Path) -> dict[str, Any]:
    """Who was where, when."""
    tracks = {file.name: file.read_text() for file in sorted((output / "tracks").glob("*.txt"))}
    return {"identities": json.loads((output / "identities.json").read_text()), **tracks}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cameras, done, by one worker."""
    output = tmp_path_factory.mktemp("resume") / "results"
    assert main(command(output, "--workers", "1")) == 0
    return output


def test_a_finished_run_is_not_processed_again(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = outcome(results)
    written = {file: file.stat().st_mtime_ns for file in (results / "cameras").iterdir()}
    assert main(command(results, "--workers", "1")) == 0
    assert done_before(capsys.readouterr().err) == ["cam1", "cam2"]
    assert outcome(results) == before
    assert {file: file.stat().st_mtime_ns for file in (results / "cameras").iterdir()} == written


def test_results_do_not_depend_on_workers_or_on_the_order_of_cameras(results: Path, tmp_path: Path) -> None:
    assert main(command(tmp_path / "results", "--workers", "2", cameras=(2, 1))) == 0
    assert outcome(tmp_path / "results") == outcome(results)


def test_another_linking_distance_links_anew_and_follows_nobody_again(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, strict = outcome(results), ("--max-distance", "0.01")
    assert main(command(results, *strict)) == 2
    assert "another run's results" in capsys.readouterr().err
    assert outcome(results) == before
    assert main(command(results, *strict, "--overwrite")) == 0
    assert done_before(capsys.readouterr().err) == ["cam1", "cam2"]
    now = outcome(results)
    assert len(now["identities"]["persons"]) > len(before["identities"]["persons"])
    assert main(command(results, "--overwrite")) == 0
    assert outcome(results) == before


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize(
    ("sent", "to_group", "code", "sentence"),
    [
        (signal.SIGINT, True, 130, "interrupted"),
        (signal.SIGTERM, False, 143, "stopped by SIGTERM"),
        (signal.SIGKILL, False, -signal.SIGKILL, ""),
    ],
    ids=["Ctrl-C", "SIGTERM", "SIGKILL"],
)
def test_stopped_it_leaves_no_process_behind_and_goes_on_from_there(
    results: Path, tmp_path: Path, sent: signal.Signals, to_group: bool, code: int, sentence: str
) -> None:
    words = [sys.executable, "-m", "pipelines.cli", *command(tmp_path / "results", "--workers", "1")]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    # a shell that runs the tests in the background makes all below it deaf to Ctrl-C
    pipes |= {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    process = subprocess.Popen(words, cwd=ROOT, start_new_session=True, **pipes)  # type: ignore[call-overload]
    try:
        while not finished_cameras(tmp_path / "results"):
            assert process.poll() is None
            time.sleep(0.01)
        stopped = time.monotonic()
        (os.killpg if to_group else os.kill)(process.pid, sent)
        assert process.wait(ENDS_WITHIN_S) == code
        while in_group(process.pid):
            assert time.monotonic() - stopped < ENDS_WITHIN_S, "workers live on"
            time.sleep(0.01)
        told = process.stderr.read()
    finally:
        for left in in_group(process.pid):
            os.kill(left, signal.SIGKILL)
    assert "Traceback" not in told
    # not always the last line: Python's own resource tracker may add a note about a worker's semaphores
    assert any(sentence in line for line in told.splitlines()) or not sentence
    assert finished_cameras(tmp_path / "results") == ["cam1"]
    if code > 0:
        assert not [file for file in (tmp_path / "results").rglob("*") if ".partial" in file.name]
    again = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done_before(again.stderr) == ["cam1"]
    assert outcome(tmp_path / "results") == outcome(results)
