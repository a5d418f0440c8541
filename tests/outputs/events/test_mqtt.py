"""Events over MQTT, with a real broker that is killed, cut off, deaf and picky."""

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reid.errors import InputError
from reid.outputs.events.broker import Broker, parse_broker
from reid.outputs.events.mqtt import Login, Mqtt, Version
from reid.outputs.events.outbox import Outbox
from reid.outputs.events.receiver import DeliveryFailed
from tests.outputs.events.made import event
from tests.outputs.events.mosquitto import PROGRAM, broker, line, listening
from tests.outputs.events.waiting import until

needs_broker = pytest.mark.skipif(PROGRAM is None, reason="the program mosquitto is not installed")
VERSIONS: list[Version] = ["5", "3.1.1"]
ROOT = Path(__file__).parents[3]


def mqtt(port: int, *, timeout_s: float = 5.0, version: Version = "5", login: Login | None = None) -> Mqtt:
    return Mqtt(
        Broker(host="127.0.0.1", port=port, topic="reid", tls=False),
        login=login,
        timeout_s=timeout_s,
        version=version,
    )


@contextmanager
def started(made: Mqtt) -> Iterator[Mqtt]:
    made.start()
    try:
        yield made
    finally:
        made.close(2.0)


def outbox(port: int, *, timeout_s: float = 5.0, tries: int = 1000, version: Version = "5") -> Outbox:
    receiver = mqtt(port, timeout_s=timeout_s, version=version)
    receiver.start()
    return Outbox(
        "mqtt",
        receiver,
        most_waiting=1000,
        tries=tries,
        first_wait_s=0.005,
        longest_wait_s=0.05,
        rng=random.Random(0),
    )


@needs_broker
@pytest.mark.parametrize("version", VERSIONS)
def test_events_arrive_once_in_order_under_their_topics(tmp_path: Path, version: Version) -> None:
    with broker(tmp_path) as server, listening(server.port) as listener:
        box = outbox(server.port, version=version)
        for number in range(50):
            box.send(event(number, kind="left" if number % 2 else "seen", text="Zoë"))
        until(lambda: len(listener.ids) == 50 and listener.status == "online", lambda: listener.got)
        box.close(5.0)
        until(lambda: listener.status == "offline", lambda: listener.got)
        assert box.counts().sent == 50
    assert listener.events == [
        event(n, kind="left" if n % 2 else "seen", text="Zoë").content() for n in range(50)
    ]
    assert [topic for topic, _ in listener.got if topic != "reid/status"] == ["reid/seen", "reid/left"] * 25


@needs_broker
def test_who_comes_later_learns_the_states_of_cameras_and_of_the_program(tmp_path: Path) -> None:
    with broker(tmp_path) as server, started(mqtt(server.port)) as sender:
        sender.deliver(event(1))
        for number in (2, 3):
            sender.deliver(event(number, kind="camera_state"))
        with listening(server.port) as listener:
            until(lambda: len(listener.got) == 2, lambda: listener.got)
        assert dict(listener.got)["reid/status"] == b"online"
        assert [topic for topic, _ in listener.got if topic != "reid/status"] == ["reid/camera_state/lobby"]
        assert listener.ids == ["e3"]


@needs_broker
def test_no_event_is_lost_when_the_broker_is_killed(tmp_path: Path) -> None:
    """While a confirmation is under way; the line stays cut until the listener, who would miss events, is back."""
    with broker(tmp_path) as server, line(server.port) as wire, listening(server.port) as listener:
        box = outbox(wire.port)
        for number in range(100):
            box.send(event(number))
        until(lambda: len(listener.ids) >= 20)
        wire.heard.clear()
        until(lambda: len(listener.ids) == box.counts().sent + 1)
        wire.open = False
        server.kill()
        wire.heard.set()
        until(lambda: not listener.listening.is_set())
        for number in range(100, 130):
            box.send(event(number))
        server.start()
        assert listener.listening.wait(10)
        wire.open = True
        until(lambda: box.counts().waiting == 0, box.counts)
        box.close(5.0)
        assert box.counts().sent == 130
        until(lambda: listener.status == "offline")
        got = [int(name[1:]) for name in listener.ids]
    assert sorted(set(got)) == list(range(130))
    assert got == sorted(got)
    assert len(got) <= 131, "once more is the event whose confirmation the kill has cost"


@needs_broker
@pytest.mark.parametrize("version", VERSIONS)
def test_a_try_that_timed_out_is_not_sent_twice(tmp_path: Path, version: Version) -> None:
    with broker(tmp_path) as server, line(server.port) as wire, listening(server.port) as listener:
        with started(mqtt(wire.port, timeout_s=0.1, version=version)) as sender:
            until(lambda: listener.status == "online")
            wire.heard.clear()
            for _ in range(3):
                with pytest.raises(DeliveryFailed, match=r"no confirmation within 0\.1 s"):
                    sender.deliver(event(1))
            until(lambda: listener.ids == ["e1"])
            wire.heard.set()
            sender.deliver(event(1))
            sender.deliver(event(2))
        until(lambda: listener.status == "offline")
        assert listener.ids == ["e1", "e2"]


