"""From settings to those who are told of events."""

import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reid.errors import InputError
from reid.outputs.events.broker import parse_broker
from reid.outputs.events.config import EVENT_SINKS, EventsConfig, MqttConfig, OutboxConfig, WebhookConfig
from reid.outputs.events.event_file import EventFile
from reid.outputs.events.mqtt import Login, Mqtt
from reid.outputs.events.outbox import Outbox
from reid.outputs.events.receiver import Receiver
from reid.outputs.events.sink import Sink
from reid.outputs.events.webhook import Webhook
from reid.owned_files import OwnedFiles

USER, PASSWORD = "REID_MQTT_USER", "REID_MQTT_PASSWORD"


def build_sinks(
    config: EventsConfig,
    output_folder: Path,
    files: OwnedFiles,
    rng: random.Random,
    environment: Mapping[str, str] = os.environ,
) -> list[Sink]:
    """The file of events in `output_folder`, and a webhook and a broker where the config names them.

    Args:
        files: of that folder.

    Raises:
        InputError: a setting that cannot work, a variable or a library that is missing. Nothing has begun then.
    """
    receivers = _receivers(config, environment)
    most_bytes = max(1, round(config.file.most_mib * 2**20))
    sinks: list[Sink] = [
        EventFile(output_folder / "events.jsonl", files, most_bytes=most_bytes, keep=config.file.keep)
    ]
    for name, receiver in receivers.items():
        with EVENT_SINKS.blaming(name):
            receiver.start()
        sinks.append(_outbox(name, receiver, config.outbox, rng))
    return sinks


def _receivers(config: EventsConfig, environment: Mapping[str, str]) -> dict[str, Receiver]:
    """Those that the settings name: of reid, then of other packages."""
    own: dict[str, WebhookConfig | MqttConfig] = {name: getattr(config, name) for name in EVENT_SINKS}
    wanted: dict[str, Any] = {name: settings for name, settings in own.items() if settings.is_on}
    wanted |= {name: config.options[name] for name in config.also}
    return {
        name: EVENT_SINKS.make(name, Receiver, settings, environment) for name, settings in wanted.items()
    }


def _outbox(name: str, receiver: Receiver, config: OutboxConfig, rng: random.Random) -> Outbox:
    return Outbox(
        name,
        receiver,
        most_waiting=config.most_waiting,
        tries=config.tries,
        first_wait_s=config.first_wait_s,
        longest_wait_s=config.longest_wait_s,
        rng=random.Random(rng.getrandbits(64)),  # each thread has its own
    )


def webhook(config: WebhookConfig, environment: Mapping[str, str]) -> Webhook:
    """The row of `EVENT_SINKS`, for settings that are on."""
    assert config.url is not None
    token = None
    if config.token_variable is not None:
        token = environment.get(config.token_variable)
        if token is None:
            raise InputError(
                f"webhook.token_variable: the environment has no {config.token_variable}; set it to the token, or "
                "leave token_variable null"
            )
    return Webhook(config.url, headers=config.headers, token=token, timeout_s=config.timeout_s)


def mqtt(config: MqttConfig, environment: Mapping[str, str]) -> Mqtt:
    """The row of `EVENT_SINKS`, for settings that are on."""
    assert config.address is not None
    broker = parse_broker(config.address)
    user, password = environment.get(USER), environment.get(PASSWORD)
    if user is None and password is not None:
        raise InputError(f"the environment has {PASSWORD}, but no {USER}; set both")
    return Mqtt(
        broker,
        login=None if user is None else Login(user=user, password=password),
        timeout_s=config.timeout_s,
        keepalive_s=config.keepalive_s,
        version=config.version,
    )
