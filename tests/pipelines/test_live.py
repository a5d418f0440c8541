"""`reid live` as its users start, watch, correct and stop it: with what ships, in a process of its own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.cli.main import main
from reid.shipped import demo_recording
from reid.store.opening import open_store

ROOT = Path(__file__).parents[2]
PATIENCE_S = 90.0
CAM = demo_recording() / "cam1.mp4"
Json = Any


class Program:
    """A running `reid live`, and its page."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self.process, self._log = process, log
        self.until(lambda: "the page is at" in self.said)
        found = re.search(r"the page is at (http\S+)", self.said)
        assert found is not None
        self.page = httpx.Client(base_url=found[1], headers={"X-Reid": "test"}, timeout=30)

    @property
    def said(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def people(self) -> list[Json]:
        found: list[Json] = self.page.get("/api/state").json()["people"]
        return found

    def until(self, happened: Callable[[], object]) -> None:
        begun = time.monotonic()
        while not happened():
            assert self.process.poll() is None, self.said
            assert time.monotonic() - begun < PATIENCE_S, self.said
            time.sleep(0.05)

    def stop(self, number: signal.Signals) -> float:
        """Seconds until it had ended."""
        begun = time.monotonic()
        self.process.send_signal(number)
        assert self.process.wait(30) == 0, self.said
        return time.monotonic() - begun


@contextmanager
def live(folder: Path, *words: str) -> Iterator[Program]:
    log = folder / "said.txt"
    command = [sys.executable, "-m", "pipelines.cli", "live", *words, "--listen", "127.0.0.1:0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for name in ("REID_DETECTOR", "REID_ENCODER", "REID_TOKEN"):
        environment.pop(name, None)
    with log.open("w") as file:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=file, stderr=subprocess.STDOUT, text=True
        )
    try:
        yield Program(process, log)
    finally:
        process.kill()
        process.wait()


def lines(folder: Path) -> list[Json]:
    return [json.loads(line) for line in (folder / "live" / "events.jsonl").read_text().splitlines()]


@pytest.mark.slow
def test_a_site_from_start_to_restart(tmp_path: Path) -> None:
    away = socket.create_server(("127.0.0.1", 0))  # accepts, and never says a word
    silent = f"gate=http://127.0.0.1:{away.getsockname()[1]}/video.mjpg"
    with live(tmp_path, f"lobby={CAM}", silent) as program:
        program.until(lambda: sum(person["present"] for person in program.people()) >= 2)
        assert program.page.get("/health").json()["cameras"]["lobby"]["level"] == "online"
        first, second = sorted(person["id"] for person in program.people())[:2]
        assert program.page.post(f"/api/people/{first}/rename", json={"label": "Ada"}).status_code == 204
        assert program.page.post(f"/api/people/{second}/forget").status_code == 204
        assert program.page.post("/api/people/999/forget").status_code == 400
        assert 'reid_frames_processed_total{camera="lobby"}' in program.page.get("/metrics").text
        assert program.stop(signal.SIGTERM) < 5
    told = lines(tmp_path)
    assert {"seen", "left", "camera_state"} <= {event["event"] for event in told}
    assert f"P{second:04d}" not in (tmp_path / "live" / "events.jsonl").read_text()
    with open_store(tmp_path / "live" / "gallery.db", encoder_id=None, read_only=True) as store:
        before = {person.person_id: person.label for person in store.people()}
    assert before[first] == "Ada"
    assert second not in before
    with live(tmp_path, f"lobby={CAM}") as program:
        program.until(lambda: any(person["label"] == "Ada" for person in program.people()))
        assert program.stop(signal.SIGINT) < 5
    again = lines(tmp_path)
    assert again[: len(told)] == told
    assert len({event["id"] for event in again}) == len(again)
    away.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no cameras given"),
        (["lobby=rtsp://admin:geheim@10.0.0.5/stream"], "REID_CAMERA_LOBBY_PASSWORD"),
        (["a=ftp://10.0.0.5/stream"], "no camera speaks ftp://"),
        (["a=0", "A=1"], "two cameras would be called 'A'"),
        (["a=0", "--offset", "b=2"], "offset_s: 'b' is no camera; there are a"),
        (["a=0", "b=1", "--min-travel", "a-c=2"], "linking.min_travel_s: 'a-c' names no pair"),
        (
            ["a=0", "--secrets", "none.yaml"],
            "none.yaml: no such file; expected a YAML file of name: {user: ..., password: ...}",
        ),
        (["a=0", "--listen", "0.0.0.0:0"], "the page needs a token"),
        (["a=0", "--listen", "8080"], "listen is address:port"),
        (["a=0", "--events.webhook.url", "ftp://host"], "webhook.url"),
        (["a=0", "--events.mqtt.address", "mqtt://me:geheim@host"], "REID_MQTT_PASSWORD"),
        (["a=0", "--gallery", "notes.txt"], "notes.txt: not a gallery"),
        (["a=0", "--fps", "0"], "must be"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_costs_a_sentence(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REID_TOKEN", raising=False)
    (tmp_path / "notes.txt").write_text("buy milk\n" * 200)
    assert main(["live", *words]) in (1, 2)
    error = capsys.readouterr().err
    assert said in error
    assert "geheim" not in error
    assert error.startswith("reid: ")
    assert error.count("\n") == 1
