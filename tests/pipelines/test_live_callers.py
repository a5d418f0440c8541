"""`reid live` in a process of its own, with callers and receivers that mean no good."""

import json
import resource
import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.live.capture.mjpeg_camera import running
from tests.outputs.events.test_webhook_slow import saying
from tests.pipelines.test_live import CAM, lines, live

pytestmark = pytest.mark.slow


def test_idle_connections_blind_no_camera_and_a_slow_receiver_holds_up_nothing(tmp_path: Path) -> None:
    """1,100 connections that say nothing, with the usual limit of 1,024 open files; a camera comes while they are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, hard))  # this process holds the other ends
    try:
        with ExitStack() as stack:
            endless = stack.enter_context(saying(b"", b"HTTP/1.1 100 Continue\r\n\r\n"))
            camera = stack.enter_context(running(fps=10))
            words = (f"lobby={CAM}", "--events.webhook.url", endless)
            program = stack.enter_context(live(tmp_path, *words))
            address = (program.page.base_url.host, program.page.base_url.port)
            for _ in range(1100):
                stack.enter_context(socket.create_connection(address))
            assert (
                program.page.post("/api/cameras", json={"address": f"door={camera.url}"}).status_code == 204
            )
            refused = program.page.post("/api/cameras", json={"address": f"copy={CAM}"})
            assert (refused.status_code, "through the page" in refused.text) == (400, True)

            def levels() -> dict[str, str]:
                cameras = program.page.get("/health").json()["cameras"]
                return {name: one["level"] for name, one in cameras.items()}

            program.until(lambda: levels().get("door") == "online")
            assert program.page.get("/api/state").json()["version"]
            begun = time.monotonic()
            program.process.send_signal(signal.SIGTERM)
            while "webhook: ended" not in program.said:
                assert time.monotonic() - begun < 5, "the receiver holds it up"
                time.sleep(0.02)
            assert program.process.wait(30) == 0
            said = program.said
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert "Traceback" not in said + (tmp_path / "live" / "live.log").read_text()
    told = [event for event in lines(tmp_path) if event["event"] == "camera_state"]
    for name in ("lobby", "door"):
        states = [event["level"] for event in told if event["camera"] == name]
        assert "offline" not in states[: states.index("online")], json.dumps(told)
