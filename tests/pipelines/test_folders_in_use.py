"""Two processes and one folder, and commands repeated after a person was corrected: with real processes."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.cli.main import main
from reid.shipped import demo_recording

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CAMERAS = [str(demo_recording() / f"cam{number}.mp4") for number in (1, 2)]
SHORT = ("--end", "6", "--fps", "4", "--no-report", "--no-crops")
PATIENCE_S = 180.0  # a machine that is busy with other tests


@contextmanager
def running(folder: Path, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """A command in a process of its own, once it holds the folder `out`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for name in ("REID_DETECTOR", "REID_ENCODER", "REID_TOKEN"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "pipelines.cli", *words]
    log = folder / "said.txt"
    with log.open("w") as file:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=file, stderr=file, text=True)
    try:
        until = time.monotonic() + PATIENCE_S
        while not (folder / "out" / ".reid.json").exists():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main([*words]) == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_of_two_runs_that_replace_one_folder_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("REID_DETECTOR", "REID_ENCODER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    words = ("video", *CAMERAS, *SHORT, "--no-video", "--output", "out", "--overwrite")
    with running(tmp_path, *words) as first:
        said = refused(capsys, *words, "--fps", "3")
        assert f"--output out is in use by process {first.pid} (reid video since 2" in said
        assert "wait for it, or name another folder" in said
        assert first.wait(PATIENCE_S) == 0
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert run["config"]["source"]["fps"] == 4
    assert not list((tmp_path / "out").glob(".reid.lock*"))
    with running(tmp_path, *words, "--fps", "2") as killed:
        killed.kill()
        killed.wait()
    assert main([*words, "--fps", "2"]) == 0  # the lock of a killed process blocks nothing
    assert json.loads((tmp_path / "out" / "run.json").read_text())["config"]["source"]["fps"] == 2


def test_of_two_live_sites_in_one_folder_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("REID_DETECTOR", "REID_ENCODER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    words = ("live", f"a={CAMERAS[0]}", "--listen", "127.0.0.1:0", "--output", "out", "--gallery")
    with running(tmp_path, *words, "one.db") as first:
        said = refused(capsys, *words, "two.db")
        assert f"--output out is in use by process {first.pid} (reid live since 2" in said
        assert not (tmp_path / "two.db").exists()
        assert first.poll() is None


def test_videos_with_other_names_go_when_the_gallery_was_corrected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("REID_DETECTOR", "REID_ENCODER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    words = ("video", *CAMERAS, "--end", "6", "--fps", "4", "--output", "out", "--gallery", "site.db")
    assert main([*words, "--no-report"]) == 0
    before = {path.name for path in Path("out/video").iterdir()}
    assert main([*words, "--no-video", "--no-report"]) == 0
    assert {path.name for path in Path("out/video").iterdir()} == before == {"cam1.mp4", "cam2.mp4"}
    people = [one["name"] for one in json.loads(Path("out/identities.json").read_text())["persons"]]
    assert main(["gallery", "merge", "site.db", people[1], people[0]]) == 0
    capsys.readouterr()
    assert main([*words, "--no-video", "--no-report"]) == 0
    said = capsys.readouterr().err
    again = [one["name"] for one in json.loads(Path("out/identities.json").read_text())["persons"]]
    assert again != people
    assert not Path("out/video").exists()
    assert re.search(r"out: removed video/cam1.mp4, video/cam2.mp4, which told of other identities", said)