@needs_broker
def test_an_event_that_paho_holds_over_a_lost_connection_arrives(tmp_path: Path) -> None:
    with broker(tmp_path) as server, line(server.port) as wire, listening(server.port) as listener:
        box = outbox(wire.port, timeout_s=0.1)
        until(lambda: listener.status == "online")
        wire.heard.clear()
        box.send(event(1))
        until(lambda: listener.ids == ["e1"])
        wire.cut()
        until(lambda: listener.status == "offline")
        wire.heard.set()
        wire.open = True
        box.send(event(2))
        until(lambda: box.counts().sent == 2, box.counts)
        assert listener.ids in (
            ["e1", "e1", "e2"],
            ["e1", "e2"],
        )  # MQTT: at least once, where it cannot be known
        box.close(2.0)


@needs_broker
def test_what_was_given_up_or_forgotten_does_not_arrive_later(tmp_path: Path) -> None:
    with broker(tmp_path) as server, line(server.port) as wire, listening(server.port) as listener:
        box = outbox(wire.port, timeout_s=0.3, tries=2)
        box.send(event(1))
        until(lambda: listener.ids == ["e1"])
        until(lambda: box.counts().sent == 1)
        wire.cut()
        box.send(event(2))
        box.send(event(3))
        until(lambda: box.counts().given_up == 2, box.counts)
        box.send(event(4))
        until(lambda: box.counts().waiting == 1)
        box.forget(4)
        until(lambda: box.counts().dropped == 1, box.counts)
        wire.open = True
        until(lambda: listener.status == "online")
        box.send(event(5))
        until(lambda: box.counts().sent == 2, box.counts)
        box.close(2.0)
        assert listener.ids == ["e1", "e5"]


@needs_broker
def test_what_paho_held_when_it_was_given_up_is_not_sent_again(tmp_path: Path) -> None:
    with broker(tmp_path) as server, line(server.port) as wire, listening(server.port) as listener:
        box = outbox(wire.port, timeout_s=0.2, tries=2)
        until(lambda: listener.status == "online")
        wire.heard.clear()
        box.send(event(1))
        until(lambda: listener.ids == ["e1"])
        wire.cut()
        until(lambda: box.counts().given_up == 1, box.counts)
        wire.heard.set()
        wire.open = True
        until(lambda: listener.status == "online")
        box.send(event(2))
        until(lambda: box.counts().sent == 1, box.counts)
        box.close(2.0)
        until(lambda: len(listener.ids) == 2)  # the broker confirms before it passes on
        assert listener.ids == ["e1", "e2"]


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
def test_withdrawing_makes_paho_forget(tmp_path: Path) -> None:
    """Published to a broker that hangs, which the line to it does not let paho know."""
    with broker(tmp_path) as server, line(server.port) as wire, listening(server.port) as listener:
        with started(mqtt(wire.port, timeout_s=0.1)) as sender:
            until(lambda: listener.status == "online")
            wire.heard.clear()
            with pytest.raises(DeliveryFailed):
                sender.deliver(event(1))
            until(lambda: listener.ids == ["e1"])
            connections = wire.connections
            sender.withdraw(event(2))
            assert wire.connections == connections
            sender.withdraw(event(1))
            until(lambda: wire.connections == connections + 1)
            wire.heard.set()
            sender.deliver(event(2))
        until(lambda: listener.status == "offline")
        assert listener.ids == ["e1", "e2"], "paho would have sent the first again on the new connection"


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


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("mqtt://host", ("host", 1883, "reid", False)),
        ("mqtts://host/", ("host", 8883, "reid", True)),
        ("mqtt://10.0.0.5:1884/site/north/", ("10.0.0.5", 1884, "site/north", False)),
        ("mqtt://[::1]:1884/a%20b", ("::1", 1884, "a b", False)),
    ],
)
def test_addresses(address: str, found: tuple[str, int, str, bool]) -> None:
    host, port, topic, tls = found
    assert parse_broker(address) == Broker(host=host, port=port, topic=topic, tls=tls)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("host:1883", "not a broker's address"),
        ("http://host/", "not a broker's address"),
        ("mqtt:///topic", "not a broker's address"),
        ("mqtt://host:99999", "not an address"),
        ("mqtt://host:0", "no port 0"),
        ("mqtt://[::1", "not an address"),
        (f"mqtt://{'x' * 70}.org", "not an address"),
        ("mqtt://guard:hunter2@host", "REID_MQTT_PASSWORD"),
        ("amqp://guard:hunter2@host", "not a broker's address"),
        ("mqtt://host/a/+", "no topic"),
        ("mqtt://host/a#b", "no topic"),
        ("mqtt://host/a?b", "no topic"),
        ("mqtt://host/$SYS", "no topic"),
    ],
)
def test_bad_addresses_are_refused(address: str, said: str) -> None:
    with pytest.raises(InputError, match=rf"^mqtt\.address: .*{said}") as caught:
        parse_broker(address)
    assert "hunter2" not in str(caught.value)
