"""Who may connect to a broker, how it learns that the program is gone, and how it is left."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reid.outputs.events.broker import Broker
from reid.outputs.events.mqtt import Login, Mqtt, Version
from reid.outputs.events.receiver import DeliveryFailed
from tests.outputs.events.made import event
from tests.outputs.events.mosquitto import PROGRAM, broker, line, listening
from tests.outputs.events.mqtt_made import mqtt, needs_broker, outbox, started
from tests.waiting import until

VERSIONS: list[Version] = ["5", "3.1.1"]
ROOT = Path(__file__).parents[3]


@needs_broker
def test_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("the program openssl, which makes a certificate, is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = f"req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=here -keyout {key} -out {certificate}"
    made = ["openssl", *words.split(), "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(made, check=True, capture_output=True)
    settings = ("allow_anonymous true", f"certfile {certificate}", f"keyfile {key}", "user root")
    with broker(tmp_path, *settings) as server:
        place = Broker(host="127.0.0.1", port=server.port, topic="reid", tls=True)
        with (
            started(Mqtt(place, timeout_s=0.5)) as sender,
            pytest.raises(DeliveryFailed, match="its certificate is not one"),
        ):
            sender.deliver(event(1))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with started(Mqtt(place, timeout_s=5)) as sender:
            sender.deliver(event(1))


@needs_broker
def test_a_killed_program_is_offline_by_its_last_will(tmp_path: Path) -> None:
    code = (
        "import sys, time\n"
        "from tests.outputs.events.test_mqtt import mqtt\n"
        "mqtt(int(sys.argv[1])).start()\n"
        "time.sleep(60)\n"
    )
    with broker(tmp_path) as server, listening(server.port) as listener:
        with subprocess.Popen([sys.executable, "-c", code, str(server.port)], cwd=ROOT) as program:
            until(lambda: listener.status == "online")
            program.kill()
        until(lambda: listener.status == "offline")


@needs_broker
def test_closing_is_on_time_with_a_broker_that_says_nothing(tmp_path: Path) -> None:
    with broker(tmp_path) as server, line(server.port) as wire, listening(server.port) as listener:
        box = outbox(wire.port, timeout_s=30)
        until(lambda: listener.status == "online")
        wire.heard.clear()
        box.send(event(1))
        box.send(event(2))
        begun = time.monotonic()
        box.close(0.3)
        assert time.monotonic() - begun < 1
        assert box.counts().given_up == 2


def test_nobody_there() -> None:
    with (
        started(mqtt(9, timeout_s=0.2)) as sender,
        pytest.raises(DeliveryFailed, match=r"127\.0\.0\.1:9: no broker"),
    ):
        sender.deliver(event(1))


@needs_broker
def test_logins_and_refusals(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    passwords, rights = tmp_path / "passwords", tmp_path / "rights"
    program = Path(PROGRAM or "").with_name("mosquitto_passwd")
    tool = program if program.is_file() else Path("/usr/bin/mosquitto_passwd")
    if not tool.is_file():
        pytest.skip("the program mosquitto_passwd is not installed")
    subprocess.run([tool, "-b", "-c", passwords, "guard", "hunter2"], check=True, capture_output=True)
    rights.write_text("user guard\ntopic read reid/#\ntopic write reid/status\ntopic write reid/seen\n")
    settings = ("allow_anonymous false", f"password_file {passwords}", f"acl_file {rights}", "user root")
    right, wrong = Login(user="guard", password="hunter2"), Login(user="guard", password="hunter3")
    with (
        broker(tmp_path, *settings) as server,
        listening(server.port, user="guard", password="hunter2") as ears,
    ):
        with started(mqtt(server.port, timeout_s=0.5, login=wrong)) as sender:
            with pytest.raises(DeliveryFailed, match="refuses") as caught:
                sender.deliver(event(0))
            shown = str(caught.value) + repr(wrong)
        with started(mqtt(server.port, login=right)) as sender:
            with pytest.raises(DeliveryFailed, match=r"refuses the event \(Not authorized") as caught:
                sender.deliver(event(1, kind="left"))
            assert not caught.value.retry
            sender.deliver(event(2))
        until(lambda: ears.ids == ["e2"])
    assert "hunter" not in shown + caplog.text
