"""Events published to an MQTT broker."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from reid.events import Event
from reid.outputs.events.broker import Broker
from reid.outputs.events.encode import as_json
from reid.outputs.events.receiver import DeliveryFailed

if TYPE_CHECKING:
    from paho.mqtt.client import Client
    from paho.mqtt.reasoncodes import ReasonCode

log = logging.getLogger(__name__)

Version = Literal["5", "3.1.1"]
MAY_PASS = {0x80, 0x83, 0x97}  # refusals of an event that need not last: unspecified, implementation, quota
LONGEST_RECONNECT_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Credentials of the broker; never printed."""

    user: str = field(repr=False)
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    """An event that paho holds: it sends it again by itself, whenever it connects, until the broker confirms."""

    event_id: str
    message_id: int


class Mqtt:
    """Publishes to `<topic>/<kind>`, and states of cameras, retained, to `<topic>/camera_state/<camera>`.

    `<topic>/status` is "online" or "offline", retained; the broker itself says "offline" when the program dies.

    What was learned from paho's source: a message that it has accepted stays in its own queue over any number of
    connections; if it was accepted in the moment in which the connection broke, its `wait_for_publish` fails for
    ever although the message will be sent. So an event that was published once is never published again: another
    try waits for the same confirmation, which comes by callback. Paho holds at most one event at a time, and one
    that is given up is taken from it with the whole connection, since nothing else makes every paho forget.

    Args:
        timeout_s: for a connection, and for the broker's confirmation, in each try.
        keepalive_s: a broker that says nothing for one and a half times as long is gone.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        login: Login | None = None,
        timeout_s: float,
        keepalive_s: int = 30,
        version: Version = "5",
    ) -> None:
        self._broker, self._login, self._version = broker, login, version
        self._timeout_s, self._keepalive_s = timeout_s, keepalive_s
        self._place = f"{broker.host}:{broker.port}"
        self._changed = threading.Condition()
        self._connected = False
        self._why = "no broker has answered yet"  # where not connected
        self._confirmed: dict[int, ReasonCode] = {}  # by message id, since the last event was published
        self._pending: _Pending | None = None
        self._closed = False
        self._client = self._new_client()

    def start(self) -> None:
        """Begin to connect; goes on for as long as it takes."""
        settings: dict[str, Any] = {"clean_start": True} if self._version == "5" else {}
        self._client.connect_async(self._broker.host, self._broker.port, self._keepalive_s, **settings)
        self._client.loop_start()

    def deliver(self, event: Event) -> None:
        """Publish an event, or go on waiting for its confirmation; DeliveryFailed where none comes."""
        if self._pending is not None and self._pending.event_id != event.event_id:
            self._drop_pending()
        if self._pending is None:
            self._wait_for(lambda: self._connected)
            kept = event.kind == "camera_state" and event.camera_id is not None
            topic = f"{event.kind}/{event.camera_id}" if kept else event.kind
            message_id = self._publish(topic, as_json(event), retain=kept)
            self._pending = _Pending(event_id=event.event_id, message_id=message_id)
        self._wait_for_confirmation(self._pending.message_id, self._timeout_s)
        self._pending = None

    def withdraw(self, event: Event) -> None:
        """Make paho forget an event that it holds; one that is on the wire is beyond recall."""
        if self._pending is not None and self._pending.event_id == event.event_id:
            self._drop_pending()

    def close(self, timeout_s: float) -> None:
        """Say "offline", and hang up."""
        with self._changed:
            connected = self._connected
        try:
            if connected:
                self._wait_for_confirmation(self._publish("status", b"offline", retain=True), timeout_s)
        except DeliveryFailed as failure:  # the broker will find out, and say it by itself
            log.info("%s; it was told that the program ends", failure)
        finally:
            with self._changed:
                self._closed = True
            self._client.disconnect()

    # what the delivering thread does ---

    def _publish(self, topic: str, payload: bytes, *, retain: bool) -> int:
        from paho.mqtt.client import MQTT_ERR_QUEUE_SIZE

        with self._changed:
            self._confirmed.clear()
        # Not with the lock: paho calls back with a lock of its own, which publishing takes too.
        info = self._client.publish(f"{self._broker.topic}/{topic}", payload, qos=1, retain=retain)
        if info.rc == MQTT_ERR_QUEUE_SIZE:
            raise DeliveryFailed(f"{self._place}: too much waits to be confirmed")
        return info.mid

    def _wait_for(self, wanted: Callable[[], bool], timeout_s: float | None = None) -> None:
        limit_s = self._timeout_s if timeout_s is None else timeout_s
        with self._changed:
            if not self._changed.wait_for(wanted, limit_s):
                silent = f"no confirmation within {limit_s:g} s"
                raise DeliveryFailed(f"{self._place}: {silent if self._connected else self._why}")

    def _wait_for_confirmation(self, message_id: int, timeout_s: float) -> None:
        self._wait_for(lambda: message_id in self._confirmed, timeout_s)
        with self._changed:
            reason = self._confirmed.pop(message_id)
        if reason.is_failure:  # and paho has let go of it
            self._pending = None
            raise DeliveryFailed(
                f"{self._place}: the broker refuses the event ({reason})", retry=reason.value in MAY_PASS
            )

    def _drop_pending(self) -> None:
        with self._changed:
            old, self._client = self._client, self._new_client()
            self._connected, self._why = False, "connecting anew"
            self._pending = None
        old.disconnect()
        self.start()

    def _new_client(self) -> "Client":
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

        protocol = MQTTProtocolVersion.MQTTv5 if self._version == "5" else MQTTProtocolVersion.MQTTv311
        client = Client(CallbackAPIVersion.VERSION2, protocol=protocol)
        if self._login is not None:
            client.username_pw_set(self._login.user, self._login.password)
        if self._broker.tls:
            client.tls_set_context()
        client.reconnect_delay_set(1, LONGEST_RECONNECT_S)
        client.will_set(f"{self._broker.topic}/status", "offline", qos=1, retain=True)
        client.on_connect, client.on_connect_fail = self._on_connect, self._on_connect_fail
        client.on_disconnect, client.on_publish = self._on_disconnect, self._on_publish
        return client

    # what paho's thread calls ---

    def _on_connect(
        self, client: "Client", _data: Any, _flags: Any, reason: "ReasonCode", _more: Any
    ) -> None:
        with self._changed:
            stale = self._closed or client is not self._client
            if not stale and reason.is_failure:
                self._why = f"the broker refuses ({reason})"
        if stale:
            client.disconnect()
        elif not reason.is_failure:
            # QoS 0: a connection that breaks now takes it along, and the next one says it again.
            client.publish(f"{self._broker.topic}/status", "online", qos=0, retain=True)
            with self._changed:
                self._connected = client is self._client
                self._changed.notify_all()

    def _on_connect_fail(self, client: "Client", _data: Any) -> None:
        with self._changed:
            if client is self._client:
                self._why = "no broker answers" + (
                    ", or its certificate is not one that this machine trusts" if self._broker.tls else ""
                )

    def _on_disconnect(
        self, client: "Client", _data: Any, _flags: Any, reason: "ReasonCode", _more: Any
    ) -> None:
        with self._changed:
            if client is self._client and self._connected:
                self._connected, self._why = False, f"the connection was lost ({reason})"

    def _on_publish(
        self, client: "Client", _data: Any, message_id: int, reason: "ReasonCode", _more: Any
    ) -> None:
        with self._changed:
            if client is self._client:
                self._confirmed[message_id] = reason
                self._changed.notify_all()
