"""The settings of who is told of events."""

from typing import Annotated, Literal

from pydantic import Field

from reid.extension_settings import NamesAdded, options_of_each
from reid.registry import Extension, Registry
from reid.section import OptionsByName, Section

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class EventFileConfig(Section):
    """events.jsonl in the results folder: one line of JSON per event."""

    most_mib: Positive = Field(16.0, description="MiB that the file may grow to before a new one is begun")
    keep: Annotated[int, Field(ge=0)] = Field(
        4, description="full files kept: events.1.jsonl is the newest of them; older ones are deleted"
    )


class WebhookConfig(Section):
    """Events posted as JSON, one request each."""

    url: str | None = Field(
        None, description="http:// or https:// address, without user name and password; null: off"
    )
    headers: dict[str, str] = Field(
        {}, description="HTTP headers sent along, by name: {X-Site: north}; no secrets, see token_variable"
    )
    token_variable: str | None = Field(
        None,
        description="environment variable that holds a secret token, sent as Authorization: Bearer; null: none",
    )
    timeout_s: Positive = Field(10.0, description="seconds from looking up the name to the answer")

    @property
    def is_on(self) -> bool:
        return self.url is not None


class MqttConfig(Section):
    """Events published to an MQTT broker (QoS 1), below one topic.

    User name and password come from the environment: REID_MQTT_USER and REID_MQTT_PASSWORD.
    """

    address: str | None = Field(
        None,
        description="mqtt://host:1883/topic, or mqtts:// for TLS (a CA of your own: SSL_CERT_FILE); port and topic "
        "may be left out; null: off",
    )
    version: Literal["5", "3.1.1"] = Field(
        "5", description="of the protocol; a 3.1.1 broker cannot say that it refuses an event"
    )
    timeout_s: Positive = Field(10.0, description="seconds to wait for a connection, and for a confirmation")
    keepalive_s: Annotated[int, Field(ge=5, le=65535)] = Field(
        30, description="a broker is gone that has been silent for 1.5 times so many seconds"
    )

    @property
    def is_on(self) -> bool:
        return self.address is not None


class OutboxConfig(Section):
    """What waits for a webhook or a broker that is slow or away; each has a queue of its own."""

    most_waiting: Count = Field(
        10_000, description="events that may wait; where more come, the oldest are dropped"
    )
    tries: Count = Field(8, description="attempts to deliver an event before it is given up")
    first_wait_s: Positive = Field(1.0, description="seconds before the second attempt; doubled each time")
    longest_wait_s: Positive = Field(60.0, description="at most so many seconds between attempts")


# build(settings, environment) -> reid.outputs.events.receiver.Receiver, which an outbox is put before; `environment`
# holds secrets, which are no settings
EVENT_SINKS = Registry(
    "event sink",
    "reid.event_sinks",
    Extension,
    {
        "webhook": Extension(config=WebhookConfig, build="reid.outputs.events.build:webhook"),
        "mqtt": Extension(config=MqttConfig, build="reid.outputs.events.build:mqtt"),
    },
)


class EventsConfig(Section):
    """Receivers of events, besides the pages."""

    file: EventFileConfig = EventFileConfig()
    webhook: WebhookConfig = WebhookConfig()
    mqtt: MqttConfig = MqttConfig()
    outbox: OutboxConfig = OutboxConfig()
    also: Annotated[tuple[str, ...], NamesAdded(EVENT_SINKS)] = Field(
        (), description="event sinks that other packages add, by name; see docs/extend.md"
    )
    options: Annotated[OptionsByName, options_of_each(EVENT_SINKS, "also")] = Field(
        {}, description="settings of those event sinks, by sink: {chat: {room: lobby}}"
    )
