"""An MQTT receiver, and an outbox before it, for brokers of these tests."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from reid.outputs.events.broker import Broker
from reid.outputs.events.mqtt import Login, Mqtt, Version
from reid.outputs.events.outbox import Outbox
from tests.outputs.events.mosquitto import PROGRAM

needs_broker = pytest.mark.skipif(PROGRAM is None, reason="the program mosquitto is not installed")


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
