"""Events over MQTT, with a real broker that is killed, cut off, deaf and picky."""

from pathlib import Path

import pytest

from reid.outputs.events.mqtt import Version
from reid.outputs.events.receiver import DeliveryFailed
from tests.outputs.events.made import event
from tests.outputs.events.mosquitto import broker, line, listening
from tests.outputs.events.mqtt_made import mqtt, needs_broker, outbox, started
from tests.waiting import until

VERSIONS: list[Version] = ["5", "3.1.1"]
ROOT = Path(__file__).parents[3]


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
