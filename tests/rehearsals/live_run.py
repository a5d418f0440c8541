"""`reid live` as a process: started, asked what its page knows, stopped or killed; and what it wrote."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from reid.shipped import demo_recording
from tests.benchmarks.jobs import Report, machine, versions
from tests.rehearsals.kill import ROOT
from tests.rehearsals.memory import MIB, sample

CAMERAS = ("cam1", "cam2", "cam3")
FILM_S = 45.0
ENVIRONMENT = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "OMP_WAIT_POLICY": "PASSIVE"}
PACKAGES = (
    "reid",
    "torch",
    "ultralytics-opencv-headless",
    "openvino",
    "onnxruntime",
    "av",
    "numpy",
    "paho-mqtt",
    "httpx",
)
STARTS_S = 180.0  # networks may be exported at the first start
POLL_S = 0.1

Metrics = Mapping[tuple[str, ...], float]  # by name and the values of the labels


def films() -> dict[str, Path]:
    """The rendered cameras, 12 frames a second."""
    return {camera: demo_recording() / f"{camera}.mp4" for camera in CAMERAS}


class LiveRun:
    """One process. Its page is asked for figures; what it prints and writes lies in `output`.

    Args:
        cameras: address by name.
        words: more of the command line.
        environment: more variables.
    """

    def __init__(
        self,
        cameras: Mapping[str, str | Path],
        output: Path,
        words: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.output = output
        self._log = output.with_name(output.name + ".out")
        addresses = [f"{name}={address}" for name, address in cameras.items()]
        where = ("--output", str(output), "--listen", "127.0.0.1:0", "--log-format", "json")
        command = [sys.executable, "-m", "pipelines.cli", "live", *addresses, *where, *words]
        output.parent.mkdir(parents=True, exist_ok=True)
        self.started = time.monotonic()
        with self._log.open("wb") as file:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **ENVIRONMENT, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        self._page: str | None = None

    @property
    def said(self) -> list[dict[str, Any]]:
        """What it printed so far."""
        lines = self._log.read_text(errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def page(self) -> str:
        """Its address, without the last slash; RuntimeError where it has ended before it had one."""
        while self._page is None:
            found = re.search(r"http://127\.0\.0\.1:\d+", self._log.read_text(errors="replace"))
            self._page = found[0] if found else None
            if self.process.poll() is not None or time.monotonic() - self.started > STARTS_S:
                raise RuntimeError(f"reid live has no page: {self._log.read_text(errors='replace')}")
            time.sleep(0 if found else POLL_S)
        return self._page

    def state(self) -> dict[str, Any]:
        """What the page shows."""
        return json.loads(self._get("/api/state"))  # type: ignore[no-any-return]

    def metrics(self) -> Metrics:
        """All figures, as `("reid_frames_total", "cam1")`; {} where the program does not answer."""
        try:
            text = self._get("/metrics")
        except (urllib.error.URLError, OSError):
            return {}
        return {
            (one.name, *(value for _, value in sorted(one.labels.items()))): one.value
            for family in text_string_to_metric_families(text)
            for one in family.samples
        }

    def wait_for_frames(self) -> None:
        """Until every camera has delivered, and something was processed of each."""
        page = self.page()
        while True:
            now = self.metrics()
            counts = [value for key, value in now.items() if key[0] == "reid_frames_processed_total"]
            if counts and min(counts) > 0:
                return
            if self.process.poll() is not None or time.monotonic() - self.started > STARTS_S:
                raise RuntimeError(f"no frames at {page}: {self._log.read_text(errors='replace')}")
            time.sleep(POLL_S)

    def pss_mib(self) -> float:
        """Memory of it and of its children, shared pages counted once."""
        return sum(pss for _, pss, _ in sample(self.process.pid)) / MIB

    def stop(self, number: signal.Signals = signal.SIGTERM, patience_s: float = 30.0) -> tuple[int, float]:
        """Exit code and seconds that it took; killed, with code -9, where it takes longer than `patience_s`."""
        begun = time.monotonic()
        self.process.send_signal(number)
        try:
            self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.kill()
        return self.process.returncode, time.monotonic() - begun

    def wait(self, timeout_s: float) -> int:
        """Its exit code, once it has ended by itself; RuntimeError unless that is 0."""
        code = self.process.wait(timeout_s)
        if code:
            raise RuntimeError(f"reid live ended with {code}: {self._log.read_text(errors='replace')}")
        return code

    def kill(self) -> None:
        """As a power cut would, with all that it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def summary(self, title: str) -> list[list[Any]]:
        """A table that it printed at its end."""
        found = [one["rows"] for one in self.said if one["event"] == "summary" and one["title"] == title]
        return found[-1] if found else []

    def events(self) -> list[dict[str, Any]]:
        """Of events.jsonl; fails where a line is not whole."""
        return read_events(self.output)

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(self.page() + path, timeout=10) as answer:
            return str(answer.read().decode())


def read_events(folder: Path) -> list[dict[str, Any]]:
    """All lines of events.jsonl; AssertionError where one is not whole."""
    path = folder / "events.jsonl"
    data = path.read_bytes() if path.exists() else b""
    assert data == b"" or data.endswith(b"\n"), f"{path} ends within a line: {data[-80:]!r}"
    events = [json.loads(line) for line in data.splitlines()]
    assert all(isinstance(event, dict) and "id" in event for event in events)
    return events


def dropped(metrics: Metrics, camera: str) -> dict[str, int]:
    """Frames of a camera that were not processed, by reason."""
    name = "reid_frames_dropped_total"
    return {key[2]: int(n) for key, n in metrics.items() if key[:2] == (name, camera) and n}


def free_port() -> int:
    """One that nobody listens on at this moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def about() -> Report:
    """What the figures were measured on."""
    return {
        "machine": machine(None) | {"cores_allowed": len(os.sched_getaffinity(0))},
        "versions": versions(*PACKAGES),
    }


def conclude(output: Path, report: Report, missed: Iterable[str]) -> int:
    """Write the report and say which aims were missed; the exit code."""
    report["missed"] = list(missed)
    output.write_text(json.dumps(report, indent=1) + "\n")
    for aim in report["missed"]:
        print(f"missed: {aim}")
    print(f"{'all aims met' if not report['missed'] else 'not all aims met'}; see {output}")
    return 1 if report["missed"] else 0
