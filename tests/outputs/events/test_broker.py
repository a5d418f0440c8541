"""Addresses of brokers."""

from pathlib import Path

import pytest

from reid.errors import InputError
from reid.outputs.events.broker import Broker, parse_broker
from reid.outputs.events.mqtt import Version

VERSIONS: list[Version] = ["5", "3.1.1"]
ROOT = Path(__file__).parents[3]


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
